import assert from 'node:assert/strict';
import { NO_PROPERTIES, PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { ServerHarness } from './server-harness.ts';

function connected(): ServerHarness {
  const harness = new ServerHarness(5);
  harness.connect({});
  return harness;
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => publishPacket('t', String(from + n)));

const texts = (harness: ServerHarness) => harness.published.map(({ text }) => text);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => String(n));

describe('when the turn of the owner is over', () => {
  test('the rest of a chunk and the chunks behind it wait for the next turns, and are read in their order', () => {
    const harness = connected();
    harness.isTurnOver = true;
    harness.receive(...numbered(0, 200));
    assert.deepEqual(texts(harness), upTo(64));
    assert.equal(harness.machine.isResting, true);
    assert.equal(harness.machine.wantsInput, false);

    harness.receive(...numbered(200, 300));
    assert.deepEqual(texts(harness), upTo(64));
    harness.machine.readOn(harness.now);
    assert.deepEqual(texts(harness), upTo(128));

    harness.isTurnOver = false;
    harness.machine.readOn(harness.now);
    assert.deepEqual(texts(harness), upTo(300));
    assert.equal(harness.machine.isResting, false);
    assert.equal(harness.machine.wantsInput, true);
  });

  test('a packet that may take long is the last of the turn', () => {
    const harness = connected();
    harness.isTurnOver = true;
    const subscriptions = [
      { topicFilter: '#', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ] as const;
    harness.receive(
      { type: PacketType.subscribe, packetId: 1, subscriptions, properties: NO_PROPERTIES },
      publishPacket('t', 'behind'),
    );
    assert.equal(harness.subscribes.length, 1);
    assert.deepEqual(texts(harness), []);
    harness.machine.readOn(harness.now);
    assert.deepEqual(texts(harness), ['behind']);
  });

  test('input that somebody holds besides is read when both let it go', () => {
    const harness = connected();
    harness.isTurnOver = true;
    harness.answer = ({ text }) => {
      if (text === '63') harness.machine.holdInput();
      return ReasonCode.success;
    };
    harness.receive(...numbered(0, 100));
    harness.machine.readOn(harness.now);
    assert.deepEqual(texts(harness), upTo(64));
    harness.machine.resumeInput(harness.now);
    assert.deepEqual(texts(harness), upTo(100));
  });

  test('what a client sent before it went is read to its end', () => {
    const harness = connected();
    harness.isTurnOver = true;
    harness.receive(...numbered(0, 500));
    harness.machine.handleLost('gone', harness.now);
    assert.deepEqual(texts(harness), upTo(500));
    assert.equal(harness.closing.cause, 'lost');
  });

  test('a connection that the server ends reads nothing more', () => {
    const harness = connected();
    harness.isTurnOver = true;
    harness.receive(...numbered(0, 100));
    harness.machine.disconnect(ReasonCode.administrativeAction, 'enough');
    harness.machine.readOn(harness.now);
    assert.deepEqual(texts(harness), upTo(64));
  });
});
