import assert from 'node:assert/strict';
import { encodePacket, PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { ServerHarness } from './server-harness.ts';

const PINGREQ = { type: PacketType.pingreq } as const;

function connected(version: 4 | 5, keepAlive: number): ServerHarness {
  const harness = new ServerHarness(version);
  harness.connect({ keepAlive });
  return harness;
}

describe('MQTT-3.1.2-22 silence of one and a half times the Keep Alive ends the connection', () => {
  test('at that instant and not before', () => {
    for (const version of [4, 5] as const) {
      const harness = connected(version, 60);
      assert.equal(harness.machine.nextDeadline, harness.now + 90_000);
      harness.advance(89_999);
      assert.equal(harness.machine.isConnected, true);
      harness.advance(1);
      assert.equal(harness.closing.cause, 'timeout');
      assert.equal(harness.closing.reasonCode, ReasonCode.keepAliveTimeout);
      const types = harness.sent().map(({ type }) => type);
      assert.deepEqual(types, version === 5 ? [PacketType.disconnect] : []);
    }
  });

  test('a packet of any type gives a new delay', () => {
    for (const packet of [PINGREQ, publishPacket('t', 'x')]) {
      const harness = connected(4, 60);
      for (let i = 0; i < 3; i++) {
        harness.advance(89_999);
        harness.receive(packet);
      }
      harness.advance(89_999);
      assert.equal(harness.machine.isConnected, true);
      harness.advance(1);
      assert.equal(harness.machine.isClosed, true);
    }
  });

  test('bytes that are no whole packet yet do not', () => {
    const harness = connected(4, 60);
    const packet = encodePacket(publishPacket('t', 'a long text'), 4);
    harness.advance(80_000);
    harness.receiveBytes(packet.slice(0, 5));
    harness.advance(10_000);
    assert.equal(harness.closing.cause, 'timeout');
  });

  test('bytes of a packet of which much is to come do, since no PINGREQ can come before its end', () => {
    const harness = connected(4, 60);
    const packet = encodePacket(publishPacket('t', 'x'.repeat(5_000)), 4);
    for (let at = 0; at < 4_000; at += 1_000) {
      harness.advance(80_000);
      harness.receiveBytes(packet.slice(at, at + 1_000));
    }
    harness.advance(89_999);
    assert.equal(harness.machine.isConnected, true);
    harness.advance(1);
    assert.equal(harness.closing.cause, 'timeout', 'the line is silent in the middle of it');
  });

  test('what is delivered to the client does not', () => {
    const harness = connected(5, 1);
    harness.advance(1_499);
    harness.machine.acceptSubscribe(1, [ReasonCode.grantedQoS0]);
    harness.advance(1);
    assert.equal(harness.machine.isClosed, true);
  });

  test('an early or a late call of the timer changes nothing', () => {
    const harness = connected(5, 60);
    harness.machine.handleTimeout(harness.now + 89_999);
    assert.equal(harness.machine.isConnected, true);
    harness.machine.handleTimeout(harness.now + 200_000);
    assert.equal(harness.closing.cause, 'timeout');
  });
});

test('a Keep Alive of 0 turns it off', () => {
  const harness = connected(5, 0);
  assert.equal(harness.machine.nextDeadline, Number.POSITIVE_INFINITY);
});

test('it begins with the answer to CONNECT: time that the server took to answer is not the client’s silence', () => {
  const harness = new ServerHarness(5);
  harness.receive(connectPacket({ keepAlive: 2 }));
  harness.advance(60_000);
  harness.accept(2);
  assert.equal(harness.machine.nextDeadline, harness.now + 3_000);
  harness.advance(2_999);
  assert.equal(harness.machine.isConnected, true);
});
