import { copyFromChunk } from '../message/chunk-copy.ts';
import { LARGE_PAYLOAD } from '../message/wire-form.ts';
import { NONE } from '../session/none.ts';

/** Where output goes: what an {@link OutputBuffer} needs of a transport. */
export interface ByteSink {
  /** 0 when everything written has been taken, so that its buffers may be used again. */
  readonly bufferedBytes: number;
  write(bytes: Uint8Array): void;
  writeAll(segments: readonly Uint8Array[]): void;
}

const SMALL_BLOCK = 2 * 1024;
const LARGE_BLOCK = 64 * 1024;
const SPARE_SMALL_BLOCKS = 1024;
const SPARE_LARGE_BLOCKS = 64;

/**
 * Blocks of memory for output, shared by all connections of a broker: a connection has one only while it has something
 * to send, so that an idle one costs nothing. Keeps 2 MiB of small and 4 MiB of large blocks at the most.
 */
export class BlockPool {
  readonly #small: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];
  readonly #allocate: (byteLength: number) => Uint8Array;

  /** @param allocate Makes a block; give one that makes what the transport likes best. */
  constructor(allocate: (byteLength: number) => Uint8Array = (byteLength) => new Uint8Array(byteLength)) {
    this.#allocate = allocate;
  }

  takeSmall(): Uint8Array {
    return this.#small.pop() ?? this.#allocate(SMALL_BLOCK);
  }

  takeLarge(): Uint8Array {
    return this.#large.pop() ?? this.#allocate(LARGE_BLOCK);
  }

