import { Histogram } from './histogram.ts';

/** What a thread counts while it runs. */
export const Count = {
  /** Messages published, or connections begun. */
  sent: 0,
  /** Messages that came, or connections that stand. */
  received: 1,
  /** Of these, within the time that is measured. */
  sentMeasured: 2,
  receivedMeasured: 3,
  /** Messages that were due by the rate and could not leave yet. */
  owed: 4,
  /** What came, without duplicates. */
  distinct: 5,
} as const;
export type Count = (typeof Count)[keyof typeof Count];

const COUNTS = 6;
const HISTOGRAM_AT = COUNTS * Float64Array.BYTES_PER_ELEMENT;

/**
 * What one thread has done so far: written by it alone, read by all, without a message between them.
 */
export class Board {
  readonly memory: ArrayBufferLike;
  readonly counts: Float64Array;
  /** Microseconds from when a message should have left to when it came, or of making a connection. */
  readonly latency: Histogram;

  constructor(memory: ArrayBufferLike = new SharedArrayBuffer(Board.byteLength)) {
    this.memory = memory;
    this.counts = new Float64Array(memory, 0, COUNTS);
    this.latency = new Histogram(memory, HISTOGRAM_AT);
  }

  static readonly byteLength = HISTOGRAM_AT + Histogram.byteLength;

  get(count: Count): number {
    return this.counts[count] as number;
  }

  add(count: Count, amount: number): void {
    this.counts[count] = (this.counts[count] as number) + amount;
  }
}

/** Sums up what all threads have counted. */
export function sumOf(boards: readonly Board[], count: Count): number {
  return boards.reduce((sum, board) => sum + board.get(count), 0);
}
