import { crc32c } from './crc32c.ts';

/** The types of further values whose length or content is checked (PROXY protocol, section 2.2). */
const CRC32C = 0x03;
const UNIQUE_ID = 0x05;
const SSL = 0x20;

const TYPE_AND_LENGTH_BYTES = 3;
const CHECKSUM_BYTES = 4;
const MAXIMUM_UNIQUE_ID_BYTES = 128;
/** What the client showed, and whether it was verified; further values follow. */
const SSL_FIXED_BYTES = 5;

/**
 * Checks the values behind the addresses of a header of version 2, each a type, a length and as many bytes.
 *
 * @param header The whole header.
 * @param start Where the first value begins.
 * @returns What is wrong with them; undefined when nothing is.
 */
export function proxyValuesFault(header: Buffer, start: number): string | undefined {
  for (let at = start; at < header.length; ) {
    if (header.length - at < TYPE_AND_LENGTH_BYTES) {
      return `expected type and length of a value, ${header.length - at} bytes came`;
    }
    const type = header.readUInt8(at);
    const byteLength = header.readUInt16BE(at + 1);
    const from = at + TYPE_AND_LENGTH_BYTES;
    at = from + byteLength;
    if (at > header.length) {
      return `a value of type ${hex(type)} has ${byteLength} bytes, there are ${header.length - from}`;
    }
    const fault = valueFault(header, type, from, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function valueFault(header: Buffer, type: number, from: number, to: number): string | undefined {
  const byteLength = to - from;
  switch (type) {
    case CRC32C:
      if (byteLength !== CHECKSUM_BYTES) return `expected ${CHECKSUM_BYTES} bytes of checksum, ${byteLength} came`;
      return checksumFault(header, from);
    case UNIQUE_ID:
      if (byteLength <= MAXIMUM_UNIQUE_ID_BYTES) return undefined;
      return `expected a unique identifier of at most ${MAXIMUM_UNIQUE_ID_BYTES} bytes, ${byteLength} came`;
    case SSL:
      if (byteLength < SSL_FIXED_BYTES) return `expected ${SSL_FIXED_BYTES} bytes about TLS, ${byteLength} came`;
      return innerFault(header.subarray(from + SSL_FIXED_BYTES, to));
    default:
      return undefined;
  }
}

/** What is said of TLS are values, too, of types of their own. */
function innerFault(values: Buffer): string | undefined {
  let at = 0;
  while (at + TYPE_AND_LENGTH_BYTES <= values.length) at += TYPE_AND_LENGTH_BYTES + values.readUInt16BE(at + 1);
  return at === values.length ? undefined : 'the values about TLS do not end where their length says';
}

/** It is made of the whole header, with zeros where it stands itself. */
function checksumFault(header: Buffer, at: number): string | undefined {
  const came = header.readUInt32BE(at);
  const zeroed = Buffer.from(header);
  zeroed.fill(0, at, at + CHECKSUM_BYTES);
  const expected = crc32c(zeroed);
  return came === expected ? undefined : `expected the checksum ${hex(expected)}, ${hex(came)} came`;
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}
