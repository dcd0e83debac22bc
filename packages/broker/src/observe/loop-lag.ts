import { Histogram } from './histogram.ts';

/** What {@link LoopLag} needs of a clock. */
export interface LagClock {
  now(): number;
  schedule(callback: () => void, delayMs: number): () => void;
}

const PROBE_MS = 100;
/** Seconds. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Measures how late the event loop is: ten times a second a timer says when it should have rung. */
export class LoopLag {
  readonly histogram = new Histogram(BOUNDS);
  readonly #clock: LagClock;
  #cancel: (() => void) | undefined = undefined;

  constructor(clock: LagClock) {
    this.#clock = clock;
  }

  start(): void {
    const due = this.#clock.now() + PROBE_MS;
    this.#cancel = this.#clock.schedule(() => {
      this.histogram.observe(Math.max(0, this.#clock.now() - due) / 1000);
      this.start();
    }, PROBE_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
