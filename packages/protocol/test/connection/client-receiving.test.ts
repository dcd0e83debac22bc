import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { describe, test } from 'vitest';
import { LATER } from '../../src/connection/server-connection-owner.ts';
import { acknowledgement, ClientHarness, publishPacket } from './client-harness.ts';

function topics(harness: ClientHarness): string[] {
  return harness.received.map((packet) => packet.topicName);
}

describe.each([3, 4, 5] as const)('version %i', (protocolVersion) => {
  test('QoS 0, 1 and 2 arrive, and are acknowledged as their QoS says [MQTT-3.3.4-1]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    harness.receive(publishPacket('zero', 0, 0), publishPacket('one', 1, 11), publishPacket('two', 2, 12));
    assert.deepEqual(topics(harness), ['zero', 'one', 'two']);
    assert.deepEqual(harness.sent(), [acknowledgement('puback', 11), acknowledgement('pubrec', 12)]);
    harness.receive(acknowledgement('pubrel', 12));
    assert.deepEqual(harness.sent(), [acknowledgement('pubcomp', 12)]);
  });

  test('a QoS 2 message that comes again is acknowledged again and not delivered again [MQTT-4.3.3-10]', () => {
    const first = new ClientHarness({ protocolVersion, cleanStart: false });
    first.connect();
    first.receive(publishPacket('a', 2, 5));
    first.machine.handleConnectionLost(first.now);
    const second = new ClientHarness({ protocolVersion, cleanStart: false }, first.session);
    second.connect({}, true);
    second.receive(publishPacket('a', 2, 5, {}, true));
    assert.deepEqual(topics(second), []);
    assert.deepEqual(second.sent(), [acknowledgement('pubrec', 5)]);
    second.receive(acknowledgement('pubrel', 5), publishPacket('b', 2, 5));
    assert.deepEqual(topics(second), ['b'], 'after PUBCOMP it is a new message [MQTT-4.3.3-12]');
  });

  test('a QoS 1 message that comes again is a new one [MQTT-4.3.2-5]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    harness.receive(publishPacket('a', 1, 5), publishPacket('a', 1, 5, {}, true));
    assert.deepEqual(topics(harness), ['a', 'a']);
    assert.equal(harness.sent().length, 2);
  });
});

test('PUBREL of an unknown Packet Identifier gets PUBCOMP with 0x92', () => {
  const harness = new ClientHarness();
  harness.connect();
  harness.receive(acknowledgement('pubrel', 3));
  assert.deepEqual(harness.sent(), [acknowledgement('pubcomp', 3, ReasonCode.packetIdentifierNotFound)]);
});

test('a session that the server has lost forgets what was received [MQTT-3.2.2-5]', () => {
  const first = new ClientHarness({ cleanStart: false });
  first.connect();
  first.receive(publishPacket('a', 2, 5));
  first.machine.handleConnectionLost(first.now);
  const second = new ClientHarness({ cleanStart: false }, first.session);
  second.connect({}, false);
  second.receive(publishPacket('b', 2, 5));
  assert.deepEqual(topics(second), ['b']);
});

describe('acknowledgement by hand', () => {
  test('comes when the message is accepted, in the order of the messages [MQTT-4.6.0-2] [MQTT-4.6.0-3]', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.answer = LATER;
    harness.receive(publishPacket('a', 1, 1), publishPacket('b', 2, 2), publishPacket('c', 1, 3));
    assert.deepEqual(harness.sent(), []);
    harness.machine.acceptPublish(1, 3);
    harness.machine.acceptPublish(2, 2);
    assert.deepEqual(harness.sent(), []);
    harness.answer = ReasonCode.success;
    harness.receive(publishPacket('d', 1, 4));
    assert.deepEqual(harness.sent(), [], 'one that is accepted at once waits for its turn too');
    harness.machine.acceptPublish(1, 1);
    assert.deepEqual(harness.sent(), [
      acknowledgement('puback', 1),
      acknowledgement('pubrec', 2),
      acknowledgement('puback', 3),
      acknowledgement('puback', 4),
    ]);
  });

  test('a refusal says why and forgets the message [MQTT-4.3.3-9]', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.answer = ReasonCode.notAuthorized;
    harness.receive(publishPacket('a', 2, 1));
    harness.answer = LATER;
    harness.receive(publishPacket('b', 1, 2));
    harness.machine.acceptPublish(1, 2, ReasonCode.quotaExceeded);
    assert.deepEqual(harness.sent(), [
      acknowledgement('pubrec', 1, ReasonCode.notAuthorized),
      acknowledgement('puback', 2, ReasonCode.quotaExceeded),
    ]);
    harness.receive(publishPacket('a', 2, 1));
    assert.deepEqual(topics(harness), ['a', 'b', 'a']);
  });

  test('of something unknown or settled does nothing', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.receive(publishPacket('a', 1, 1));
    harness.sent();
    harness.machine.acceptPublish(1, 1);
    harness.machine.acceptPublish(2, 9);
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.session.inbound.unacknowledged, 0);
  });

  test('a message that is still being accepted is not delivered again within the connection', () => {
    const harness = new ClientHarness();
    harness.connect();
    harness.answer = LATER;
    harness.receive(publishPacket('a', 1, 1), publishPacket('a', 1, 1, {}, true), publishPacket('b', 2, 2));
    harness.receive(publishPacket('b', 2, 2, {}, true));
    assert.deepEqual(topics(harness), ['a', 'b']);
    harness.machine.acceptPublish(1, 1);
    harness.machine.acceptPublish(2, 2);
    assert.equal(harness.sent().length, 2);
  });

  test('after the connection: QoS 1 comes again, QoS 2 is remembered whichever machine is told', () => {
    const first = new ClientHarness({ cleanStart: false });
    first.connect();
    first.answer = LATER;
    first.receive(publishPacket('a', 1, 1), publishPacket('b', 2, 2), publishPacket('c', 2, 3));
    first.machine.handleConnectionLost(first.now);
    first.machine.acceptPublish(1, 1);
    first.machine.acceptPublish(2, 2);
    assert.equal(first.machine.takeBytes(), undefined);

    const second = new ClientHarness({ cleanStart: false }, first.session);
    second.connect({}, true);
    second.receive(publishPacket('a', 1, 1, {}, true), publishPacket('b', 2, 2, {}, true), publishPacket('c', 2, 3));
    assert.deepEqual(topics(second), ['a']);
    assert.deepEqual(second.sent(), [acknowledgement('puback', 1), acknowledgement('pubrec', 2)]);
    second.machine.acceptPublish(2, 3);
    assert.deepEqual(second.sent(), [acknowledgement('pubrec', 3)]);
  });

  test('an owner that disconnects while it is given a message: nothing follows DISCONNECT [MQTT-3.14.4-1]', () => {
    for (const answer of [ReasonCode.success, LATER] as const) {
      const harness = new ClientHarness({ cleanStart: false });
      harness.connect();
      harness.answer = answer;
      harness.onPublish = () => harness.machine.disconnect();
      harness.receive(publishPacket('a', 1, 1), publishPacket('b', 1, 2));
      assert.deepEqual(topics(harness), ['a']);
      assert.deepEqual(
        harness.sent().map((packet) => packet.type),
        [PacketType.disconnect],
      );
      assert.equal(harness.session.inbound.unacknowledged, 0);
    }
  });
});

