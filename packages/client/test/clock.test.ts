import assert from 'node:assert/strict';
import { afterEach, test, vi } from 'vitest';
import { LONGEST_TIMER_MS, systemClock } from '../src/clock.ts';

afterEach(() => void vi.restoreAllMocks());

test.each([Number.POSITIVE_INFINITY, 2 ** 31, 60 * 24 * 3_600_000])('a wait of %d ms is no wait of 1 ms', (delayMs) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  systemClock.schedule(() => {}, delayMs)();
  assert.deepEqual(
    timers.mock.calls.map(([, ms]) => ms),
    [LONGEST_TIMER_MS],
  );
});
