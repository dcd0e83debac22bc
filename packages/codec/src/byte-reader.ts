import { cutOff, inBytes, malformed } from './packet-error.ts';
import { decodeUtf8, utf8Fault } from './utf8.ts';

/**
 * Reads the standard's data types (section 1.5) from a range of bytes, strictly, and never beyond the range.
 *
 * Every method that reads throws a {@link PacketError} of Reason Code 0x81 when the bytes end too early or break the
 * type's rules; `what` says in its message what was to be read.
 *
 * @example new ByteReader(Uint8Array.of(0, 1, 0x61)).readUtf8String('the Topic Name') // 'a'
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Where the next byte is read. */
  offset: number;
  /** Where the range ends (exclusive). */
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Section 1.5.1. */
  readByte(what: string): number {
    this.#need(1, what);
    return this.bytes[this.offset++] as number;
  }

  /** Section 1.5.2. */
  readTwoByteInteger(what: string): number {
    this.#need(2, what);
    const at = this.offset;
    this.offset = at + 2;
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  /** Section 1.5.3. */
  readFourByteInteger(what: string): number {
    this.#need(4, what);
    const high = this.readTwoByteInteger(what);
    return high * 0x10000 + this.readTwoByteInteger(what);
  }

  /** Section 1.5.5: at most four bytes, and no more of them than the value needs. */
  readVariableByteInteger(what: string): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.readByte(what);
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (byte === 0 && shift > 0) throw malformed(`${what} is not in its shortest form`, 'MQTT-1.5.5-1');
      return value;
    }
    throw malformed(`${what} is longer than four bytes`, 'MQTT-1.5.5-1');
  }

  /** Section 1.5.4: well-formed, without U+0000 and surrogates. */
  readUtf8String(what: string): string {
    const length = this.readTwoByteInteger(what);
    this.#need(length, what);
    const start = this.offset;
    this.offset = start + length;
    const fault = utf8Fault(this.bytes, start, this.offset);
    if (fault !== undefined)
      throw malformed(`${what} ${fault}`, fault.includes('U+0000') ? 'MQTT-1.5.4-2' : 'MQTT-1.5.4-1');
    return decodeUtf8(this.bytes, start, this.offset);
  }

  /** Section 1.5.6. The answer is a view of the bytes read, not a copy. */
  readBinaryData(what: string): Uint8Array {
    const length = this.readTwoByteInteger(what);
    return this.readView(length, what);
  }

  /** A view of the next `byteLength` bytes. */
  readView(byteLength: number, what: string): Uint8Array {
    this.#need(byteLength, what);
    const start = this.offset;
    this.offset = start + byteLength;
    return this.bytes.subarray(start, this.offset);
  }

  /** A view of all that is left. */
  readRest(): Uint8Array {
    return this.readView(this.remaining, 'the rest');
  }

  /** A packet must end where its Remaining Length says. */
  expectEnd(what: string): void {
    if (this.offset !== this.end) throw malformed(`${what}: expected its end, came ${inBytes(this.remaining)} more`);
  }

  #need(byteLength: number, what: string): void {
    if (byteLength > this.end - this.offset) throw cutOff(what, byteLength, this.remaining);
  }
}
