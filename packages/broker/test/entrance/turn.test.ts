import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { encodePacket, PacketType } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, subscribePacket, VirtualClock } from '@busbar/testkit';
import { createMemoryPair, dialTcp } from '@busbar/transport';
import { describe, test, vi } from 'vitest';
import { Turn } from '../../src/entrance/turn.ts';
import { type Clock, createBroker, systemClock } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** A clock that the test moves, and ends the turns of. */
function handClock() {
  const ends: (() => void)[] = [];
  const hand = {
    time: 0,
    endTurn: () => {
      for (const end of ends.splice(0)) end();
    },
  };
  const clock: Clock = { now: () => hand.time, schedule: () => () => {}, endOfTurn: (end) => void ends.push(end) };
  return { hand, turn: new Turn(clock) };
}

describe('a turn', () => {
  test('flushes everybody once, at its end', () => {
    const { hand, turn } = handClock();
    const flushed: string[] = [];
    for (const name of ['a', 'b']) turn.mark({ flush: () => flushed.push(name) });
    assert.deepEqual(flushed, []);
    hand.endTurn();
    hand.endTurn();
    assert.deepEqual(flushed, ['a', 'b']);
  });

  test('whoever marks itself while it is flushed has the next one', () => {
    const { hand, turn } = handClock();
    let flushes = 0;
    const flushable = {
      flush: () => {
        if (++flushes < 3) turn.mark(flushable);
      },
    };
    turn.mark(flushable);
    for (const expected of [1, 2, 3, 3]) {
      hand.endTurn();
      assert.equal(flushes, expected);
    }
  });

  test('is over when reading has taken its time, counted from its first bytes', () => {
    const { hand, turn } = handClock();
    assert.equal(turn.isOver, false);
    turn.handleReading(0);
    hand.time = 8;
    turn.handleReading(8);
    assert.equal(turn.isOver, false);
    hand.time = 9;
    assert.equal(turn.isOver, true);
    hand.endTurn();
    assert.equal(turn.isOver, false);
    turn.handleReading(9);
    hand.time = 17;
    assert.equal(turn.isOver, false);
  });
});

test('a client that has much to say lets others have their turn, and is heard to its end', async () => {
  const clock = new VirtualClock();
  const { now } = clock;
  let spent = 0;
  // Every look at the clock takes two milliseconds.
  Object.defineProperty(clock, 'now', { value: () => now() + 2 * spent++ });
  const broker = await VirtualBroker.start({}, clock);
  const watcher = broker.connect('watcher');
  watcher.subscribe('#');
  const [near, far] = createMemoryPair({ schedule: clock.task });
  const pauses = vi.spyOn(far, 'pause');
  broker.broker.accept(far);
  const talker = new RawClient(near, 5);
  talker.send(connectPacket({ clientIdentifier: 'talker' }));
  broker.run();
  const payloads = Array.from({ length: 200 }, (_, n) => `${n}`);
  for (const payload of payloads) talker.send(publishPacket('t', payload));
  broker.run();
  assert.deepEqual(watcher.texts(), payloads);
  assert.ok(pauses.mock.calls.length > 10, `paused ${pauses.mock.calls.length} times`);
});

test('a thousand packets in one chunk are read in several turns, in their order', async () => {
  const clock = new VirtualClock();
  const { now } = clock;
  let spent = 0;
  // Every look at the clock takes ten milliseconds: a turn is over at the first.
  Object.defineProperty(clock, 'now', { value: () => now() + 10 * spent++ });
  const broker = await VirtualBroker.start({}, clock);
  const watcher = broker.connect('watcher');
  watcher.subscribe('#');
  const talker = broker.connect('talker');
  const payloads = Array.from({ length: 1_000 }, (_, n) => `${n}`);
  const chunk = Buffer.concat(payloads.map((payload) => encodePacket(publishPacket('t', payload), 5)));
  const turns = vi.spyOn(clock, 'endOfTurn');
  talker.send(chunk);
  assert.deepEqual(watcher.texts(), payloads);
  assert.ok(turns.mock.calls.length >= 15, `${turns.mock.calls.length} turns`);
  assert.equal(broker.broker.stats().packetsReceived, 1_000 + 3);
});

test('a publisher that goes at once is heard to its end, over a real socket', async () => {
  let spent = 0;
  // Every look at the clock takes ten milliseconds, so that a turn is over at the first.
  const clock = { ...systemClock, now: () => 10 * spent++ };
  const broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }], clock, systemTopicsInterval: 0 });
  const address = { host: '127.0.0.1', port: broker.listeners[0]?.port ?? 0 };
  const watcher = new RawClient(await dialTcp(address), 5);
  watcher.send(connectPacket({ clientIdentifier: 'watcher' }), subscribePacket(1, '#'));
  await watcher.expect({ type: PacketType.connack });
  await watcher.expect({ type: PacketType.suback });
  const packets = Array.from({ length: 2_000 }, (_, n) => encodePacket(publishPacket('t', `${n}`), 5));
  const talker = connect(address, () => {
    talker.end(Buffer.concat([encodePacket(connectPacket({ clientIdentifier: 'talker' }), 5), ...packets]));
  });
  talker.resume();
  for (let n = 0; n < 2_000; n++)
    await watcher.expect({ type: PacketType.publish, payload: new Uint8Array(Buffer.from(`${n}`)) });
  await broker.stop();
});
