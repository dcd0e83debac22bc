import assert from 'node:assert/strict';
import { VirtualClock } from '@busbar/testkit';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { Alarm, TimerWheel } from '../../src/clock/timer-wheel.ts';

const TICK_MS = 100;
const TURN_MS = 51_200;

function setUp(now?: number) {
  const clock = new VirtualClock(now);
  const wheel = new TimerWheel(clock);
  const rung: [string, number][] = [];
  const alarm = (name: string) =>
    new Alarm((now) => {
      assert.equal(now, clock.now());
      rung.push([name, now]);
    });
  return { clock, wheel, rung, alarm };
}

const delay = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: TURN_MS + 1_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 500_000 }) },
);
const action = fc.record({
  alarm: fc.nat({ max: 7 }),
  do: fc.constantFrom('set' as const, 'set' as const, 'clear' as const),
  delay,
  wait: fc.oneof(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 0, max: 60_000 })),
});

test('property: an alarm rings once, never early and at most a tick late, however often it was set and cleared', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), fc.nat({ max: 10_000 }), (actions, start) => {
      const clock = new VirtualClock(start);
      const wheel = new TimerWheel(clock);
      const due = new Map<number, number>();
      const alarms = Array.from({ length: 8 }, (_, number) => {
        const alarm: Alarm = new Alarm((now) => {
          const at = due.get(number);
          assert.ok(at !== undefined, 'it was set');
          due.delete(number);
          assert.ok(now >= at && now <= at + TICK_MS, `due at ${at}, rang at ${now}`);
          assert.equal(alarm.at, Number.POSITIVE_INFINITY);
        });
        return alarm;
      });
      for (const step of actions) {
        const alarm = alarms[step.alarm] as Alarm;
        if (step.do === 'set') {
          due.set(step.alarm, clock.now() + step.delay);
          wheel.set(alarm, clock.now() + step.delay);
        } else {
          due.delete(step.alarm);
          wheel.clear(alarm);
        }
        clock.advance(step.wait);
        for (const at of due.values()) assert.ok(clock.now() <= at + TICK_MS, 'nothing is overdue');
      }
      clock.advance(600_000);
      assert.equal(due.size, 0);
      assert.equal(clock.timerCount, 0, 'nothing ticks while no alarm is set');
    }),
    { numRuns: 200 },
  );
});

describe('set', () => {
  test('a time that has passed rings with the next tick', () => {
    const { clock, wheel, rung, alarm } = setUp();
    wheel.set(alarm('a'), clock.now() - 70_000);
    assert.equal(rung.length, 0);
    clock.advance(TICK_MS);
    assert.equal(rung.length, 1);
  });

  test('never does not ring, and clears what was set before', () => {
    const { clock, wheel, rung, alarm } = setUp();
    const a = alarm('a');
    wheel.set(a, clock.now() + 1000);
    wheel.set(a, Number.POSITIVE_INFINITY);
    clock.advance(10_000);
    assert.equal(rung.length, 0);
    assert.equal(clock.timerCount, 0);
  });

  test('many alarms need one timer', () => {
    const { clock, wheel, rung, alarm } = setUp();
    for (let i = 0; i < 1000; i++) wheel.set(alarm(`${i}`), clock.now() + i * 10);
    assert.equal(clock.timerCount, 1);
    clock.advance(10_100);
    assert.equal(rung.length, 1000);
  });

  test('an alarm may set itself and others while it rings', () => {
    const { clock, wheel, rung, alarm } = setUp();
    const other = alarm('other');
    let left = 3;
    const again: Alarm = new Alarm((now) => {
      rung.push(['again', now]);
      wheel.set(other, now);
      if (--left > 0) wheel.set(again, now);
    });
    wheel.set(again, clock.now());
    clock.advance(1_000);
    assert.equal(rung.filter(([name]) => name === 'again').length, 3);
    assert.equal(rung.filter(([name]) => name === 'other').length, 3);
  });

  test('an alarm may clear another that is due at the same time', () => {
    const { clock, wheel, rung, alarm } = setUp(0);
    const second = alarm('second');
    const first = new Alarm(() => wheel.clear(second));
    wheel.set(first, 500);
    wheel.set(second, 500);
    clock.advance(1_000);
    assert.equal(rung.length, 0);
  });
});

describe('a stall', () => {
  test('of any length rings everything that is due, at once', () => {
    for (const stallMs of [300, TURN_MS - 50, TURN_MS * 5 + 70]) {
      let now = 7;
      let tick: (() => void) | undefined;
      const wheel = new TimerWheel({
        now: () => now,
        schedule(callback) {
          tick = callback;
          return () => {};
        },
        endOfTurn() {},
      });
      const rung: number[] = [];
      for (let i = 0; i < 40; i++) wheel.set(new Alarm(() => rung.push(i)), now + (stallMs * (i + 1)) / 20);
      now += stallMs;
      tick?.();
      const due = rung.length;
      assert.ok(due === 20 || due === 19, `${due} of 20: the last one may have a tick to go`);
      now += TICK_MS;
      tick?.();
      assert.ok(rung.length >= 20);
    }
  });
});

test('stop lets go of the clock for good', () => {
  const { clock, wheel, rung, alarm } = setUp();
  wheel.set(alarm('a'), clock.now() + 100);
  wheel.stop();
  assert.equal(clock.timerCount, 0);
  clock.advance(1000);
  assert.equal(rung.length, 0);
});
