import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { describe, test } from 'vitest';
import { acknowledgement, ClientHarness, message } from './client-harness.ts';

/** What a PUBLISH says besides its payload. */
function published(harness: ClientHarness) {
  return harness.sent().flatMap((packet) => {
    if (packet.type !== PacketType.publish) return [];
    const { topicName, qos, packetId, dup } = packet;
    return [{ topicName, qos, packetId, dup }];
  });
}

function typesSent(harness: ClientHarness) {
  return harness.sent().map((packet) => [packet.type, 'packetId' in packet ? packet.packetId : 0]);
}

describe.each([3, 4, 5] as const)('version %i', (protocolVersion) => {
  test('QoS 0 goes out and is forgotten [MQTT-4.3.1-1]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    assert.equal(harness.machine.publish({ ...message('a/b', 0), retain: true }), 0);
    assert.deepEqual(harness.sent(), [
      {
        type: PacketType.publish,
        dup: false,
        qos: 0,
        retain: true,
        topicName: 'a/b',
        packetId: 0,
        properties: {},
        payload: Uint8Array.of(1, 2, 3),
      },
    ]);
    assert.equal(harness.session.outbound.size, 0);
  });

  test('QoS 1 ends with PUBACK [MQTT-4.3.2-3]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    const packetId = harness.machine.publish(message('a', 1));
    assert.deepEqual(published(harness), [{ topicName: 'a', qos: 1, packetId, dup: false }]);
    harness.receive(acknowledgement('puback', packetId));
    assert.deepEqual(harness.published, [[packetId, ReasonCode.success]]);
    assert.equal(harness.session.outbound.size, 0);
  });

  test('QoS 2 goes PUBLISH, PUBREC, PUBREL, PUBCOMP [MQTT-4.3.3-4] [MQTT-4.3.3-5]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    const packetId = harness.machine.publish(message('a', 2));
    harness.sent();
    harness.receive(acknowledgement('pubrec', packetId));
    assert.deepEqual(harness.published, []);
    assert.deepEqual(harness.sent(), [acknowledgement('pubrel', packetId)]);
    harness.receive(acknowledgement('pubcomp', packetId));
    assert.deepEqual(harness.published, [[packetId, ReasonCode.success]]);
  });

  test('a resumed session sends again in order, with DUP and PUBREL [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-3.3.1-1]', () => {
    const first = new ClientHarness({ protocolVersion, cleanStart: false });
    first.connect();
    const [a, b, c] = [message('a', 1), message('b', 2), message('c', 2)].map((each) => first.machine.publish(each));
    first.receive(acknowledgement('pubrec', b ?? 0));
    first.machine.handleConnectionLost(first.now);

    const second = new ClientHarness({ protocolVersion, cleanStart: false }, first.session);
    second.connect({}, true);
    assert.deepEqual(second.lost, []);
    assert.deepEqual(
      second
        .sent()
        .map((packet) => [packet.type, 'dup' in packet && packet.dup, 'packetId' in packet && packet.packetId]),
      [
        [PacketType.publish, true, a],
        [PacketType.pubrel, false, b],
        [PacketType.publish, true, c],
      ],
    );
    second.receive(acknowledgement('pubcomp', b ?? 0));
    assert.deepEqual(second.published, [[b, ReasonCode.success]]);
  });
});

test('a session that the server does not have is given back and forgotten [MQTT-3.2.2-5]', () => {
  const first = new ClientHarness({ cleanStart: false });
  first.connect();
  const a = first.machine.publish(message('a', 1));
  const b = first.machine.publish(message('b', 2));
  first.receive(acknowledgement('pubrec', b));
  first.machine.handleConnectionLost(first.now);

  const second = new ClientHarness({ cleanStart: false }, first.session);
  second.connect({}, false);
  assert.deepEqual(
    second.lost.map(({ packetId, message: lost }) => [packetId, lost?.topicName]),
    [
      [a, 'a'],
      [b, undefined],
    ],
  );
  assert.deepEqual(second.sent(), []);
  assert.equal(second.machine.hasRoom, true);
  assert.equal(first.session.outbound.size, 0);
});

test('refusals end the flow with their Reason Code, and 0x10 survives until PUBCOMP [MQTT-4.4.0-2]', () => {
  const harness = new ClientHarness();
  harness.connect();
  const [a, b, c] = [1, 2, 2].map((qos) => harness.machine.publish(message('a', qos as 1 | 2)));
  harness.sent();
  harness.receive(
    acknowledgement('puback', a ?? 0, ReasonCode.notAuthorized),
    acknowledgement('pubrec', b ?? 0, ReasonCode.quotaExceeded),
    acknowledgement('pubrec', c ?? 0, ReasonCode.noMatchingSubscribers),
    acknowledgement('pubcomp', c ?? 0),
  );
  assert.deepEqual(harness.published, [
    [a, ReasonCode.notAuthorized],
    [b, ReasonCode.quotaExceeded],
    [c, ReasonCode.noMatchingSubscribers],
  ]);
  assert.deepEqual(typesSent(harness), [[PacketType.pubrel, c]]);
});

