/**
 * The first bytes of every payload: whose message it is, its number, and when it was, or should have been, published.
 *
 *     publisher (4) | number (4) | microseconds after the start of the run (8) | filling
 */
export const SMALLEST_PAYLOAD = 16;

const TWO_32 = 2 ** 32;

/** Writes a stamp. @param at Where the payload begins. */
export function writeStamp(view: DataView, at: number, publisher: number, sequence: number, timeUs: number): void {
  const high = Math.floor(timeUs / TWO_32);
  view.setUint32(at, publisher);
  view.setUint32(at + 4, sequence);
  view.setUint32(at + 8, high);
  view.setUint32(at + 12, timeUs - high * TWO_32);
}

/** The publisher's index. @param at Where the payload begins. */
export function readPublisher(bytes: Uint8Array, at: number): number {
  return fourBytes(bytes, at);
}

/** The message's number. @param at Where the payload begins. */
export function readSequence(bytes: Uint8Array, at: number): number {
  return fourBytes(bytes, at + 4);
}

/** Microseconds after the start of the run. @param at Where the payload begins. */
export function readTimeUs(bytes: Uint8Array, at: number): number {
  return fourBytes(bytes, at + 8) * TWO_32 + fourBytes(bytes, at + 12);
}

function fourBytes(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
