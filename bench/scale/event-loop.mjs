import { monitorEventLoopDelay } from 'node:perf_hooks';

/** @returns The longest delay of this program's event loop since the last reset. */
export function watchEventLoop() {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return {
    /** Milliseconds. The histogram measures from timer to timer of 1 ms: what is asked for is no stall. */
    get longestStallMs() {
      return Math.max(0, delay.max / 1e6 - 1);
    },
    reset() {
      delay.reset();
    },
  };
}
