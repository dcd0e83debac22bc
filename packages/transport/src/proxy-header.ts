import { isIPv4, isIPv6 } from 'node:net';
import { numericAddress } from './address.ts';
import { codedError, type TransportAddress, type TransportError } from './byte-transport.ts';
import { proxyValuesFault } from './proxy-values.ts';

/** What a proxy says of the connection that it passes on. */
export interface ProxyHeader {
  /** Bytes of the header; what follows belongs to the client. */
  readonly byteLength: number;
  /** The client as the proxy sees it; undefined where it does not say (`LOCAL`, `UNKNOWN`, an address family without ports). */
  readonly source: TransportAddress | undefined;
}

const LINE_START = 'PROXY ';
/** The longest header of version 1, its end of line included. */
const MAXIMUM_LINE_BYTES = 107;
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const BINARY_FIXED_BYTES = 16;
/** Addresses and further values of version 2; a proxy that adds certificates needs a few hundred. */
const MAXIMUM_BINARY_BYTES = 4_096;
/** Bytes of the two addresses and ports, by address family; of an unspecified one nobody knows. */
const ADDRESSES = [undefined, { name: 'IPv4', bytes: 12 }, { name: 'IPv6', bytes: 36 }, { name: 'Unix', bytes: 216 }];
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
/** What is above Unix sockets, and above datagrams, is reserved: it has to be refused. */
const LAST_FAMILY = 3;
const LAST_PROTOCOL = 2;

/**
 * Decodes a header of the PROXY protocol, version 1 (a line) or 2 (binary), from the beginning of a stream.
 *
 * @returns Undefined as long as the bytes are the beginning of a header and more must come.
 * @throws {TransportError} `ERR_PROXY_HEADER`: these bytes are not, and will not become, a header.
 */
export function decodeProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (startsAs(bytes, SIGNATURE)) return decodeBinary(bytes);
  if (startsAs(bytes, Buffer.from(LINE_START, 'latin1'))) return decodeLine(bytes);
  const came = Buffer.from(bytes.subarray(0, 8)).toString('hex').replace(/..\B/g, '$& ');
  throw fault(`expected a header of the PROXY protocol, bytes ${came} came`);
}

function startsAs(bytes: Uint8Array, prefix: Uint8Array): boolean {
  const length = Math.min(bytes.length, prefix.length);
  for (let at = 0; at < length; at += 1) if (bytes[at] !== prefix[at]) return false;
  return true;
}

function decodeLine(bytes: Uint8Array): ProxyHeader | undefined {
  const window = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAXIMUM_LINE_BYTES));
  const end = window.indexOf('\r\n');
  if (end < 0) {
    if (bytes.length < MAXIMUM_LINE_BYTES) return undefined;
    throw fault(`expected a line of at most ${MAXIMUM_LINE_BYTES} bytes, it does not end there`);
  }
  const byteLength = end + 2;
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = window
    .toString('latin1', LINE_START.length, end)
    .split(' ');
  if (family === 'UNKNOWN') return { byteLength, source: undefined };
  if (family !== 'TCP4' && family !== 'TCP6')
    throw fault('expected TCP4, TCP6 or UNKNOWN in the line, something else came');
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  if (!isAddress(source) || !isAddress(destination)) throw fault(`expected two ${family} addresses in the line`);
  if (!isPort(sourcePort) || !isPort(destinationPort) || rest.length > 0) throw fault('expected two ports in the line');
  return { byteLength, source: { address: numericAddress(source), port: Number(sourcePort) } };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function decodeBinary(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length < BINARY_FIXED_BYTES) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = view.readUInt8(12) >> 4;
  const command = view.readUInt8(12) & 0x0f;
  const length = view.readUInt16BE(14);
  if (version !== 2) throw fault(`expected version 2, ${version} came`);
  if (command > 1) throw fault(`expected the command LOCAL (0) or PROXY (1), ${command} came`);
  if (length > MAXIMUM_BINARY_BYTES) {
    throw fault(`expected at most ${MAXIMUM_BINARY_BYTES} bytes after the fixed part, ${length} are announced`);
  }
  const byteLength = BINARY_FIXED_BYTES + length;
  if (bytes.length < byteLength) return undefined;
  const family = view.readUInt8(13);
  // For LOCAL whatever stands here is passed over.
  if (command === 1 && (family >> 4 > LAST_FAMILY || (family & 0x0f) > LAST_PROTOCOL)) {
    throw fault(`expected a family that is known, 0x${family.toString(16).padStart(2, '0')} came`);
  }
  if (command === 0) return { byteLength, source: undefined };
  checkLengths(view.subarray(0, byteLength), family >> 4);
  return { byteLength, source: readSource(view.subarray(BINARY_FIXED_BYTES, byteLength), family) };
}

function checkLengths(header: Buffer, family: number): void {
  const addresses = ADDRESSES[family];
  if (addresses === undefined) return;
  const { name, bytes } = addresses;
  const came = header.length - BINARY_FIXED_BYTES;
  if (came < bytes) throw fault(`expected ${bytes} bytes of ${name} addresses, ${came} came`);
  const wrong = proxyValuesFault(header, BINARY_FIXED_BYTES + bytes);
  if (wrong !== undefined) throw fault(wrong);
}

function readSource(addresses: Buffer, family: number): TransportAddress | undefined {
  if (family === TCP_OVER_IPV4) {
    return { address: addresses.subarray(0, 4).join('.'), port: addresses.readUInt16BE(8) };
  }
  if (family === TCP_OVER_IPV6) {
    return { address: formatIpv6(addresses.subarray(0, 16)), port: addresses.readUInt16BE(32) };
  }
  return undefined;
}

/** The shortest form of an IPv6 address, and the IPv4 address that is mapped into one. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const { hostname } = new URL(`http://[${groups.join(':')}]`); // a URL writes it as RFC 5952 says
  const address = hostname.slice(1, -1);
  return address.startsWith('::ffff:') ? bytes.subarray(12).join('.') : address;
}

function fault(message: string): TransportError {
  return codedError('ERR_PROXY_HEADER', `PROXY protocol: ${message}`);
}
