/**
 * A range in memory of its own. What was read is often a Buffer, whose `slice` copies nothing: a few bytes that stay would keep
 * the whole of what came with them.
 */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}

/** Up to so many bytes a loop is quicker than making a view for `set`. */
export const LOOP_LIMIT = 24;

/** Copies a range of bytes into another buffer. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): void {
  if (end - start > LOOP_LIMIT) {
    // A plain view: the `subarray` of a Buffer makes another Buffer, which takes half as long again.
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), at);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
}
