import { utf8ByteLength, variableByteIntegerLength, writeUtf8 } from '@busbar/codec';

const FIRST_BLOCK = 64 * 1024;
const HIGH_WORD = 0x1_0000_0000;
const MORE = 0x80;

/**
 * Writes the values and keys of one batch into memory that is used again for the next: whoever holds a record holds it until
 * {@link reset}.
 *
 *     writer.begin(); writer.writeUint8(1); ...; const value = writer.end();
 */
export class RecordWriter {
  #block = Buffer.allocUnsafeSlow(FIRST_BLOCK);
  #start = 0;
  #at = 0;

  /** All records of before are given back. A block that one large batch wanted goes, too. */
  reset(): void {
    if (this.#block.length > 16 * FIRST_BLOCK) this.#block = Buffer.allocUnsafeSlow(FIRST_BLOCK);
    this.#start = 0;
    this.#at = 0;
  }

  begin(): void {
    this.#start = this.#at;
  }

  /** The record since {@link begin}. */
  end(): Uint8Array {
    return this.#block.subarray(this.#start, this.#at);
  }

  /** Bytes of the record so far. */
  get byteLength(): number {
    return this.#at - this.#start;
  }

  writeUint8(value: number): void {
    this.#reserve(1);
    this.#block[this.#at++] = value;
  }

  writeUint16(value: number): void {
    this.#reserve(2);
    this.#at = this.#block.writeUInt16BE(value, this.#at);
  }

  writeUint32(value: number): void {
    this.#reserve(4);
    this.#at = this.#block.writeUInt32BE(value, this.#at);
  }

  /** 48 bits, the most significant byte first, so that keys are in the order of their numbers. */
  writeUint48(value: number): void {
    this.#reserve(6);
    this.#block.writeUInt16BE(Math.floor(value / HIGH_WORD), this.#at);
    this.#block.writeUInt32BE(value % HIGH_WORD, this.#at + 2);
    this.#at += 6;
  }

  writeFloat64(value: number): void {
    this.#reserve(8);
    this.#at = this.#block.writeDoubleBE(value, this.#at);
  }

  /** A number below 2^53, seven bits a byte, the least significant ones first. */
  writeCount(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= MORE) {
      this.#block[this.#at++] = (rest % MORE) | MORE;
      rest = Math.floor(rest / MORE);
    }
    this.#block[this.#at++] = rest;
  }

  /** Its length in UTF-8 first. */
  writeText(text: string): void {
    const byteLength = utf8ByteLength(text);
    this.writeCount(byteLength);
    this.#reserve(byteLength);
    this.#at = writeUtf8(text, this.#block, this.#at);
  }

  /** Their length first. */
  writeSizedBytes(bytes: Uint8Array): void {
    this.writeCount(bytes.length);
    this.writeBytes(bytes);
  }

  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#block.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What has been written of this record moves to a new block; records that are complete stay in the old one. */
  #reserve(byteLength: number): void {
    if (this.#at + byteLength <= this.#block.length) return;
    const begun = this.#at - this.#start;
    const size = Math.max(this.#block.length, 2 * (begun + byteLength));
    const block = Buffer.allocUnsafeSlow(size);
    block.set(this.#block.subarray(this.#start, this.#at), 0);
    this.#block = block;
    this.#start = 0;
    this.#at = begun;
  }
}

/** Bytes that {@link RecordWriter.writeCount} takes. */
export function countLength(value: number): number {
  return value < 0x1000_0000 ? variableByteIntegerLength(value) : 8;
}
