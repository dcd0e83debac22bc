import { copyOf } from './byte-copy.ts';
import { copyFromChunk } from './chunk-copy.ts';

const SLAB_SIZE = 8 * 1024;
const LARGEST_SHARE = SLAB_SIZE / 4;

/** What is not larger as a whole may stay alive for a small part of it, as a slab does. */
const LITTLE = SLAB_SIZE / 2;

/**
 * Memory for copies that live a short time and are small: many share one slab, which is freed with the last of them.
 * A copy that is to stay long should have memory of its own, or one message keeps a whole slab alive.
 */
export class ByteSlab {
  /** Where the last copy lies, from {@link start}. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  #slab = new Uint8Array(SLAB_SIZE);
  #used = 0;
  #asked: Uint8Array | undefined = undefined;
  #isLittle = false;

  /** Whether what these bytes lie in is so little that a copy of a part of them would save nothing. */
  isLittle(bytes: Uint8Array): boolean {
    if (bytes === this.#asked) return this.#isLittle;
    this.#asked = bytes;
    this.#isLittle = bytes.buffer.byteLength <= LITTLE;
    return this.#isLittle;
  }

  /** Copies a range; the answer is in {@link bytes} from {@link start}. */
  copy(source: Uint8Array, start: number, end: number): void {
    const byteLength = end - start;
    if (byteLength > LARGEST_SHARE) {
      this.bytes = copyOf(source, start, end);
      this.start = 0;
      return;
    }
    if (this.#used + byteLength > SLAB_SIZE) {
      this.#slab = new Uint8Array(SLAB_SIZE);
      this.#used = 0;
    }
    this.bytes = this.#slab;
    this.start = this.#used;
    this.#used += byteLength;
    copyFromChunk(source, start, end, this.bytes, this.start);
  }
}
