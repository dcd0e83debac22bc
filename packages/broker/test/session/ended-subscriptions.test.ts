import assert from 'node:assert/strict';
import { test } from 'vitest';
import type { Clock } from '../../src/clock/clock.ts';
import { EndedSubscriptions } from '../../src/session/ended-subscriptions.ts';
import type { Session } from '../../src/session/session.ts';
import type { SubscriptionTable } from '../../src/subscription/subscription-table.ts';

/** A table that takes a millisecond for each Topic Filter, and sessions with so many of them. */
function setUp() {
  const deleted: string[] = [];
  const turns: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    schedule: () => assert.fail('nothing waits for a time'),
    endOfTurn: (callback) => void turns.push(callback),
  };
  const table = {
    delete(_: Session, topicFilter: string) {
      now++;
      deleted.push(topicFilter);
    },
  };
  const ended = new EndedSubscriptions(table as unknown as SubscriptionTable, clock);
  const end = (name: string, count: number): void => {
    const filters = new Map(Array.from({ length: count }, (_, at) => [`${name}/${at}`, {}]));
    ended.remove({ record: { subscriptions: filters } } as unknown as Session);
  };
  return { deleted, turns, end };
}

test('a session with few subscriptions is rid of them at once', () => {
  const { deleted, turns, end } = setUp();
  end('one', 3);
  end('none', 0);
  end('other', 2);
  assert.deepEqual(deleted, ['one/0', 'one/1', 'one/2', 'other/0', 'other/1']);
  assert.equal(turns.length, 0);
});

test('many are taken out over several turns, sessions in their order, and none is left', () => {
  const { deleted, turns, end } = setUp();
  end('large', 300);
  assert.ok(deleted.length < 300, 'others have their turn');
  end('small', 2);
  assert.equal(turns.length, 1, 'it goes on once in each turn');
  let worked = 0;
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    const before = deleted.length;
    turn();
    worked = Math.max(worked, deleted.length - before);
    assert.ok(turns.length <= 1);
  }
  assert.ok(worked < 150, `${worked} in one turn`);
  assert.deepEqual(deleted, [...Array.from({ length: 300 }, (_, at) => `large/${at}`), 'small/0', 'small/1']);
  end('next', 1);
  assert.equal(deleted.at(-1), 'next/0');
});
