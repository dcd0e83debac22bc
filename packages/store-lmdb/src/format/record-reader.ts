import { decodeUtf8 } from '@busbar/codec';

const HIGH_WORD = 0x1_0000_0000;
const MORE = 0x80;

/** A record of the store that is not what this version writes. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** Reads what {@link RecordWriter} wrote. Every method throws {@link RecordError} where the record ends too early. */
export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  readUint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  readUint16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  readUint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  readUint48(): number {
    const at = this.#take(6);
    return this.#view.getUint16(at) * HIGH_WORD + this.#view.getUint32(at + 2);
  }

  readFloat64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  readCount(): number {
    let value = 0;
    for (let factor = 1; ; factor *= MORE) {
      const byte = this.readUint8();
      value += (byte % MORE) * factor;
      if (byte < MORE) return value;
      if (factor >= 2 ** 49) throw new RecordError('a number has too many bytes');
    }
  }

  readText(): string {
    const length = this.readCount();
    const at = this.#take(length);
    return decodeUtf8(this.#bytes, at, at + length);
  }

  /** A view. */
  readSizedBytes(): Uint8Array {
    return this.readBytes(this.readCount());
  }

  /** A view. */
  readBytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view. */
  readRest(): Uint8Array {
    return this.readBytes(this.#bytes.length - this.#at);
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      throw new RecordError(`a record of ${this.#bytes.length} bytes ends before its byte ${at + length}`);
    }
    this.#at = at + length;
    return at;
  }
}
