import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket, subscriptionTo, unsubscribePacket } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { MemoryStore } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

let broker: VirtualBroker;
let sender: VirtualClient;

beforeEach(async () => {
  broker = await VirtualBroker.start();
  sender = broker.connect('sender');
});

let packetId = 0;
function publish(text: string, qos: 0 | 1 | 2 = 1, topicName = 't'): void {
  packetId = (packetId % 65_535) + 1;
  sender.send(publishPacket(topicName, text, { qos, packetId: qos === 0 ? 0 : packetId }));
  sender.takeAll();
}

describe('resumption', () => {
  test('5.0: a session outlives its connection by its Session Expiry Interval, with subscriptions and messages', () => {
    const properties = { sessionExpiryInterval: 100 };
    const first = broker.connect('c', { cleanStart: true, properties });
    assert.equal(first.connack.sessionPresent, false);
    first.subscribe('t', { qos: 2 });
    first.cut();
    for (const text of ['1', '2', '3']) publish(text);
    broker.advance(99_900);
    const second = broker.connect('c', { cleanStart: false, properties });
    assert.equal(second.connack.sessionPresent, true);
    assert.deepEqual(second.texts(), ['1', '2', '3']);
    publish('4');
    assert.deepEqual(second.texts(), ['4']);
  });

  test('3.1.1 and 3.1: without Clean Session it lasts until a clean one comes', () => {
    for (const protocolVersion of [3, 4] as const) {
      const name = `c${protocolVersion}`;
      broker.connect(name, { protocolVersion, cleanStart: false }).subscribe('t', { qos: 1 });
      broker.connect(name, { protocolVersion, cleanStart: false }).disconnect();
      broker.advance(1_000_000_000);
      publish('1');
      const back = broker.connect(name, { protocolVersion, cleanStart: false });
      assert.equal(back.connack.sessionPresent, protocolVersion === 4);
      assert.deepEqual(back.texts(), ['1']);
      back.disconnect();
      const clean = broker.connect(name, { protocolVersion, cleanStart: true });
      assert.equal(clean.connack.sessionPresent, false);
      publish('2');
      assert.deepEqual(clean.texts(), []);
      clean.disconnect();
      assert.equal(broker.broker.stats().sessions, 1);
    }
  });

  test('Clean Start begins anew: nothing of the old session is left [MQTT-3.1.2-4]', () => {
    const old = broker.connectLasting('c');
    old.subscribe('t', { qos: 1 });
    old.disconnect();
    publish('1');
    const fresh = broker.connectLasting('c', { cleanStart: true });
    assert.equal(fresh.connack.sessionPresent, false);
    publish('2');
    assert.deepEqual(fresh.texts(), []);
    assert.deepEqual(broker.broker.stats().dropped, { 'session-ended': 1 });
    broker.assertNothingLostInSilence();
  });

  test('what was not acknowledged comes again, with DUP and in order', () => {
    const first = broker.connectLasting('c', { properties: { receiveMaximum: 3 } });
    first.subscribe('t', { qos: 2 });
    for (const [text, qos] of [
      ['1', 1],
      ['2', 2],
      ['3', 1],
      ['4', 1],
    ] as const)
      publish(text, qos);
    assert.deepEqual(first.texts(), ['1', '2', '3']);
    first.cut();
    const second = broker.connectLasting('c');
    const messages = second.messages();
    assert.deepEqual(
      messages.map(({ payload, dup }) => [Buffer.from(payload).toString(), dup]),
      [
        ['1', true],
        ['2', true],
        ['3', true],
        ['4', false],
      ],
    );
  });

  test('a QoS 2 message that was received before the break is not routed again when it comes again', () => {
    const watcher = broker.connect('watcher');
    watcher.subscribe('#', { qos: 2 });
    const first = broker.connectLasting('c');
    first.send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    first.cut();
    const second = broker.connectLasting('c');
    second.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }));
    second.expectNow({ type: PacketType.pubrec, packetId: 7, reasonCode: ReasonCode.success });
    assert.deepEqual(watcher.texts(), ['once']);
  });
});