test('a PUBCOMP that does not know the Packet Identifier any more ends a success: the PUBREC was one', () => {
  const harness = new ClientHarness();
  harness.connect();
  const packetId = harness.machine.publish(message('a', 2));
  harness.receive(acknowledgement('pubrec', packetId));
  harness.receive(acknowledgement('pubcomp', packetId, ReasonCode.packetIdentifierNotFound));
  assert.deepEqual(harness.published, [[packetId, ReasonCode.success]]);
});

test('acknowledgements that nothing awaits: PUBREC gets its PUBREL with 0x92, the others are passed over', () => {
  const harness = new ClientHarness();
  harness.connect();
  harness.receive(acknowledgement('puback', 7), acknowledgement('pubcomp', 8), acknowledgement('pubrec', 9));
  assert.deepEqual(harness.sent(), [acknowledgement('pubrel', 9, ReasonCode.packetIdentifierNotFound)]);
  assert.deepEqual(harness.published, []);
  assert.deepEqual(harness.closings, []);
});

describe("the server's limits", () => {
  test('Receive Maximum: no room until a flow ends [MQTT-4.9.0-2]; other packets go on [MQTT-4.9.0-3]', () => {
    const harness = new ClientHarness();
    harness.connect({ receiveMaximum: 1 });
    const packetId = harness.machine.publish(message('a', 1));
    assert.equal(harness.machine.hasRoom, false);
    assert.throws(() => harness.machine.publish(message('b', 2)), { code: 'window-full' });
    harness.machine.publish(message('c', 0));
    const { windows } = harness;
    harness.receive(acknowledgement('puback', packetId));
    assert.equal(harness.windows, windows + 1);
    assert.equal(harness.machine.hasRoom, true);
  });

  test('Receive Maximum holds for sending again too', () => {
    const first = new ClientHarness({ cleanStart: false });
    first.connect();
    const ids = ['a', 'b', 'c'].map((topicName) => first.machine.publish(message(topicName, 1)));
    first.machine.handleConnectionLost(first.now);
    const second = new ClientHarness({ cleanStart: false }, first.session);
    second.connect({ receiveMaximum: 2 }, true);
    assert.deepEqual(
      published(second).map(({ topicName }) => topicName),
      ['a', 'b'],
    );
    assert.equal(second.machine.hasRoom, false);
    second.receive(acknowledgement('puback', ids[0] ?? 0));
    assert.deepEqual(
      published(second).map(({ topicName }) => topicName),
      ['c'],
    );
  });

  test.each([
    [{ protocolVersion: 5, maximumInFlight: 2 }, {}, 2],
    [{ protocolVersion: 5, maximumInFlight: 2 }, { receiveMaximum: 1 }, 1],
    [{ protocolVersion: 4 }, {}, 20],
    [{ protocolVersion: 3, maximumInFlight: 3 }, {}, 3],
  ] as const)('our own limit, which is 20 below 5.0: %o', (options, connack, expected) => {
    const harness = new ClientHarness(options);
    harness.connect(connack);
    let sent = 0;
    for (; harness.machine.hasRoom; sent++) harness.machine.publish(message('a', 1));
    assert.equal(sent, expected);
  });

  test.each([
    ['qos-not-supported', { maximumQoS: 0 } as const, message('a', 1)],
    ['qos-not-supported', { maximumQoS: 1 } as const, message('a', 2)],
    ['retain-not-supported', { retainAvailable: false }, { ...message('a', 0), retain: true }],
    ['packet-too-large', { maximumPacketSize: 8 }, message('a', 1)],
    ['packet-too-large', { maximumPacketSize: 12 }, message('a', 1, { contentType: 'x' })],
    ['topic-name-invalid', {}, message('a/+', 1)],
    ['topic-name-invalid', {}, message('', 1)],
    ['topic-name-invalid', {}, message('\ud800', 0)],
    ['property-not-allowed', {}, message('a', 1, { topicAlias: 1 } as object)],
    ['property-not-allowed', {}, message('a', 1, { subscriptionIdentifiers: [1] } as object)],
    ['out-of-range', {}, message('a', 1, { messageExpiryInterval: -1 })],
  ])('%s: the caller is told, nothing is sent and nothing remembered', (code, properties, faulty) => {
    const harness = new ClientHarness();
    harness.connect(properties);
    assert.throws(() => harness.machine.publish(faulty), { name: 'UsageError', code });
    assert.deepEqual(harness.sent(), []);
    assert.equal(harness.session.outbound.size, 0);
    assert.deepEqual(harness.closings, []);
  });

  test('a packet of exactly the Maximum Packet Size goes [MQTT-3.2.2-15]', () => {
    const harness = new ClientHarness();
    harness.connect({ maximumPacketSize: 11 });
    harness.machine.publish(message('a', 1));
    assert.equal(harness.machine.pendingBytes, 11);
  });

  test('what was sent before and no server takes any more ends as too large', () => {
    const first = new ClientHarness({ cleanStart: false });
    first.connect();
    const large = first.machine.publish({ ...message('a', 2), payload: new Uint8Array(100) });
    const small = first.machine.publish(message('b', 1));
    first.machine.handleConnectionLost(first.now);
    const second = new ClientHarness({ cleanStart: false }, first.session);
    second.connect({ maximumPacketSize: 50 }, true);
    assert.deepEqual(second.published, [[large, ReasonCode.packetTooLarge]]);
    assert.deepEqual(
      published(second).map(({ packetId }) => packetId),
      [small],
    );
  });

  test('what the next server does not support is not sent again [MQTT-3.2.2-11] [MQTT-3.2.2-14]', () => {
    const first = new ClientHarness({ cleanStart: false });
    first.connect();
    const twice = first.machine.publish(message('a', 2));
    const kept = first.machine.publish({ ...message('b', 1), retain: true });
    const plain = first.machine.publish(message('c', 1));
    first.machine.handleConnectionLost(first.now);
    const second = new ClientHarness({ cleanStart: false }, first.session);
    second.connect({ maximumQoS: 1, retainAvailable: false }, true);
    assert.deepEqual(second.published, [
      [twice, ReasonCode.qosNotSupported],
      [kept, ReasonCode.retainNotSupported],
    ]);
    assert.deepEqual(
      published(second).map(({ packetId }) => packetId),
      [plain],
    );
  });
});

