import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, subscriptionTo, willMessage } from '@busbar/testkit';
import { afterEach, describe, test } from 'vitest';
import type { VirtualBroker, VirtualClient } from '../virtual-broker.ts';
import { connackOf, isOpen, reached, startLimited } from './limited-broker.ts';

let broker: VirtualBroker;

afterEach(async () => broker.stop());

describe('messages per second', () => {
  const publish = (client: VirtualClient, count: number, qos: 0 | 1 = 0, from = 1) =>
    client.send(
      ...Array.from({ length: count }, (_, n) => publishPacket('t', 'x', { qos, packetId: qos === 0 ? 0 : from + n })),
    );

  test('a client that has sent too many is not read until it is within its rate; nothing is lost, others go on', async () => {
    broker = await startLimited({ maximumMessageRate: 100 });
    const watcher = broker.connect('watcher');
    watcher.subscribe('t');
    const client = broker.connect('c', { keepAlive: 1 });
    publish(client, 600);
    client.send(publishPacket('t', 'last'));
    assert.equal(watcher.messages().length, 600);
    for (let n = 0; n < 4; n++) {
      broker.advance(1_000);
      assert.deepEqual(watcher.texts(), []);
    }
    assert.equal(client.isClosed, false, 'its Keep Alive of 1 s has nothing to do with it');
    broker.connect('other').send(publishPacket('t', 'other'));
    assert.deepEqual(watcher.texts(), ['other']);
    broker.advance(1_300);
    assert.deepEqual(watcher.texts(), ['last']);
    assert.deepEqual(reached(broker), { maximumMessageRate: 1 });
    broker.advance(10_000);
    assert.equal(client.isClosed, true, 'and after that it has');
  });

  test('or is refused: 0x97 at QoS 1, and what it cannot be told is counted', async () => {
    broker = await startLimited({ maximumMessageRate: 3, ratePolicy: 'refuse' });
    const client = broker.connect('c');
    publish(client, 5, 1);
    const answers = client.takeAll();
    assert.deepEqual(
      answers.map((packet) => packet.type === PacketType.puback && packet.reasonCode),
      [0x10, 0x10, 0x10, ReasonCode.quotaExceeded, ReasonCode.quotaExceeded],
    );
    const last = answers.at(-1);
    assert.ok(last?.type === PacketType.puback);
    assert.equal(last.properties.reasonString, 'more than 3 messages a second');
    publish(client, 2);
    assert.deepEqual(broker.broker.inspect.losses().refusals, { 'rate-too-high': 2 });
    assert.deepEqual(reached(broker), { maximumMessageRate: 4 });
    broker.advance(1_000);
    publish(client, 1, 1, 10);
    assert.equal(client.takeAll()[0]?.type, PacketType.puback);
    assert.deepEqual(reached(broker), { maximumMessageRate: 4 });
  });

  test('or is cut off with 0x96', async () => {
    broker = await startLimited({ maximumMessageRate: 3, ratePolicy: 'disconnect' });
    const client = broker.connect('c');
    publish(client, 5);
    const disconnect = client.take();
    assert.ok(disconnect?.type === PacketType.disconnect);
    assert.equal(disconnect.reasonCode, ReasonCode.messageRateTooHigh);
    assert.equal(client.isClosed, true);
  });

  test('bytes are bounded alike', async () => {
    broker = await startLimited({ maximumByteRate: 10_000 });
    const watcher = broker.connect('watcher');
    watcher.subscribe('t');
    const client = broker.connect('c');
    const large = { ...publishPacket('t', ''), payload: new Uint8Array(50_000) };
    client.send(large);
    client.send(publishPacket('t', 'last'));
    assert.equal(watcher.messages().length, 1);
    broker.advance(3_500);
    assert.deepEqual(watcher.texts(), []);
    broker.advance(1_000);
    assert.deepEqual(watcher.texts(), ['last']);
    assert.deepEqual(reached(broker), { maximumByteRate: 1 });
  });

  test('are bounded by other numbers, or no longer, as soon as the limits are replaced', async () => {
    broker = await startLimited({});
    const client = broker.connect('c');
    publish(client, 50, 1);
    assert.equal(client.takeAll().length, 50);
    assert.deepEqual(broker.broker.replaceLimits({ maximumMessageRate: 1, ratePolicy: 'refuse' }, []), []);
    publish(client, 3, 1, 100);
    assert.deepEqual(reached(broker), { maximumMessageRate: 2 });
    broker.broker.replaceLimits({}, []);
    publish(client, 50, 1, 200);
    assert.deepEqual(reached(broker), { maximumMessageRate: 2 });
  });
});

