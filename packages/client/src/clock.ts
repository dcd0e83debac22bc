/** Time as the client sees it; tests put a virtual one in its place. */
export interface Clock {
  /** Milliseconds, monotonic, from an origin of its own. */
  now(): number;
  /** Milliseconds since 1970, for what outlives the program; default `Date.now`. */
  wallNow?(): number;
  /** Calls back once after so many milliseconds, or after as many as it can wait, unless the answer is called before. */
  schedule(callback: () => void, delayMs: number): () => void;
  /** Calls back when everything that arrived in this turn of the event loop has been worked on. */
  endOfTurn(callback: () => void): void;
}

/** The longest that timers can wait, 24.8 days: what is longer would ring at once. */
export const LONGEST_TIMER_MS = 0x7fff_ffff;

/** The machine's clock. Browsers have no `setImmediate`; a timer of no length comes nearest to it there. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
  endOfTurn:
    typeof setImmediate === 'function'
      ? (callback) => void setImmediate(callback)
      : (callback) => void setTimeout(callback),
};