describe('expiry [MQTT-4.1.0-2]', () => {
  const left = () => [broker.broker.stats().sessions, broker.broker.stats().subscriptions];

  test('a session ends with its connection without an interval', () => {
    const client = broker.connect('c');
    client.subscribe('t', { qos: 1 });
    assert.deepEqual(left(), [2, 1]);
    client.cut();
    assert.deepEqual(left(), [1, 0]);
  });

  test('and otherwise when the interval has passed', () => {
    const client = broker.connect('c', { properties: { sessionExpiryInterval: 10 } });
    client.subscribe('t', { qos: 1 });
    client.cut();
    publish('waits');
    broker.advance(9_999);
    assert.deepEqual(left(), [2, 1]);
    broker.advance(101);
    assert.deepEqual(left(), [1, 0]);
    assert.equal(broker.broker.stats().sessionsExpired, 1);
    broker.assertNothingLostInSilence();
  });

  test('a client that is back in time stops the clock', () => {
    const properties = { sessionExpiryInterval: 10 };
    broker.connect('c', { properties }).cut();
    broker.advance(9_000);
    broker.connect('c', { cleanStart: false, properties });
    broker.advance(1_000_000);
    assert.deepEqual(left(), [2, 0]);
  });

  test('DISCONNECT may change the interval, but not from 0', () => {
    broker.connectLasting('c').disconnect(ReasonCode.normalDisconnection, { sessionExpiryInterval: 5 });
    broker.advance(5_100);
    assert.deepEqual(left(), [1, 0]);
    const brief = broker.connect('d');
    brief.send({ type: PacketType.disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 5 } });
    const [disconnect] = brief.takeAll();
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.protocolError);
  });

  test('4,294,967,295 never ends', () => {
    broker.connect('c', { properties: { sessionExpiryInterval: 0xffff_ffff } }).cut();
    broker.advance(10_000_000_000);
    assert.deepEqual(left(), [2, 0]);
  });

  test('the broker may allow less than the client asks for, and says so', async () => {
    const strict = await VirtualBroker.start({ limits: { maximumSessionExpiryInterval: 60 } });
    const client = strict.connect('c', { properties: { sessionExpiryInterval: 3600 } });
    assert.equal(client.connack.properties.sessionExpiryInterval, 60);
    client.cut();
    const old = strict.connect('old', { protocolVersion: 4, cleanStart: false });
    old.cut();
    strict.advance(60_100);
    assert.equal(strict.broker.stats().sessions, 0);
  });
});

describe('take-over [MQTT-3.1.4-3]', () => {
  test('the connection before is told and closed, the new one has the session', () => {
    const before = broker.connectLasting('c');
    before.subscribe('t', { qos: 1 });
    publish('1');
    const after = broker.connectLasting('c');
    const [message, disconnect] = before.takeAll();
    assert.equal(message?.type, PacketType.publish);
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.sessionTakenOver);
    assert.equal(before.isClosed, true);
    assert.equal(after.connack.sessionPresent, true);
    assert.deepEqual(after.texts(), ['1']);
    publish('2');
    assert.deepEqual(after.texts(), ['2']);
    assert.equal(broker.broker.stats().clients, 2);
  });

  test('3.1.1 is closed without a word', () => {
    const before = broker.connect('c', { protocolVersion: 4 });
    broker.connect('c', { protocolVersion: 4 });
    assert.deepEqual([before.takeAll(), before.isClosed], [[], true]);
  });

  test('a session that ends with its connection is not taken over but ends', () => {
    broker.connect('c').subscribe('t');
    const after = broker.connect('c', { cleanStart: false });
    assert.equal(after.connack.sessionPresent, false);
    publish('1');
    assert.deepEqual(after.texts(), []);
  });

  test('back and forth, nothing is left behind', () => {
    for (let i = 0; i < 20; i++)
      broker.connectLasting('c', { cleanStart: i % 3 === 0, protocolVersion: i % 2 === 0 ? 5 : 4 });
    const { clients, connections, sessions } = broker.broker.stats();
    assert.deepEqual([clients, connections, sessions], [2, 2, 2]);
  });
});

