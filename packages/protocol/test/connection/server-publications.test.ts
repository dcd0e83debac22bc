import assert from 'node:assert/strict';
import { type Packet, PacketType, type ProtocolVersion, type PublishPacket, type QoS, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, publishPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { LATER } from '../../src/connection/server-connection-owner.ts';
import { ServerHarness } from './server-harness.ts';

const { success, noMatchingSubscribers, quotaExceeded } = ReasonCode;

function publish(qos: QoS, packetId: number, packet: Partial<PublishPacket> = {}): PublishPacket {
  return publishPacket('t', `${packetId}`, { qos, packetId: qos === 0 ? 0 : packetId, ...packet });
}

function connected(version: ProtocolVersion = 5, limits = {}): ServerHarness {
  const harness = new ServerHarness(version, limits);
  harness.connect();
  return harness;
}

function assertFault(harness: ServerHarness, reasonCode: ReasonCode): void {
  assert.equal(harness.closing.cause, 'fault');
  assert.equal(harness.closing.reasonCode, reasonCode, harness.closing.message);
  const last = harness.sent().at(-1);
  if (harness.version !== 5) assert.notEqual(last?.type, PacketType.disconnect);
  else assert.ok(last?.type === PacketType.disconnect && last.reasonCode === reasonCode);
}

describe('acknowledgement', () => {
  test('QoS 0 has none, QoS 1 has PUBACK, QoS 2 has PUBREC and, after PUBREL, PUBCOMP', () => {
    const harness = connected();
    harness.receive(publish(0, 0), publish(1, 1), publish(2, 2), acknowledgementPacket('pubrel', 2));
    assert.deepEqual(harness.sent(), [
      acknowledgementPacket('puback', 1),
      acknowledgementPacket('pubrec', 2),
      acknowledgementPacket('pubcomp', 2),
    ]);
    assert.equal(harness.published.length, 3);
  });

  test('5.0 is told the Reason Code, 3.1.1 hears only that the message was taken', () => {
    for (const version of [4, 5] as const) {
      const harness = connected(version);
      harness.answer = ({ packetId }) => (packetId % 2 === 0 ? noMatchingSubscribers : quotaExceeded);
      harness.receive(publish(1, 1), publish(1, 2), publish(2, 3), publish(2, 4));
      const codes = harness.sent().map((packet) => 'reasonCode' in packet && packet.reasonCode);
      const expected = [quotaExceeded, noMatchingSubscribers, quotaExceeded, noMatchingSubscribers];
      assert.deepEqual(codes, version === 5 ? expected : expected.map(() => success));
    }
  });

  test('a QoS 2 message that comes again is acknowledged again and delivered once [MQTT-4.3.3-10]', () => {
    const harness = connected(4);
    harness.receive(publish(2, 7), publish(2, 7, { dup: true }));
    assert.equal(harness.published.length, 1);
    assert.deepEqual(harness.sent(), [acknowledgementPacket('pubrec', 7), acknowledgementPacket('pubrec', 7)]);
    harness.receive(acknowledgementPacket('pubrel', 7), publish(2, 7));
    assert.equal(harness.published.length, 2);
  });

  test('a refused QoS 2 message frees its Packet Identifier [MQTT-4.3.3-9]', () => {
    const harness = connected();
    harness.answer = () => quotaExceeded;
    harness.receive(publish(2, 7));
    harness.answer = () => success;
    harness.receive(publish(2, 7));
    assert.equal(harness.published.length, 2);
  });

  test('PUBREL for a Packet Identifier that is not known is answered all the same, 5.0 hears 0x92', () => {
    const { packetIdentifierNotFound } = ReasonCode;
    for (const [version, code] of [
      [4, success],
      [5, packetIdentifierNotFound],
    ] as const) {
      const harness = connected(version);
      harness.receive(acknowledgementPacket('pubrel', 99));
      assert.deepEqual(harness.sent(), [acknowledgementPacket('pubcomp', 99, code)]);
    }
  });
});

describe('messages that take time to be accepted', () => {
  test('acknowledgements keep the order of their messages [MQTT-4.6.0-2] [MQTT-4.6.0-3]', () => {
    const harness = connected();
    harness.answer = ({ packetId }) => (packetId === 2 ? success : LATER);
    harness.receive(publish(1, 1), publish(2, 2), publish(1, 3));
    assert.deepEqual(harness.sent(), []);
    harness.machine.acceptPublish(1, 3, noMatchingSubscribers);
    assert.deepEqual(harness.sent(), []);
    harness.machine.acceptPublish(1, 1, success);
    assert.deepEqual(harness.sent(), [
      acknowledgementPacket('puback', 1),
      acknowledgementPacket('pubrec', 2),
      acknowledgementPacket('puback', 3, noMatchingSubscribers),
    ]);
  });

  test('property: in whatever order they are accepted, each is acknowledged once, in the order they came', () => {
    const message = fc.record({ qos: fc.constantFrom<1 | 2>(1, 2), isLater: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 20, size: 'max' }),
        fc.array(fc.nat({ max: 99 }), { minLength: 40, maxLength: 40, size: 'max' }),
        (messages, choices) => {
          const harness = connected(5, { receiveMaximum: 100 });
          harness.answer = ({ packetId }) => (messages[packetId - 1]?.isLater === true ? LATER : success);
          const waiting: [1 | 2, number][] = [];
          for (const [at, { qos, isLater }] of messages.entries()) {
            harness.receive(publish(qos, at + 1));
            if (isLater) waiting.push([qos, at + 1]);
            if ((choices.shift() ?? 0) % 3 === 0) acceptOne();
          }
          while (waiting.length > 0) acceptOne();
          const acknowledged = messages.map(({ qos }, at) =>
            acknowledgementPacket(qos === 1 ? 'puback' : 'pubrec', at + 1),
          );
          assert.deepEqual(harness.sent(), acknowledged);
          assert.equal(harness.session.inbound.unacknowledged, messages.filter(({ qos }) => qos === 2).length);

          function acceptOne(): void {
            const [next] = waiting.splice((choices.shift() ?? 0) % Math.max(1, waiting.length), 1);
            if (next !== undefined) harness.machine.acceptPublish(...next, success);
          }
        },
      ),
    );
  });

  test('the answer may come after the end: nothing is sent', () => {
    const harness = connected();
    harness.answer = () => LATER;
    harness.receive(publish(1, 1));
    harness.machine.handleLost('gone', harness.now);
    harness.machine.acceptPublish(1, 1, success);
    assert.deepEqual(harness.sent(), []);
  });

  test('a QoS 2 message that is being accepted is not delivered again on the next connection, which acknowledges it', () => {
    const before = connected();
    before.answer = () => LATER;
    before.receive(publish(2, 7));
    before.machine.handleLost('gone', before.now);
    const after = new ServerHarness(5, {}, before.session);
    after.connect({}, true);
    after.receive(publish(2, 7, { dup: true }));
    assert.deepEqual([after.published, after.sent()], [[], []]);
    after.machine.acceptPublish(2, 7, success);
    assert.deepEqual(after.sent(), [acknowledgementPacket('pubrec', 7)]);
  });
});

