import assert from 'node:assert/strict';
import { test } from 'vitest';
import { SessionSweeper } from '../../src/metrics/session-sweep.ts';
import type { Session } from '../../src/session/session.ts';

/** A session as far as the sweep looks at it; looking takes a microsecond. */
function makeSessions(lengths: readonly number[]): {
  sessions: Session[];
  clock: { now: number };
  looks: () => number;
} {
  const clock = { now: 0 };
  let looks = 0;
  const sessions = lengths.map((length) => {
    return {
      record: { queue: { length } },
      get inFlight() {
        looks++;
        clock.now += 0.001;
        return 1;
      },
    };
  });
  return { sessions: sessions as unknown as Session[], clock, looks: () => looks };
}

test('what waits and is in flight is added up', async () => {
  const { sessions, clock } = makeSessions([0, 3, 0, 7]);
  const sweep = await new SessionSweeper(sessions, () => clock.now).sweep();
  assert.deepEqual(sweep, { queued: 10, sessionsWaiting: 2, longestQueue: 7, inFlight: 4 });
});

test('others have their turn every two milliseconds, however many sessions there are', async () => {
  const { sessions, clock, looks } = makeSessions(Array.from({ length: 20_000 }, () => 1));
  const stretches: number[] = [];
  let isDone = false;
  const sweeping = new SessionSweeper(sessions, () => clock.now).sweep().then(() => {
    isDone = true;
  });
  for (let before = 0; !isDone; before = looks()) {
    await new Promise((resolve) => setImmediate(resolve));
    stretches.push(looks() - before);
  }
  await sweeping;
  assert.equal(looks(), 20_000);
  assert.ok(Math.max(...stretches.slice(1)) <= 2 * 2_064, `${Math.max(...stretches)} sessions at a stretch`);
});

test('where there are many, no more than a fiftieth of the time goes into it', async () => {
  const { sessions, clock, looks } = makeSessions(Array.from({ length: 10_000 }, () => 1));
  const sweeper = new SessionSweeper(sessions, () => clock.now);
  await sweeper.sweep();
  clock.now += 400;
  await sweeper.sweep();
  assert.equal(looks(), 10_000, 'ten milliseconds of work are good for half a second');
  clock.now += 200;
  await sweeper.sweep();
  assert.equal(looks(), 20_000);
});
