import assert from 'node:assert/strict';
import { ReasonCode } from '@busbar/codec';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { AcknowledgementQueue } from '../../src/connection/acknowledgement-queue.ts';

type Written = [qos: 1 | 2, packetId: number, reasonCode: ReasonCode];

function setUp() {
  const written: Written[] = [];
  const queue = new AcknowledgementQueue((qos, packetId, reasonCode) => written.push([qos, packetId, reasonCode]));
  return { queue, written };
}

const { success, noMatchingSubscribers, quotaExceeded } = ReasonCode;

describe('order [MQTT-4.6.0-2] [MQTT-4.6.0-3]', () => {
  test('what is known at once leaves at once', () => {
    const { queue, written } = setUp();
    queue.push(1, 1, success);
    queue.push(2, 2, noMatchingSubscribers);
    assert.deepEqual(written, [
      [1, 1, success],
      [2, 2, noMatchingSubscribers],
    ]);
    assert.equal(queue.isEmpty, true);
  });

  test('what comes behind a held one waits for it', () => {
    const { queue, written } = setUp();
    queue.hold(1, 1);
    queue.push(1, 2, quotaExceeded);
    queue.hold(2, 3);
    queue.push(1, 4, success);
    assert.equal(written.length, 0);
    queue.settle(3, success);
    assert.equal(written.length, 0);
    queue.settle(1, success);
    assert.deepEqual(
      written.map(([, packetId]) => packetId),
      [1, 2, 3, 4],
    );
    assert.deepEqual(written[1], [1, 2, quotaExceeded]);
  });

  test('property: whatever is answered when, acknowledgements leave in the order of the messages, each once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { maxLength: 30, size: 'max' }),
        fc.infiniteStream(fc.nat({ max: 29 })),
        (held, choices) => {
          const { queue, written } = setUp();
          const waiting: number[] = [];
          for (const [at, isHeld] of held.entries()) {
            if (isHeld) {
              queue.hold(1, at + 1);
              waiting.push(at + 1);
            } else queue.push(1, at + 1, success);
            const choice = choices.next().value ?? 0;
            if (waiting.length > 0 && choice % 2 === 0) settleOne(choice);
          }
          while (waiting.length > 0) settleOne(choices.next().value ?? 0);
          assert.deepEqual(
            written.map(([, packetId]) => packetId),
            held.map((_, at) => at + 1),
          );
          assert.equal(queue.isEmpty, true);

          function settleOne(choice: number): void {
            const [packetId] = waiting.splice(choice % waiting.length, 1);
            assert.equal(queue.settle(packetId ?? 0, success), true);
          }
        },
      ),
    );
  });
});

test('a Packet Identifier that is held twice is answered twice', () => {
  const { queue, written } = setUp();
  queue.hold(1, 7);
  queue.hold(1, 7);
  queue.push(1, 8, success);
  queue.settle(7, success);
  assert.equal(written.length, 1);
  assert.equal(queue.holds(7), true);
  queue.settle(7, quotaExceeded);
  assert.deepEqual(written.slice(1), [
    [1, 7, quotaExceeded],
    [1, 8, success],
  ]);
  assert.equal(queue.settle(7, success), false);
});

test('an answer that nobody waits for is not written', () => {
  const { queue, written } = setUp();
  queue.hold(2, 1);
  assert.equal(queue.settle(7, success), false);
  assert.equal(queue.holds(7), false);
  assert.equal(queue.holds(1), true);
  queue.settle(1, success);
  assert.equal(queue.holds(1), false);
  assert.equal(queue.settle(1, success), false);
  assert.equal(written.length, 1);
});