describe('wire form', () => {
  test('properties go with a 5.0 message and are left out below', () => {
    const properties = { contentType: 'text/plain', userProperties: [['a', 'b']] as [string, string][] };
    for (const protocolVersion of [4, 5] as const) {
      const harness = new ClientHarness({ protocolVersion });
      harness.connect();
      harness.machine.publish(message('a', 1, properties));
      const [packet] = harness.sent();
      assert.deepEqual(packet && 'properties' in packet && packet.properties, protocolVersion === 5 ? properties : {});
    }
  });

  test.each([0, 1, 127, 128, 16_383, 16_384, 70_000])('a payload of %i bytes arrives whole', (byteLength) => {
    const payload = Uint8Array.from({ length: byteLength }, (_, i) => i);
    const harness = new ClientHarness();
    harness.connect();
    harness.machine.publish({ ...message('a', 1), payload });
    harness.machine.publish(message('b', 0));
    const [packet, next] = harness.sent();
    assert.deepEqual(packet && 'payload' in packet && packet.payload, payload);
    assert.equal(next && 'topicName' in next && next.topicName, 'b');
  });

  test('many different topics', () => {
    const harness = new ClientHarness();
    harness.connect();
    const names = Array.from({ length: 2500 }, (_, i) => `plant/${i}/µ`);
    for (const name of names) harness.machine.publish(message(name, 0));
    assert.deepEqual(
      published(harness).map(({ topicName }) => topicName),
      names,
    );
  });
});

describe('Topic Aliases towards the server', () => {
  const topics = (harness: ClientHarness) =>
    harness
      .sent()
      .map((packet) => packet.type === PacketType.publish && [packet.topicName, packet.properties.topicAlias]);

  test('are used only where wanted and allowed [MQTT-3.2.2-17] [MQTT-3.2.2-18]', () => {
    for (const [topicAliases, topicAliasMaximum] of [
      [0, 5],
      [5, 0],
    ] as const) {
      const harness = new ClientHarness({ topicAliases });
      harness.connect({ topicAliasMaximum });
      harness.machine.publish(message('a', 0));
      assert.deepEqual(topics(harness), [['a', undefined]]);
    }
  });

  test('the second message to a topic goes without its name, with properties or without', () => {
    const harness = new ClientHarness({ topicAliases: 10 });
    harness.connect({ topicAliasMaximum: 2 });
    for (const name of ['a', 'a', 'b', 'a']) harness.machine.publish(message(name, 0));
    harness.machine.publish(message('b', 1, { contentType: 'x' }));
    harness.machine.publish(message('c', 0, { contentType: 'x' }));
    assert.deepEqual(topics(harness), [
      ['a', 1],
      ['', 1],
      ['b', 2],
      ['', 1],
      ['', 2],
      ['c', 1],
    ]);
  });

  test('a message that could not be sent teaches the server no alias', () => {
    const harness = new ClientHarness({ topicAliases: 10 });
    harness.connect({ topicAliasMaximum: 2, maximumPacketSize: 20 });
    assert.throws(() => harness.machine.publish({ ...message('a', 0), payload: new Uint8Array(30) }));
    harness.machine.publish(message('a', 0));
    assert.deepEqual(topics(harness), [['a', 1]]);
  });

  test('what is sent again goes with its name', () => {
    const first = new ClientHarness({ topicAliases: 1, cleanStart: false });
    first.connect({ topicAliasMaximum: 1 });
    first.machine.publish(message('a', 0));
    first.machine.publish(message('a', 1));
    first.machine.handleConnectionLost(first.now);
    const second = new ClientHarness({ topicAliases: 1, cleanStart: false }, first.session);
    second.connect({ topicAliasMaximum: 1 }, true);
    assert.deepEqual(topics(second), [['a', undefined]]);
  });
});