describe('Receive Maximum', () => {
  function flood(version: ProtocolVersion, count: number): ServerHarness {
    const harness = connected(version, { receiveMaximum: 10 });
    harness.answer = () => LATER;
    for (let packetId = 1; packetId <= count; packetId++) harness.receive(publish(2, packetId));
    return harness;
  }

  test('a 5.0 client that has more unacknowledged hears 0x93 [MQTT-3.3.4-7]', () => {
    assert.equal(flood(5, 10).machine.isConnected, true);
    assertFault(flood(5, 11), ReasonCode.receiveMaximumExceeded);
  });

  test('what was acknowledged does not count, at QoS 2 from PUBREL on', () => {
    const harness = connected(5, { receiveMaximum: 1 });
    for (let packetId = 1; packetId <= 50; packetId++) {
      harness.receive(publish(1, packetId), publish(2, packetId), acknowledgementPacket('pubrel', packetId));
    }
    assert.equal(harness.published.length, 100);
  });

  test('a 3.1.1 client cannot know of it and may have all Packet Identifiers under way', () => {
    const harness = flood(4, 11);
    assert.equal(harness.machine.isConnected, true);
    assert.equal(harness.published.length, 11);
  });
});

describe('Topic Alias', () => {
  const alias = (topicName: string, topicAlias: number) =>
    publishPacket(topicName, 'x', { properties: { topicAlias } });
  const topics = ({ published }: ServerHarness) => published.map(({ topicName }) => topicName);

  test('stands for the Topic Name that it came with last', () => {
    const harness = connected();
    harness.receive(
      alias('a', 1),
      alias('', 1),
      alias('b', 2),
      alias('', 1),
      alias('c', 1),
      alias('', 1),
      alias('', 2),
    );
    assert.deepEqual(topics(harness), ['a', 'a', 'b', 'a', 'c', 'c', 'b']);
  });

  test('is forgotten with its connection [MQTT-3.3.2-7]', () => {
    const before = connected();
    before.receive(alias('a', 1));
    const after = new ServerHarness(5, {}, before.session);
    after.connect({}, true);
    after.receive(alias('', 1));
    assertFault(after, ReasonCode.protocolError);
  });

  test('above the maximum, or 0, is 0x94 [MQTT-3.3.2-8] [MQTT-3.3.2-9]', () => {
    const harness = connected(5, { topicAliasMaximum: 5 });
    harness.receive(alias('a', 5));
    harness.receive(alias('a', 6));
    assertFault(harness, ReasonCode.topicAliasInvalid);
    const other = connected();
    other.receiveBytes(Uint8Array.of(0x30, 0x07, 0x00, 0x01, 0x61, 0x03, 0x23, 0x00, 0x00));
    assertFault(other, ReasonCode.topicAliasInvalid);
  });
});