describe('subscriptions', () => {
  test('each filter has its own Reason Code, in order [MQTT-3.8.4-6]', async () => {
    const small = await VirtualBroker.start({ limits: { maximumSubscriptions: 2, maximumTopicLevels: 3 } });
    const client = small.connect('c');
    const filters = ['a', 'a/#/b', 'b', 'c', 'a', 'a/b/c/d', '$share//a'];
    const subscriptions = filters.map((topicFilter, at) => subscriptionTo(topicFilter, { qos: at === 4 ? 2 : 1 }));
    client.send({ type: PacketType.subscribe, packetId: 9, subscriptions, properties: {} });
    const [suback] = client.takeAll();
    assert.ok(suback?.type === PacketType.suback);
    const { topicFilterInvalid, quotaExceeded } = ReasonCode;
    assert.deepEqual(suback.reasonCodes, [
      1,
      topicFilterInvalid,
      1,
      quotaExceeded,
      2,
      topicFilterInvalid,
      topicFilterInvalid,
    ]);
    assert.equal(small.broker.stats().subscriptions, 2);
  });

  test('UNSUBSCRIBE answers for each filter whether there was one [MQTT-3.10.4-2]', () => {
    const client = broker.connect('c');
    client.subscribe('t');
    client.subscribe('$share/g/t');
    client.send(unsubscribePacket(5, 't', 'nothing', '$share/g/t', 't'));
    const none = ReasonCode.noSubscriptionExisted;
    client.expectNow({ type: PacketType.unsuback, packetId: 5, reasonCodes: [0, none, 0, none] });
    publish('1');
    assert.deepEqual(client.texts(), []);
    assert.equal(broker.broker.stats().subscriptions, 0);
  });

  test('messages that wait already are still delivered after UNSUBSCRIBE', () => {
    const client = broker.connect('c', { properties: { receiveMaximum: 1 } });
    client.subscribe('t', { qos: 1 });
    publish('1');
    publish('2');
    client.send(unsubscribePacket(5, 't'));
    assert.equal(client.takeAll().length, 2);
    client.send({ type: PacketType.puback, packetId: 1, reasonCode: 0, properties: {} });
    assert.deepEqual(client.texts(), ['2']);
  });

  test('No Local on a Shared Subscription is a Protocol Error [MQTT-3.8.3-4]', () => {
    const client = broker.connect('c');
    const subscriptions = [subscriptionTo('$share/g/t', { noLocal: true })];
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions, properties: {} });
    const [disconnect] = client.takeAll();
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.protocolError);
  });
});

describe('a broker that starts again on the same store', () => {
  test('goes on with sessions, subscriptions, messages and retained messages', async () => {
    const store = new MemoryStore();
    const first = await VirtualBroker.start({ store });
    const before = first.connectLasting('c');
    before.subscribe('t/#', { qos: 1 });
    const publisher = first.connect('p');
    publisher.send(publishPacket('t/1', 'in flight', { qos: 1, packetId: 1, retain: true }));
    before.cut();
    publisher.send(publishPacket('t/2', 'queued', { qos: 1, packetId: 2 }));
    await first.stop();

    const second = await VirtualBroker.start({ store }, first.clock);
    assert.equal(second.broker.stats().sessions, 1);
    const after = second.connectLasting('c');
    assert.equal(after.connack.sessionPresent, true);
    assert.deepEqual(
      after.messages().map(({ payload, dup }) => [Buffer.from(payload).toString(), dup]),
      [
        ['in flight', true],
        ['queued', false],
      ],
    );
    after.subscribe('t/1', { qos: 0 });
    assert.deepEqual(after.texts(), ['in flight']);
  });

  test('the Session Expiry Interval runs from its start', async () => {
    const store = new MemoryStore();
    const first = await VirtualBroker.start({ store });
    first.connect('c', { properties: { sessionExpiryInterval: 10 } }).cut();
    await first.stop();
    const second = await VirtualBroker.start({ store }, first.clock);
    second.advance(9_900);
    assert.equal(second.broker.stats().sessions, 1);
    second.advance(300);
    assert.equal(second.broker.stats().sessions, 0);
  });
});

describe('Client Identifiers', () => {
  test('the broker names a client that has none, each differently [MQTT-3.1.3-6] [MQTT-3.2.2-16]', () => {
    const names = [1, 2].map(() => broker.connect('').connack.properties.assignedClientIdentifier);
    assert.ok(names[0] !== undefined && names[1] !== undefined && names[0] !== names[1]);
    assert.equal(broker.connect('', { protocolVersion: 4 }).connack.reasonCode, ReasonCode.success);
  });

  test('3.1.1 needs one for a session that stays, 3.1 always [MQTT311-3.1.3-8]', () => {
    for (const [protocolVersion, cleanStart] of [
      [4, false],
      [3, true],
    ] as const) {
      const client = broker.connect('', { protocolVersion, cleanStart });
      assert.equal(client.connack.reasonCode, ReasonCode.clientIdentifierNotValid);
      assert.equal(client.isClosed, true);
    }
  });
});
