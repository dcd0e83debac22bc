import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { Delivery } from '../../src/message/delivery.ts';
import { messageFrom } from '../message/messages.ts';
import { ServerHarness } from './server-harness.ts';

function deliveryOf(qos: 0 | 1 | 2): Delivery {
  return new Delivery(messageFrom(publishPacket('t', 'x'), 5).message, qos, false, undefined);
}

function setUp(): ServerHarness {
  const harness = new ServerHarness(5);
  harness.connect();
  harness.keepMark = 1;
  return harness;
}

const told = (harness: ServerHarness) =>
  harness.sent().map((packet) => [packet.type, 'packetId' in packet ? packet.packetId : 0]);

describe('packets of QoS 2 flows wait until the owner has kept what they tell of (section 4.1)', () => {
  test('PUBLISH, PUBREL and PUBCOMP leave in their order, each when its mark is kept', () => {
    const harness = setUp();
    harness.receive(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    harness.machine.deliver(deliveryOf(2), harness.now);
    assert.deepEqual(told(harness), [[PacketType.pubrec, 9]]);
    harness.keepMark = 2;
    harness.receive(acknowledgementPacket('pubrel', 9), acknowledgementPacket('pubrec', 1));
    assert.deepEqual(told(harness), []);
    assert.equal(harness.machine.isHolding, true);
    harness.machine.handleKept(1, harness.now);
    assert.deepEqual(told(harness), [[PacketType.publish, 1]]);
    harness.machine.handleKept(2, harness.now);
    assert.deepEqual(told(harness), [
      [PacketType.pubcomp, 9],
      [PacketType.pubrel, 1],
    ]);
    assert.equal(harness.machine.isHolding, false);
    harness.receive(acknowledgementPacket('pubcomp', 1));
    assert.deepEqual([harness.released, harness.completed], [[9], [1]]);
  });

  test('an unknown Packet Identifier has nothing to be kept, and keeps its place behind those that have', () => {
    const harness = setUp();
    harness.receive(acknowledgementPacket('pubrel', 7));
    assert.deepEqual(told(harness), [[PacketType.pubcomp, 7]]);
    harness.receive(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    harness.sent();
    harness.receive(acknowledgementPacket('pubrel', 9), acknowledgementPacket('pubrel', 9));
    assert.deepEqual(told(harness), []);
    harness.machine.handleKept(1, harness.now);
    assert.deepEqual(
      harness.sent().map((packet) => 'reasonCode' in packet && packet.reasonCode),
      [ReasonCode.success, ReasonCode.packetIdentifierNotFound],
    );
  });

  test('QoS 0 and 1 wait for nothing', () => {
    const harness = setUp();
    assert.equal(harness.machine.deliver(deliveryOf(0), harness.now), 0);
    assert.equal(harness.machine.deliver(deliveryOf(1), harness.now), 1);
    assert.deepEqual(told(harness), [
      [PacketType.publish, 0],
      [PacketType.publish, 1],
    ]);
  });

  test('QoS 1 stays behind QoS 2 that waits, QoS 0 does not', () => {
    const harness = setUp();
    for (const qos of [2, 1, 0] as const) harness.machine.deliver(deliveryOf(qos), harness.now);
    assert.deepEqual(told(harness), [[PacketType.publish, 0]]);
    harness.machine.handleKept(1, harness.now);
    assert.deepEqual(told(harness), [
      [PacketType.publish, 1],
      [PacketType.publish, 2],
    ]);
  });

  test('what waits when the connection ends is not sent any more', () => {
    const harness = setUp();
    harness.machine.deliver(deliveryOf(2), harness.now);
    harness.machine.handleLost('cut', harness.now);
    harness.machine.handleKept(1, harness.now);
    assert.deepEqual(told(harness), []);
    assert.equal(harness.session.outbound.size, 1);
  });
});
