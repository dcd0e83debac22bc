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
  readonly #onProbe: (lagMs: number, now: number) => void;
  #cancel: (() => void) | undefined = undefined;

  /** @param onProbe Told every 100 ms how late it is. */
  constructor(clock: LagClock, onProbe: (lagMs: number, now: number) => void = () => {}) {
    this.#clock = clock;
    this.#onProbe = onProbe;
  }

  start(): void {
    const due = this.#clock.now() + PROBE_MS;
    this.#cancel = this.#clock.schedule(() => {
      const now = this.#clock.now();
      const lagMs = Math.max(0, now - due);
      this.histogram.observe(lagMs / 1000);
      this.start();
      this.#onProbe(lagMs, now);
    }, PROBE_MS);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
