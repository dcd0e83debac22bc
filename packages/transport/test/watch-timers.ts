import { onTestFinished, vi } from 'vitest';

/**
 * Watches, for the rest of a test, the timers of exactly `ms` milliseconds: how many were started, how many of those
 * were cleared. A delay that nobody else uses keeps the test runner's own timers out of the count.
 */
export function watchTimers(ms: number): () => { started: number; cleared: number } {
  const starts = vi.spyOn(globalThis, 'setTimeout');
  const clears = vi.spyOn(globalThis, 'clearTimeout');
  onTestFinished(() => {
    starts.mockRestore();
    clears.mockRestore();
  });
  return () => {
    const ours = starts.mock.results.filter((_, index) => starts.mock.calls[index]?.[1] === ms);
    const cleared = new Set(clears.mock.calls.map(([timer]) => timer));
    return { started: ours.length, cleared: ours.filter(({ value }) => cleared.has(value)).length };
  };
}
