import { copyBytes, LOOP_LIMIT } from './byte-copy.ts';

/** What the last copy was from. */
let lastChunk = new Uint8Array(0);
let lastMemory = lastChunk.buffer;
let lastOffset = 0;

/**
 * {@link copyBytes} where packets follow each other in one chunk: to ask a view for its memory takes as long as to copy a packet.
 * The last chunk stays alive until the next copy.
 */
export function copyFromChunk(chunk: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start <= LOOP_LIMIT) return copyBytes(chunk, start, end, target, at);
  if (chunk !== lastChunk) remember(chunk as Uint8Array<ArrayBuffer>);
  target.set(new Uint8Array(lastMemory, lastOffset + start, end - start), at);
}

function remember(chunk: Uint8Array<ArrayBuffer>): void {
  lastChunk = chunk;
  lastMemory = chunk.buffer;
  lastOffset = chunk.byteOffset;
}
