import type { BenchError } from './bench-error.ts';
import type { Board } from './board.ts';
import type { Deliveries } from './deliveries.ts';
import type { BenchPlan } from './plan.ts';

/** What one thread does of a run. Every call but {@link stop} and {@link end} comes once, in this order. */
export interface Task {
  /** Makes the connections, and whatever must be there before any thread begins. */
  prepare(): Promise<void>;
  /** Does it. @param startUs When to begin, by the machine's monotonic clock. */
  run(startUs: number): Promise<void>;
  /** Ends {@link run} early. */
  stop(): void;
  /** How many messages each of this thread's publishers has published, by the publisher's index. */
  sent(): ReadonlyMap<number, number>;
  /** What came of it. @param sent Of all publishers, by index. */
  report(sent: readonly number[]): TaskReport;
  /** Leaves the broker as it was, and ends the connections. */
  end(): Promise<void>;
}

/** What a task is given. */
export interface TaskContext {
  readonly plan: BenchPlan;
  /** Which of the threads this is, from 0. */
  readonly thread: number;
  readonly board: Board;
  readonly deliveries: Deliveries;
  /** Told when something breaks that ends the run. */
  readonly handleFailure: (error: BenchError) => void;
}

/** What came of one thread's part. */
export interface TaskReport {
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Messages that the broker did not take: Reason Codes from 0x80 in PUBACK and PUBREC. */
  readonly refused: number;
  /** Packets that nothing asked for: messages that nobody published, acknowledgements of nothing. */
  readonly foreign: number;
  /** Messages that were due by the rate and never left, or connections that were not made. */
  readonly unsent: number;
  /** Microseconds that what is measured took, where the plan does not say. */
  readonly spentUs: number;
  /** `retained`: microseconds for publishing. */
  readonly publishedUs: number;
}

export const NOTHING: TaskReport = {
  lost: 0,
  duplicates: 0,
  reordered: 0,
  refused: 0,
  foreign: 0,
  unsent: 0,
  spentUs: 0,
  publishedUs: 0,
};
