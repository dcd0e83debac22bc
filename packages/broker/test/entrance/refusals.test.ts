import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket, subscriptionTo, willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

let broker: VirtualBroker;
let watcher: VirtualClient;

beforeEach(async () => {
  broker = await VirtualBroker.start({
    limits: { maximumRetainedMessages: 1, maximumSubscriptions: 2 },
    capabilities: { checkPayloadFormat: true },
  });
  watcher = broker.connect('watcher');
  watcher.subscribe('#', { qos: 0 });
  broker.connect('first').send(publishPacket('kept', 'x', { retain: true }));
  watcher.takeAll();
});

/** What a client is answered: Packet Identifier, Reason Code, Reason String. */
const answers = (client: VirtualClient) =>
  client
    .takeAll()
    .map((packet) =>
      packet.type === PacketType.puback || packet.type === PacketType.pubrec
        ? [packet.packetId, packet.reasonCode, packet.properties.reasonString]
        : assert.fail(JSON.stringify(packet)),
    );

describe('a message that cannot be retained', () => {
  test('is refused as a whole where its publisher can be told', () => {
    const client = broker.connect('c');
    client.send(publishPacket('more', '1', { qos: 1, packetId: 1, retain: true }));
    client.send(publishPacket('more', '2', { qos: 2, packetId: 2, retain: true }));
    const reason = 'as many messages wait or are retained as may';
    assert.deepEqual(answers(client), [
      [1, ReasonCode.quotaExceeded, reason],
      [2, ReasonCode.quotaExceeded, reason],
    ]);
    assert.deepEqual(watcher.texts(), []);
    assert.deepEqual(broker.broker.inspect.losses().refusals, {});
  });

  test('goes to those who are subscribed where it cannot, and is counted: at QoS 0 and below 5.0', () => {
    broker.connect('c').send(publishPacket('more', '1', { retain: true }));
    const old = broker.connect('old', { protocolVersion: 4 });
    old.send(publishPacket('more', '2', { qos: 1, packetId: 1, retain: true }));
    assert.deepEqual(answers(old), [[1, ReasonCode.success, undefined]]);
    assert.deepEqual(watcher.texts(), ['1', '2']);
    assert.deepEqual(broker.broker.inspect.losses().refusals, { 'retained-full': 2 });
    broker.assertNothingLostInSilence();
  });
});

test('a message below $SYS is refused with a reason, or counted where its publisher cannot be told', () => {
  const client = broker.connect('c');
  client.send(publishPacket('$SYS/x', '1', { qos: 1, packetId: 1 }), publishPacket('$SYS/x', '2'));
  assert.deepEqual(answers(client), [[1, ReasonCode.notAuthorized, 'only the broker publishes below $SYS']]);
  assert.deepEqual(broker.broker.inspect.losses().refusals, { 'publish-not-authorized': 1 });
  assert.deepEqual(broker.broker.inspect.losses().topics, { 'publish-not-authorized': ['$SYS/x'] });
});

test('a payload that is not what it says is refused with a reason [MQTT-3.3.2-4]', () => {
  const client = broker.connect('c');
  const properties = { payloadFormatIndicator: 1 } as const;
  client.send({ ...publishPacket('t', '', { qos: 1, packetId: 1, properties }), payload: Uint8Array.of(0xff) });
  assert.deepEqual(answers(client), [
    [1, ReasonCode.payloadFormatInvalid, 'the payload says it is UTF-8 text, and is not'],
  ]);
});

describe('subscriptions that are refused', () => {
  const subscribe = (client: VirtualClient, ...filters: string[]) => {
    const subscriptions = filters.map((filter) => subscriptionTo(filter));
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions, properties: {} });
    const suback = client.take();
    return suback?.type === PacketType.suback ? suback : assert.fail();
  };

  test('each is told with its Topic Filter', () => {
    const { reasonCodes, properties } = subscribe(broker.connect('c'), 'a', 'b+', 'c', 'd');
    const { topicFilterInvalid, quotaExceeded } = ReasonCode;
    assert.deepEqual(reasonCodes, [0, topicFilterInvalid, 0, quotaExceeded]);
    const [first, second, ...others] = properties.userProperties ?? [];
    assert.deepEqual(others, []);
    assert.deepEqual([first?.[0], second], ['refused', ['refused', 'd: a session has at most 2 subscriptions']]);
    assert.equal(first?.[1], `b+: ${properties.reasonString}`);
  });

  test('many and long ones are told as far as it helps', () => {
    const filters = Array.from({ length: 40 }, (_, n) => `${n}+`);
    const { properties } = subscribe(broker.connect('c'), `${'x'.repeat(300)}+`, ...filters);
    assert.equal(properties.userProperties?.length, 15);
    assert.equal(properties.userProperties?.[0]?.[1].startsWith('0+: '), true);
  });

  test('a client that asked not to be bothered is told the Reason Codes alone [MQTT-3.1.2-29]', () => {
    const client = broker.connect('c', { properties: { requestProblemInformation: false } });
    assert.deepEqual(subscribe(client, 'b+').properties, {});
  });
});

test('a payload over its limit reaches nobody: 5.0 clients are told, others acknowledged, and it is counted', async () => {
  const broker = await VirtualBroker.start({ limits: { maximumPayloadSize: 10 } });
  const reader = broker.connect('reader');
  reader.subscribe('#');
  const newer = broker.connect('newer');
  newer.send(publishPacket('a', 'x'.repeat(11), { qos: 1, packetId: 1 }), publishPacket('a', 'x'.repeat(10)));
  broker.run();
  newer.expectNow({ type: PacketType.puback, reasonCode: ReasonCode.quotaExceeded });
  const older = broker.connect('older', { protocolVersion: 4 });
  older.send(publishPacket('b', 'x'.repeat(11), { qos: 1, packetId: 1 }), publishPacket('b', 'x'.repeat(11)));
  broker.run();
  older.expectNow({ type: PacketType.puback, reasonCode: 0 });
  reader.expectNow({ type: PacketType.publish, topicName: 'a' });
  assert.equal(broker.broker.inspect.losses().refusals['payload-too-large'], 2);
  const will = willMessage('w', { payload: new Uint8Array(11) });
  assert.equal(broker.connect('will', { will }).connack.reasonCode, ReasonCode.packetTooLarge);
  await broker.stop();
});

test('MQTT-3.2.2-12 a Will of a higher QoS than there is: its client is told which there is', async () => {
  const broker = await VirtualBroker.start({ capabilities: { maximumQoS: 1 } });
  const will = willMessage('w', { qos: 2 });
  const { reasonCode, properties } = broker.connect('c', { will }).connack;
  assert.deepEqual([reasonCode, properties.maximumQoS], [ReasonCode.qosNotSupported, 1]);
  await broker.stop();
});