describe('PUBLISH packets that a client must not send', () => {
  test('with a Subscription Identifier [MQTT-3.3.4-6]', () => {
    const harness = connected();
    harness.receive(publishPacket('t', 'x', { properties: { subscriptionIdentifiers: [1] } }));
    assertFault(harness, ReasonCode.protocolError);
  });

  test('without a Topic Name', () => {
    for (const version of [3, 4, 5] as const) {
      const harness = connected(version);
      harness.receiveBytes(Uint8Array.of(0x30, version === 5 ? 3 : 2, 0, 0, 0).slice(0, version === 5 ? 5 : 4));
      assert.equal(harness.closing.cause, 'fault');
      assert.deepEqual(harness.published, []);
    }
  });

  test('with a QoS of 3, and with a QoS or RETAIN that the server does not offer', () => {
    const harness = connected(4);
    harness.receiveBytes(Uint8Array.of(0x36, 5, 0, 1, 0x74, 0, 1));
    assertFault(harness, ReasonCode.malformedPacket);
    const low = connected(5, { maximumQoS: 1 });
    low.receive(publish(2, 1));
    assertFault(low, ReasonCode.qosNotSupported);
    const fleeting = connected(5, { retainAvailable: false });
    fleeting.receive(publish(0, 0, { retain: true }));
    assertFault(fleeting, ReasonCode.retainNotSupported);
  });

  test('larger than announced: refused from the header, before the body has come', () => {
    for (const version of [4, 5] as const) {
      const harness = connected(version);
      harness.receiveBytes(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x05));
      assertFault(harness, ReasonCode.packetTooLarge);
    }
  });

  test('what the owner finds wrong ends the connection, and nothing of it is left in the session', () => {
    const harness = connected(5);
    harness.answer = () => {
      harness.machine.fault(ReasonCode.topicNameInvalid, 'the Topic Name has a wildcard');
      return ReasonCode.topicNameInvalid;
    };
    harness.receive(publish(2, 7), publish(1, 8));
    assertFault(harness, ReasonCode.topicNameInvalid);
    assert.equal(harness.published.length, 1, 'nothing after it is looked at');
    const after = new ServerHarness(5, {}, harness.session);
    after.connect({}, true);
    after.receive(publish(2, 7));
    assert.equal(after.published.length, 1);
    assert.deepEqual(after.sent() satisfies Packet[], [acknowledgementPacket('pubrec', 7)]);
  });
});