describe('what the server may not do', () => {
  test('more than our Receive Maximum: 0x93 [MQTT-3.3.4-9]', () => {
    const harness = new ClientHarness({ properties: { receiveMaximum: 2 } });
    harness.connect();
    harness.answer = LATER;
    harness.receive(publishPacket('a', 1, 1), publishPacket('b', 2, 2), publishPacket('c', 0, 0));
    assert.deepEqual(harness.closings, []);
    harness.receive(publishPacket('d', 1, 3));
    assert.equal(harness.closing.reasonCode, ReasonCode.receiveMaximumExceeded);
    assert.deepEqual(
      harness.sent().map((packet) => 'reasonCode' in packet && packet.reasonCode),
      [ReasonCode.receiveMaximumExceeded],
    );
  });

  test('below 5.0 there is no Receive Maximum to keep', () => {
    const harness = new ClientHarness({ protocolVersion: 4, properties: { receiveMaximum: 1 } });
    harness.connect();
    harness.answer = LATER;
    harness.receive(publishPacket('a', 1, 1), publishPacket('b', 1, 2));
    assert.deepEqual(harness.closings, []);
  });

  test.each([
    ['an alias over our maximum: 0x94 [MQTT-3.3.2-11]', [0x30, 6, 0, 0, 3, 35, 0, 3], ReasonCode.topicAliasInvalid],
    ['alias 0: 0x94 [MQTT-3.3.2-8]', [0x30, 6, 0, 0, 3, 35, 0, 0], ReasonCode.topicAliasInvalid],
    ['an alias that stands for nothing', [0x30, 6, 0, 0, 3, 35, 0, 2], ReasonCode.protocolError],
    ['neither Topic Name nor alias', [0x30, 3, 0, 0, 0], ReasonCode.protocolError],
    ['a wildcard in a Topic Name [MQTT-3.3.2-2]', [0x30, 6, 0, 3, 0x61, 0x2f, 0x23, 0], ReasonCode.topicNameInvalid],
  ])('%s', (_, bytes, reasonCode) => {
    const harness = new ClientHarness({ properties: { topicAliasMaximum: 2 } });
    harness.connect();
    harness.receiveBytes(Uint8Array.from(bytes));
    assert.equal(harness.closing.cause, 'fault');
    assert.equal(harness.closing.reasonCode, reasonCode);
    assert.deepEqual(topics(harness), []);
  });
});

test('Topic Aliases of the server are resolved, and are forgotten with the connection [MQTT-3.3.2-7] [MQTT-3.3.2-10]', () => {
  const options = { properties: { topicAliasMaximum: 2 }, cleanStart: false };
  const harness = new ClientHarness(options);
  harness.connect();
  harness.receive(
    publishPacket('a', 0, 0, { topicAlias: 1 }),
    publishPacket('b', 0, 0, { topicAlias: 2 }),
    publishPacket('', 0, 0, { topicAlias: 1 }),
    publishPacket('c', 1, 1, { topicAlias: 1 }),
    publishPacket('', 2, 2, { topicAlias: 1 }),
  );
  assert.deepEqual(topics(harness), ['a', 'b', 'a', 'c', 'c']);
  assert.ok(harness.received.every((packet) => !('topicAlias' in packet.properties)));
  harness.machine.handleConnectionLost(harness.now);
  const next = new ClientHarness(options, harness.session);
  next.connect({}, true);
  next.receive(publishPacket('', 0, 0, { topicAlias: 1 }));
  assert.equal(next.closing.reasonCode, ReasonCode.protocolError);
});

test('messages that cross chunks arrive, however the stream is cut', () => {
  const harness = new ClientHarness();
  harness.connect();
  const bytes = [0x30, 4, 0, 1, 0x61, 0, 0x32, 7, 0, 1, 0x62, 0, 9, 0, 5];
  for (const byte of bytes) harness.receiveBytes(Uint8Array.of(byte));
  assert.deepEqual(topics(harness), ['a', 'b']);
});
