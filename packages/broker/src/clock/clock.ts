import { performance } from 'node:perf_hooks';

/** Time as the broker sees it; tests put a virtual one in its place. */
export interface Clock {
  /** Milliseconds, monotonic, from an origin of its own: for deadlines, never for people. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the answer is called before. */
  schedule(callback: () => void, delayMs: number): () => void;
  /** Calls back when everything that arrived in this turn of the event loop has been worked on. */
  endOfTurn(callback: () => void): void;
}

/** The machine's clock. The global `performance` is a getter, and slower to come by than the import. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  endOfTurn(callback) {
    setImmediate(callback);
  },
};