  giveBack(block: Uint8Array): void {
    if (block.length === SMALL_BLOCK) {
      if (this.#small.length < SPARE_SMALL_BLOCKS) this.#small.push(block);
    } else if (block.length === LARGE_BLOCK && this.#large.length < SPARE_LARGE_BLOCKS) this.#large.push(block);
  }
}

const NO_BYTES = new Uint8Array(0);

/**
 * Everything that a connection sends in one turn of the event loop, to leave in one write: the outbox of the short road.
 *
 * Ranges are not copied at once: as long as the next one continues the last - packets that pass through in the order they
 * came - they are one run, which is copied once, or not at all when it is large or all there is.
 */
export class OutputBuffer {
  /** Where {@link reserve} made room. Valid until the next call. */
  block: Uint8Array = NO_BYTES;
  /** Control Packets that whoever writes them has counted; whoever flushes takes the count. */
  packets = 0;
  readonly #pool: BlockPool;
  #used = 0;
  /** Full blocks and large ranges, in order, before what is in `block`. */
  #segments: Uint8Array[] = NONE;
  #segmentBytes = 0;
  /** Blocks that the segments lie in. */
  #fullBlocks: Uint8Array[] = NONE;
  #runBytes: Uint8Array = NO_BYTES;
  #runStart = 0;
  #runEnd = 0;

  constructor(pool: BlockPool) {
    this.#pool = pool;
  }

  get byteLength(): number {
    return this.#segmentBytes + this.#used + (this.#runEnd - this.#runStart);
  }

  /** Appends bytes that nobody changes before they are sent. */
  appendRange(bytes: Uint8Array, start: number, end: number): void {
    if (start === this.#runEnd && bytes === this.#runBytes) {
      this.#runEnd = end;
      return;
    }
    if (this.#runEnd > this.#runStart) this.#endRun();
    this.#runBytes = bytes;
    this.#runStart = start;
    this.#runEnd = end;
  }

  /** Appends a copy of bytes and answers where it begins in {@link block}, to be patched there. */
  appendCopy(bytes: Uint8Array, start: number, end: number): number {
    const at = this.reserve(end - start);
    copyFromChunk(bytes, start, end, this.block, at);
    return at;
  }

  /** Makes room for bytes that the caller writes into {@link block} at once, and answers where. */
  reserve(byteLength: number): number {
    if (this.#runEnd > this.#runStart) this.#endRun();
    const at = this.#used;
    if (at + byteLength > this.block.length) return this.#reserveMore(byteLength);
    this.#used = at + byteLength;
    return at;
  }

  /** Hands everything over in one write and gives the blocks back when the sink has taken them. */
  flushTo(sink: ByteSink): void {
    const onlyRun = this.#used === 0 && this.#segments.length === 0 && this.#runEnd > this.#runStart;
    if (onlyRun) {
      const run = this.#runBytes.subarray(this.#runStart, this.#runEnd);
      this.#forgetRun();
      sink.write(run);
      this.#releaseBlock(sink);
      return;
    }
    if (this.#runEnd > this.#runStart) this.#endRun();
    this.#forgetRun();
    const { block } = this;
    const last = this.#used === block.length ? block : block.subarray(0, this.#used);
    if (this.#segments.length > 0) this.#flushSegments(sink, last);
    else if (this.#used > 0) sink.write(last);
    this.#used = 0;
    this.#releaseBlock(sink);
  }

  /** Forgets everything: the connection is gone. */
  clear(): void {
    this.#forgetRun();
    this.#segments = NONE;
    this.#segmentBytes = 0;
    this.#fullBlocks = NONE;
    this.#used = 0;
    this.block = NO_BYTES;
  }

  #flushSegments(sink: ByteSink, last: Uint8Array): void {
    const segments = this.#segments;
    if (last.length > 0) segments.push(last);
    this.#segments = NONE;
    this.#segmentBytes = 0;
    sink.writeAll(segments);
    if (sink.bufferedBytes === 0) for (const block of this.#fullBlocks) this.#pool.giveBack(block);
    this.#fullBlocks = NONE;
  }

  #releaseBlock(sink: ByteSink): void {
    const { block } = this;
    if (block === NO_BYTES) return;
    this.block = NO_BYTES;
    if (sink.bufferedBytes === 0) this.#pool.giveBack(block);
  }

  #forgetRun(): void {
    this.#runBytes = NO_BYTES;
    this.#runStart = 0;
    this.#runEnd = 0;
  }

  /** Settles the run: copies it into the block, or makes it a segment of its own when it is large. */
  #endRun(): void {
    const bytes = this.#runBytes;
    const start = this.#runStart;
    const end = this.#runEnd;
    this.#forgetRun();
    if (end - start < LARGE_PAYLOAD) {
      this.appendCopy(bytes, start, end);
      return;
    }
    this.#endSegment();
    this.#addSegment(bytes.subarray(start, end));
  }

  #addSegment(bytes: Uint8Array): void {
    if (this.#segments === NONE) this.#segments = [bytes];
    else this.#segments.push(bytes);
    this.#segmentBytes += bytes.length;
  }

  /** What is in the block becomes a segment; what is left of the block stays in use. */
  #endSegment(): void {
    if (this.#used === 0) return;
    this.#addSegment(this.block.subarray(0, this.#used));
    if (this.#fullBlocks === NONE) this.#fullBlocks = [this.block];
    else this.#fullBlocks.push(this.block);
    this.block = NO_BYTES;
    this.#used = 0;
  }

  #reserveMore(byteLength: number): number {
    if (this.block === NO_BYTES && byteLength <= SMALL_BLOCK) {
      this.block = this.#pool.takeSmall();
    } else if (this.block.length <= SMALL_BLOCK && this.#used + byteLength <= LARGE_BLOCK) {
      this.#growToLarge();
    } else {
      this.#endSegment();
      if (this.block !== NO_BYTES) this.#pool.giveBack(this.block);
      this.block = byteLength <= LARGE_BLOCK ? this.#pool.takeLarge() : new Uint8Array(byteLength);
    }
    const at = this.#used;
    this.#used = at + byteLength;
    return at;
  }

  #growToLarge(): void {
    const small = this.block;
    this.block = this.#pool.takeLarge();
    this.block.set(small.subarray(0, this.#used));
    if (small !== NO_BYTES) this.#pool.giveBack(small);
  }
}
