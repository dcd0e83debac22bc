import { copyBytes } from '../message/byte-copy.ts';
import type { ByteSink } from './output-buffer.ts';

const SMALLEST_BLOCK = 2 * 1024;
const NO_BYTES = new Uint8Array(0);

/** A page has a connection or two: their blocks need no pool. */
export class BlockPool {}

/**
 * Everything that a connection sends in one turn of the event loop, to leave in one write, where pages are built. A browser's
 * WebSocket takes one piece of memory and copies it, so everything is gathered in one at once; `output-buffer.ts` saves copies
 * where a transport can. Bundlers take this file instead of the other, as `browser` in package.json tells them.
 */
export class OutputBuffer {
  /** Where {@link reserve} made room. Valid until the next call. */
  block: Uint8Array = NO_BYTES;
  /** Control Packets that whoever writes them has counted; whoever flushes takes the count. */
  packets = 0;
  #used = 0;

  get byteLength(): number {
    return this.#used;
  }

  appendRange(bytes: Uint8Array, start: number, end: number): void {
    this.appendCopy(bytes, start, end);
  }

  /** Appends a copy of bytes and answers where it begins in {@link block}, to be patched there. */
  appendCopy(bytes: Uint8Array, start: number, end: number): number {
    const at = this.reserve(end - start);
    copyBytes(bytes, start, end, this.block, at);
    return at;
  }

  /** Makes room for bytes that the caller writes into {@link block} at once, and answers where. */
  reserve(byteLength: number): number {
    const at = this.#used;
    this.#used += byteLength;
    if (this.#used > this.block.length) {
      const { block } = this;
      this.block = new Uint8Array(Math.max(SMALLEST_BLOCK, this.#used, block.length * 2));
      this.block.set(block);
    }
    return at;
  }

  /** Hands everything over in one write. The block is the sink's from now on. */
  flushTo(sink: ByteSink): void {
    const bytes = this.block.subarray(0, this.#used);
    this.clear();
    if (bytes.length > 0) sink.write(bytes);
  }

  /** Forgets everything: the connection is gone. */
  clear(): void {
    this.#used = 0;
    this.block = NO_BYTES;
  }
}
