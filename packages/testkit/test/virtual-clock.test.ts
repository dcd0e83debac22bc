import assert from 'node:assert/strict';
import { describe, test } from 'vitest';
import { VirtualClock } from '../src/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock(0);
  const events: string[] = [];
  const say = (event: string) => () => events.push(`${event} at ${clock.now()}`);
  return { clock, events, say };
}

describe('time', () => {
  test('passes only when it is told to, and rings timers in their order, each at its own instant', () => {
    const { clock, events, say } = setUp();
    clock.schedule(say('late'), 30);
    clock.schedule(say('early'), 10);
    clock.schedule(say('never yet'), 31);
    clock.advance(30);
    assert.deepEqual(events, ['early at 10', 'late at 30']);
    assert.equal(clock.now(), 30);
    assert.equal(clock.timerCount, 1);
  });

  test('a timer may be called back, and may set others', () => {
    const { clock, events, say } = setUp();
    const cancel = clock.schedule(say('cancelled'), 10);
    clock.schedule(() => clock.schedule(say('second'), 5), 10);
    cancel();
    clock.advance(20);
    assert.deepEqual(events, ['second at 15']);
  });
});

describe('the event loop', () => {
  test('ends a turn when no task is left, and goes on with what the ends have brought', () => {
    const { clock, events, say } = setUp();
    clock.endOfTurn(() => {
      say('end')();
      clock.task(say('task of the next turn'));
    });
    clock.task(() => clock.task(say('task of a task')));
    clock.task(say('task'));
    clock.run();
    assert.deepEqual(
      events.map((event) => event.replace(' at 0', '')),
      ['task', 'task of a task', 'end', 'task of the next turn'],
    );
  });

  test('turning it from within does nothing', () => {
    const { clock, events, say } = setUp();
    clock.task(() => {
      clock.task(say('second'));
      clock.run();
      say('first')();
    });
    clock.run();
    assert.deepEqual(events, ['first at 0', 'second at 0']);
  });

  test('one that never comes to rest is an error, not a test that hangs', () => {
    const { clock } = setUp();
    const again = () => clock.task(again);
    clock.task(again);
    assert.throws(() => clock.run(), /does not come to rest/);
  });
});
