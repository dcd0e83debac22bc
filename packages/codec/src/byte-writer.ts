import { UsageError } from './packet-error.ts';
import { utf8ByteLength, writeUtf8 } from './utf8.ts';
import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from './variable-byte-integer.ts';

/** Most packets that are not PUBLISH fit, and arrays of this size cost V8 a fraction of larger ones. */
const FIRST_CAPACITY = 64;

/**
 * Writes the standard's data types (section 1.5) into a buffer that grows.
 *
 * Lengths come before what they measure, so they are opened first and closed when the content stands: one byte is kept
 * free, which fits nearly always, and the content moves up by the one to three bytes more that a longer length needs.
 *
 * Throws a {@link UsageError} for values that MQTT cannot carry; `what` says in its message what was to be written.
 *
 * @example
 * const opened = writer.openLength();
 * writer.writeUtf8String('a', 'the Topic Name');
 * writer.closeLength(opened, 'the Remaining Length'); // 03 00 01 61
 */
export class ByteWriter {
  #bytes: Uint8Array;
  #offset = 0;

  /** @param capacity Bytes to begin with; default 64. */
  constructor(capacity = FIRST_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
  }

  get byteLength(): number {
    return this.#offset;
  }

  /** What has been written, as a copy of its own; the writer is empty afterwards. */
  takeBytes(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#offset);
    this.#offset = 0;
    return taken;
  }

  /** The lowest eight bits. */
  writeByte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#offset++] = value;
  }

  writeTwoByteInteger(value: number, what: string): void {
    expectWholeNumber(value, 0xffff, what);
    this.#reserve(2);
    this.#bytes[this.#offset++] = value >> 8;
    this.#bytes[this.#offset++] = value;
  }

  writeFourByteInteger(value: number, what: string): void {
    expectWholeNumber(value, 0xffff_ffff, what);
    this.writeTwoByteInteger(Math.floor(value / 0x10000), what);
    this.writeTwoByteInteger(value % 0x10000, what);
  }

  writeVariableByteInteger(value: number, what: string): void {
    expectWholeNumber(value, MAXIMUM_VARIABLE_BYTE_INTEGER, what);
    this.#reserve(4);
    this.#offset = writeVariableByteInteger(value, this.#bytes, this.#offset);
  }

  writeUtf8String(text: string, what: string): void {
    const byteLength = typeof text === 'string' ? utf8ByteLength(text) : -1;
    if (byteLength < 0)
      throw new UsageError('invalid-string', `${what} is no text, or contains U+0000 or half a surrogate pair`);
    this.writeTwoByteInteger(byteLength, `the length of ${what}`);
    this.#reserve(byteLength);
    this.#offset = writeUtf8(text, this.#bytes, this.#offset);
  }

  writeBinaryData(data: Uint8Array, what: string): void {
    this.writeTwoByteInteger(data.byteLength, `the length of ${what}`); // a text has no byteLength
    this.writeBytes(data);
  }

  writeBytes(data: Uint8Array): void {
    this.#reserve(data.length);
    this.#bytes.set(data, this.#offset);
    this.#offset += data.length;
  }

  /** Keeps room for a length and answers where it stands, for {@link closeLength}. */
  openLength(): number {
    this.#reserve(1);
    return this.#offset++;
  }

  /** Writes the length of all that was written since {@link openLength}, as a Variable Byte Integer. */
  closeLength(openedAt: number, what: string): void {
    const contentAt = openedAt + 1;
    const byteLength = this.#offset - contentAt;
    expectWholeNumber(byteLength, MAXIMUM_VARIABLE_BYTE_INTEGER, what);
    const more = variableByteIntegerLength(byteLength) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(contentAt + more, contentAt, this.#offset);
      this.#offset += more;
    }
    writeVariableByteInteger(byteLength, this.#bytes, openedAt);
  }

  #reserve(byteLength: number): void {
    const needed = this.#offset + byteLength;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#offset));
    this.#bytes = larger;
  }
}

/** Checks a number that our caller wants sent. @throws {UsageError} It is not a whole number in this range. */
export function expectWholeNumber(value: number, maximum: number, what: string, minimum = 0): void {
  if (value >= minimum && value <= maximum && Number.isInteger(value)) return;
  throw new UsageError('out-of-range', `${what} must be a whole number from ${minimum} to ${maximum}, not ${value}`);
}
