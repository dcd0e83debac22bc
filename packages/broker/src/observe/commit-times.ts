import { Histogram } from './histogram.ts';

/** A commit of a store, as far as it is measured. */
interface MeasuredCommit {
  readonly durationMs: number;
  readonly rows: number;
  readonly byteLength: number;
}

/** Seconds. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const ROWS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000];
const BYTES = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/** How long the commits of the store take, and how much each brings to the disk. */
export class CommitTimes {
  readonly durations = new Histogram(DURATIONS);
  readonly rows = new Histogram(ROWS);
  readonly bytes = new Histogram(BYTES);

  handleCommit({ durationMs, rows, byteLength }: MeasuredCommit): void {
    this.durations.observe(durationMs / 1000);
    this.rows.observe(rows);
    this.bytes.observe(byteLength);
  }
}
