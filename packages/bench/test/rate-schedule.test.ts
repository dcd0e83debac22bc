import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareOf } from '../src/plan.ts';
import { RateSchedule } from '../src/rate-schedule.ts';

/** Everything that becomes due until a moment, as [publisher, number, when]. */
function dueUntil(schedule: RateSchedule, own: readonly number[], nowUs: number): [number, number, number][] {
  const sequences = new Map<number, number>();
  const due: [number, number, number][] = [];
  schedule.advance(nowUs, (place) => {
    const publisher = own[place] ?? -1;
    const sequence = sequences.get(publisher) ?? 0;
    sequences.set(publisher, sequence + 1);
    due.push([publisher, sequence, schedule.dueUs(publisher, sequence)]);
  });
  return due;
}

describe('RateSchedule', () => {
  test('spreads messages evenly, the publishers in turn', () => {
    const schedule = new RateSchedule(1_000, 2, [0, 1], 10_000);
    expect(dueUntil(schedule, [0, 1], 3_000)).toEqual([
      [0, 0, 0],
      [1, 0, 1_000],
      [0, 1, 2_000],
      [1, 1, 3_000],
    ]);
    expect(schedule.nextUs).toBe(4_000);
  });

  test('what was not asked for in time is still due from when it was', () => {
    const schedule = new RateSchedule(1_000, 1, [0], 100_000);
    expect(dueUntil(schedule, [0], 0)).toHaveLength(1);
    // A pause of 50 ms: 50 messages are due at once, each with the moment of its own.
    const late = dueUntil(schedule, [0], 50_000);
    expect(late).toHaveLength(50);
    expect(schedule.dueUs(0, 50)).toBe(50_000);
  });

  test('nothing is due at the end or after it', () => {
    const schedule = new RateSchedule(1_000, 1, [0], 5_000);
    expect(dueUntil(schedule, [0], 1e9)).toHaveLength(5);
    expect(schedule.nextUs).toBe(Number.POSITIVE_INFINITY);
  });

  test('a thread without publishers has nothing to do', () => {
    expect(new RateSchedule(1_000, 4, [], 1e6).nextUs).toBe(Number.POSITIVE_INFINITY);
  });

  test('the threads together publish at the rate, whatever the shares', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (rate, publishers, threads) => {
          const moments = Array.from({ length: threads }, (_, thread) => shareOf(publishers, thread, threads)).flatMap(
            (own) => dueUntil(new RateSchedule(rate, publishers, own, 1e6), own, 1e6).map(([, , dueUs]) => dueUs),
          );
          moments.sort((a, b) => a - b);
          expect(moments).toHaveLength(rate);
          moments.forEach((moment, at) => {
            expect(moment).toBeCloseTo((at * 1e6) / rate, 3);
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
