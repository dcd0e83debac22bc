import assert from 'node:assert/strict';
import { type Packet, PacketType, ReasonCode, RetainHandling, type SubscriptionRequest } from '@busbar/codec';
import { describe, test } from 'vitest';
import { ClientHarness, message } from './client-harness.ts';

function request(topicFilter: string, more: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  const defaults = {
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: RetainHandling.atSubscribe,
  } as const;
  return { ...defaults, ...more, topicFilter };
}

const suback = (packetId: number, ...reasonCodes: ReasonCode[]): Packet => ({
  type: PacketType.suback,
  packetId,
  reasonCodes,
  properties: {},
});

const unsuback = (packetId: number, ...reasonCodes: ReasonCode[]): Packet => ({
  type: PacketType.unsuback,
  packetId,
  reasonCodes,
  properties: {},
});

describe.each([3, 4, 5] as const)('version %i', (protocolVersion) => {
  test('SUBSCRIBE and its SUBACK [MQTT-3.8.4-2]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    const packetId = harness.machine.subscribe([request('a'), request('b/#', { qos: 2 })]);
    assert.deepEqual(harness.sent(), [
      {
        type: PacketType.subscribe,
        packetId,
        subscriptions: [request('a'), request('b/#', { qos: 2 })],
        properties: {},
      },
    ]);
    harness.receive(suback(packetId, ReasonCode.grantedQoS1, ReasonCode.unspecifiedError));
    assert.deepEqual(harness.subacks[0]?.reasonCodes, [ReasonCode.grantedQoS1, ReasonCode.unspecifiedError]);
  });

  test('UNSUBSCRIBE and its UNSUBACK [MQTT-3.10.4-5]', () => {
    const harness = new ClientHarness({ protocolVersion });
    harness.connect();
    const packetId = harness.machine.unsubscribe(['a', 'b']);
    assert.deepEqual(harness.sent(), [
      { type: PacketType.unsubscribe, packetId, topicFilters: ['a', 'b'], properties: {} },
    ]);
    harness.receive(unsuback(packetId, ReasonCode.success, ReasonCode.noSubscriptionExisted));
    assert.equal(harness.unsubacks.length, 1);
    assert.deepEqual(harness.closings, []);
  });
});

test('requests and messages never share a Packet Identifier [MQTT-2.2.1-3]', () => {
  const harness = new ClientHarness();
  harness.connect();
  const ids = [
    harness.machine.subscribe([request('a')]),
    harness.machine.publish(message('a', 1)),
    harness.machine.unsubscribe(['a']),
    harness.machine.publish(message('a', 2)),
  ];
  assert.equal(new Set(ids).size, 4);
});

test('a Subscription Identifier goes with the SUBSCRIBE packet', () => {
  const harness = new ClientHarness();
  harness.connect();
  harness.machine.subscribe([request('a')], { subscriptionIdentifiers: [7] });
  const [packet] = harness.sent();
  assert.deepEqual(packet && 'properties' in packet && packet.properties, { subscriptionIdentifiers: [7] });
});

describe('answers that belong to nothing are faults', () => {
  test.each([
    ['an unknown Packet Identifier', (id: number) => suback(id + 1, 0)],
    ['the wrong kind', (id: number) => unsuback(id, 0, 0)],
    ['too few Reason Codes [MQTT-3.8.4-6]', (id: number) => suback(id, 0)],
    ['too many Reason Codes', (id: number) => suback(id, 0, 0, 0)],
  ])('%s', (_, answer) => {
    const harness = new ClientHarness();
    harness.connect();
    const packetId = harness.machine.subscribe([request('a'), request('b')]);
    harness.sent();
    harness.receive(answer(packetId));
    assert.equal(harness.closing.cause, 'fault');
    assert.equal(harness.closing.reasonCode, ReasonCode.protocolError);
    assert.deepEqual(harness.subacks, []);
  });

  test('a second answer', () => {
    const harness = new ClientHarness();
    harness.connect();
    const packetId = harness.machine.unsubscribe(['a']);
    harness.receive(unsuback(packetId, 0), unsuback(packetId, 0));
    assert.equal(harness.unsubacks.length, 1);
    assert.equal(harness.closing.cause, 'fault');
  });
});

describe('requests that the server does not take', () => {
  test.each([
    ['topic-filter-invalid', {}, request('a/#/b'), {}],
    ['topic-filter-invalid', {}, request('$share//a'), {}],
    ['no-local-shared', {}, request('$share/g/a', { noLocal: true }), {}],
    ['shared-subscriptions-not-supported', { sharedSubscriptionAvailable: false }, request('$share/g/a'), {}],
    ['wildcard-subscriptions-not-supported', { wildcardSubscriptionAvailable: false }, request('a/+'), {}],
    [
      'subscription-identifiers-not-supported',
      { subscriptionIdentifiersAvailable: false },
      request('a'),
      { subscriptionIdentifiers: [1] },
    ],
    ['packet-too-large', { maximumPacketSize: 10 }, request('a/long/filter'), {}],
  ])('%s', (code, connack, subscription, properties) => {
    const harness = new ClientHarness();
    harness.connect(connack);
    assert.throws(() => harness.machine.subscribe([subscription], properties), { name: 'UsageError', code });
    assert.deepEqual(harness.sent(), []);
    for (let i = 0; i < 65_535; i++) assert.notEqual(harness.session.outbound.reservePacketId(), 0, 'all are free');
  });

  test('faulty or empty UNSUBSCRIBE', () => {
    const harness = new ClientHarness();
    harness.connect();
    assert.throws(() => harness.machine.unsubscribe(['']), { code: 'topic-filter-invalid' });
    assert.throws(() => harness.machine.unsubscribe([]), { code: 'empty-unsubscribe' });
    assert.throws(() => harness.machine.subscribe([]), { code: 'empty-subscribe' });
    assert.deepEqual(harness.sent(), []);
  });

  test('before the connection and after it', () => {
    const harness = new ClientHarness();
    assert.throws(() => harness.machine.subscribe([request('a')]), { code: 'not-connected' });
    harness.connect();
    harness.machine.handleConnectionLost(harness.now);
    assert.throws(() => harness.machine.unsubscribe(['a']), { code: 'not-connected' });
  });
});

test('all Packet Identifiers in use', () => {
  const harness = new ClientHarness();
  harness.connect();
  for (let i = 0; i < 65_535; i++) harness.session.outbound.reservePacketId();
  assert.throws(() => harness.machine.subscribe([request('a')]), { code: 'packet-identifiers-exhausted' });
  assert.equal(harness.machine.hasRoom, false);
});