describe('topics', () => {
  test('too long or too deep: 0x90 ends the connection, 0x8F refuses the subscription, and so is a Will', async () => {
    broker = await startLimited({ maximumTopicLength: 10, maximumTopicLevels: 3 });
    for (const topic of ['12345678901', 'a/b/c/d']) {
      const client = broker.connect('c');
      client.send(publishPacket('1234567890', 'fine'), publishPacket(topic, 'x'));
      const disconnect = client.take();
      assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.topicNameInvalid);
      assert.deepEqual(broker.connect('d').subscribe(topic).reasonCodes, [ReasonCode.topicFilterInvalid]);
      assert.equal(connackOf(broker.connect('e', { will: willMessage(topic) })), ReasonCode.topicNameInvalid);
    }
    assert.deepEqual(broker.connect('d').subscribe('1234567890').reasonCodes, [0]);
    assert.equal(reached(broker)['maximumTopicLength'], 3);
    assert.equal(reached(broker)['maximumTopicLevels'], 2);
  });
});

describe('what existed before is counted, too', () => {
  test('sessions, subscriptions, identifiers, Receive Maximum, aliases, packet sizes', async () => {
    broker = await startLimited({
      maximumSessions: 2,
      maximumSubscriptions: 1,
      maximumClientIdentifierLength: 23,
      receiveMaximum: 1,
      topicAliasMaximum: 1,
      maximumPacketSize: 1_000,
      maximumConnectSize: 100,
    });
    broker.connect('watcher');
    const client = broker.connect('c');
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: ['a', 'b'].map((each) => subscriptionTo(each)),
      properties: {},
    });
    assert.equal(connackOf(broker.connect('one more')), ReasonCode.quotaExceeded);
    assert.equal(connackOf(broker.connect('x'.repeat(24))), ReasonCode.clientIdentifierNotValid);
    client.send(publishPacket('t', 'x', { properties: { topicAlias: 2 } }));
    broker.connect('c').send({ ...publishPacket('t', ''), payload: new Uint8Array(1_000) });
    const stranger = broker.raw();
    stranger.send(connectPacket({ clientIdentifier: 'y'.repeat(200) }));
    broker.run();
    assert.deepEqual(reached(broker), {
      maximumClientIdentifierLength: 1,
      maximumConnectSize: 1,
      maximumPacketSize: 1,
      maximumSessions: 1,
      maximumSubscriptions: 1,
      topicAliasMaximum: 1,
    });
  });

  test('queues, by which of their bounds is full; and retained messages', async () => {
    broker = await startLimited({ maximumQueuedMessages: 2, maximumRetainedMessages: 1, maximumRetainedBytes: 1_000 });
    const away = broker.connectLasting('away');
    away.subscribe('q', { qos: 1 });
    away.cut();
    const client = broker.connect('c');
    for (let n = 1; n <= 4; n++) client.send(publishPacket('q', `${n}`, { qos: 1, packetId: n }));
    for (const topic of ['a', 'b']) client.send(publishPacket(topic, 'x', { retain: true }));
    client.send({ ...publishPacket('a', '', { retain: true }), payload: new Uint8Array(2_000) });
    assert.deepEqual(reached(broker), {
      maximumQueuedMessages: 2,
      maximumRetainedMessages: 1,
      maximumRetainedBytes: 1,
    });
    assert.deepEqual(broker.broker.stats().dropped, { 'queue-full': 2 });
    broker.assertNothingLostInSilence();
  });

  test('Keep Alive: 5.0 clients are told, others that ask for more, or for none, are refused with 2', async () => {
    broker = await startLimited({ maximumKeepAlive: 60 });
    assert.equal(broker.connect('a', { keepAlive: 100 }).connack.properties.serverKeepAlive, 60);
    const old = (keepAlive: number) => connackOf(broker.connect('b', { keepAlive, protocolVersion: 4 }));
    const { success, clientIdentifierNotValid } = ReasonCode;
    assert.deepEqual([0, 1, 60, 61].map(old), [clientIdentifierNotValid, success, success, clientIdentifierNotValid]);
    assert.deepEqual(reached(broker), { maximumKeepAlive: 2 });
  });
});

test('limits that need a new start are named, the others hold at once; a wrong one changes nothing', async () => {
  broker = await startLimited({ maximumConnections: 10 });
  assert.deepEqual(broker.broker.replaceLimits({ maximumConnections: 1, maximumRoutes: 1_000 }, []), ['maximumRoutes']);
  broker.connect('a');
  assert.equal(isOpen(broker, broker.open()), false);
  assert.throws(() => broker.broker.replaceLimits({ maximumConnections: 0 }, []), /maximumConnections must be/);
  assert.equal(isOpen(broker, broker.open()), false);
  broker.broker.replaceLimits({}, []);
  const client = broker.connect('b');
  assert.equal(connackOf(client), ReasonCode.success);
});

test('a Receive Maximum holds for whom it was told, even when it is another one now', async () => {
  broker = await startLimited({ receiveMaximum: 5 });
  const before = broker.connect('before');
  broker.broker.replaceLimits({ receiveMaximum: 2 }, []);
  assert.equal(before.connack.properties.receiveMaximum, 5);
  assert.equal(broker.connect('after').connack.properties.receiveMaximum, 2);
});
