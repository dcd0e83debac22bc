import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, subscriptionTo, willMessage } from '@busbar/testkit';
import type { ByteTransport, MemoryTransport } from '@busbar/transport';
import { createMemoryPair } from '@busbar/transport';
import { afterEach, describe, test } from 'vitest';
import type { BrokerOptions } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

let broker: VirtualBroker;

async function start(limits: BrokerOptions['limits'], options: BrokerOptions = {}): Promise<void> {
  broker = await VirtualBroker.start({ limits: limits ?? {}, watchesLoad: true, ...options });
}

afterEach(async () => broker.stop());

/** A connection that says it comes from an address. */
function openFrom(address: string): MemoryTransport {
  const [near, far] = createMemoryPair({ schedule: broker.clock.task });
  const named = Object.create(far, { remote: { value: { address, port: 1 } } }) as ByteTransport;
  for (const name of ['attach', 'write', 'writeAll', 'pause', 'resume', 'end', 'destroy'] as const) {
    Object.defineProperty(named, name, {
      value: (...given: never[]) => (far[name] as (...all: never[]) => void)(...given),
    });
  }
  for (const name of ['bufferedBytes', 'isWritable'] as const) {
    Object.defineProperty(named, name, { get: () => far[name] });
  }
  broker.broker.accept(named);
  broker.run();
  return near;
}

function isOpen(transport: MemoryTransport): boolean {
  let isClosed = false;
  transport.attach({
    handleBytes() {},
    handleWritable() {},
    handleClosed() {
      isClosed = true;
    },
  });
  broker.run();
  return !isClosed;
}

const reached = () => broker.broker.stats().limitsReached;
const warnings = () => broker.takeLog('warn').map(({ message, fields }) => [message, fields['limit']]);
const connackOf = (client: VirtualClient) => client.connack.reasonCode;
const retryAfter = (client: VirtualClient) =>
  client.connack.properties.userProperties?.find(([name]) => name === 'retry-after')?.[1];

describe('connections', () => {
  test('of one address, of IPv6 of one /64: one more is closed at once', async () => {
    await start({ maximumConnectionsPerAddress: 2 });
    const first = openFrom('10.0.0.1');
    assert.deepEqual([isOpen(openFrom('10.0.0.1')), isOpen(openFrom('10.0.0.1'))], [true, false]);
    assert.deepEqual(
      ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map((address) => isOpen(openFrom(address))),
      [true, true, false, true],
    );
    assert.deepEqual(reached(), { maximumConnectionsPerAddress: 2 });
    assert.equal(broker.broker.stats().connectionsRefused, 2);
    assert.deepEqual(warnings(), [['a limit has been reached', 'maximumConnectionsPerAddress']]);
    first.destroy();
    broker.run();
    assert.equal(isOpen(openFrom('10.0.0.1')), true);
  });

  test('of one user: one more is refused with 0x97, below 5.0 with 3; taking one over is none more', async () => {
    await start({ maximumConnectionsPerUser: 2 });
    const first = broker.connect('a', { userName: 'u' });
    broker.connect('b', { userName: 'u' });
    const refused = broker.connect('c', { userName: 'u' });
    assert.equal(connackOf(refused), ReasonCode.quotaExceeded);
    assert.match(refused.connack.properties.reasonString ?? '', /at most 2 clients of a user/);
    const old = broker.connect('d', { userName: 'u', protocolVersion: 4 });
    assert.equal(connackOf(old), ReasonCode.serverUnavailable);
    assert.equal(connackOf(broker.connect('b', { userName: 'u' })), ReasonCode.success);
    for (const name of ['e', 'f', 'g']) assert.equal(connackOf(broker.connect(name)), ReasonCode.success);
    assert.equal(connackOf(broker.connect('h', { userName: 'other' })), ReasonCode.success);
    first.cut();
    assert.equal(connackOf(broker.connect('c', { userName: 'u' })), ReasonCode.success);
    assert.deepEqual(reached(), { maximumConnectionsPerUser: 2 });
  });

  test('that are not let in yet: the one that has been silent for longest gives way', async () => {
    await start({ maximumUnauthenticatedConnections: 3 });
    const silent = [broker.raw(), broker.raw(), broker.raw()];
    broker.run();
    broker.connect('fine');
    assert.deepEqual(
      silent.map(({ isClosed }) => isClosed),
      [true, false, false],
    );
    for (let n = 0; n < 20; n++) broker.connect(`fine ${n}`);
    assert.equal(broker.broker.stats().clients, 21);
    assert.deepEqual(reached(), { maximumUnauthenticatedConnections: 1 });
  });

  test('whose client takes its time for CONNECT are closed, and counted', async () => {
    await start({ connectTimeoutMs: 1_000 });
    const client = broker.raw();
    client.send(Uint8Array.of(0x10));
    broker.advance(1_200);
    assert.equal(client.isClosed, true);
    assert.deepEqual(reached(), { connectTimeoutMs: 1 });
  });
});

test('whoever is asked about a client and does not answer keeps it at the door for so long', async () => {
  let answer: (isAllowed: boolean) => void = () => {};
  const authenticate = () => new Promise<boolean>((resolve) => (answer = resolve)).then((isAllowed) => ({ isAllowed }));
  await start({ authenticationTimeoutMs: 5_000 }, { authenticate: authenticate as never });
  const client = broker.raw();
  client.send(connectPacket({ clientIdentifier: 'c' }));
  broker.advance(4_900);
  assert.equal(client.isClosed, false);
  broker.advance(300);
  client.expectNow({ type: PacketType.connack, reasonCode: ReasonCode.serverUnavailable });
  assert.equal(client.isClosed, true);
  answer(true);
  await Promise.resolve();
  broker.run();
  assert.equal(broker.broker.stats().clients, 0);
  assert.deepEqual(reached(), { authenticationTimeoutMs: 1 });
});

describe('CONNECT packets per second', () => {
  test('what is more is refused with 0x9F and a hint when to come again; a second later they may', async () => {
    await start({ maximumConnectRate: 5, retryAfterSeconds: 7 });
    const clients = Array.from({ length: 8 }, (_, n) => broker.connect(`c${n}`));
    const { success, connectionRateExceeded } = ReasonCode;
    assert.deepEqual(clients.map(connackOf), [
      ...Array.from({ length: 5 }, () => success),
      ...Array.from({ length: 3 }, () => connectionRateExceeded),
    ]);
    assert.ok(clients.slice(5).every((client) => Number(retryAfter(client)) >= 7));
    assert.equal(connackOf(broker.connect('old', { protocolVersion: 4 })), ReasonCode.serverUnavailable);
    assert.deepEqual(reached(), { maximumConnectRate: 4 });
    broker.advance(1_000);
    assert.equal(connackOf(broker.connect('later')), success);
  });

  test('of one address are bounded before those of all', async () => {
    await start({ maximumConnectRate: 5, maximumConnectRatePerAddress: 2 });
    for (let n = 0; n < 10; n++) broker.connect(`m${n}`);
    assert.deepEqual(reached(), { maximumConnectRatePerAddress: 8 });
    for (let n = 0; n < 5; n++) {
      openFrom(`10.0.0.${n}`).write(Uint8Array.of(0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 2, 0x41 + n, 0x41));
      broker.run();
    }
    assert.equal(broker.broker.stats().clients, 5);
    assert.equal(reached()['maximumConnectRate'], 2);
  });
});

describe('messages per second', () => {
  const publish = (client: VirtualClient, count: number, qos: 0 | 1 = 0, from = 1) =>
    client.send(
      ...Array.from({ length: count }, (_, n) => publishPacket('t', 'x', { qos, packetId: qos === 0 ? 0 : from + n })),
    );

  test('a client that has sent too many is not read until it is within its rate; nothing is lost, others go on', async () => {
    await start({ maximumMessageRate: 100 });
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
    assert.deepEqual(reached(), { maximumMessageRate: 1 });
    broker.advance(10_000);
    assert.equal(client.isClosed, true, 'and after that it has');
  });

  test('or is refused: 0x97 at QoS 1, and what it cannot be told is counted', async () => {
    await start({ maximumMessageRate: 3, ratePolicy: 'refuse' });
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
    assert.deepEqual(reached(), { maximumMessageRate: 4 });
    broker.advance(1_000);
    publish(client, 1, 1, 10);
    assert.equal(client.takeAll()[0]?.type, PacketType.puback);
    assert.deepEqual(reached(), { maximumMessageRate: 4 });
  });

  test('or is cut off with 0x96', async () => {
    await start({ maximumMessageRate: 3, ratePolicy: 'disconnect' });
    const client = broker.connect('c');
    publish(client, 5);
    const disconnect = client.take();
    assert.ok(disconnect?.type === PacketType.disconnect);
    assert.equal(disconnect.reasonCode, ReasonCode.messageRateTooHigh);
    assert.equal(client.isClosed, true);
  });

  test('bytes are bounded alike', async () => {
    await start({ maximumByteRate: 10_000 });
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
    assert.deepEqual(reached(), { maximumByteRate: 1 });
  });

  test('are bounded by other numbers, or no longer, as soon as the limits are replaced', async () => {
    await start({});
    const client = broker.connect('c');
    publish(client, 50, 1);
    assert.equal(client.takeAll().length, 50);
    assert.deepEqual(broker.broker.replaceLimits({ maximumMessageRate: 1, ratePolicy: 'refuse' }, []), []);
    publish(client, 3, 1, 100);
    assert.deepEqual(reached(), { maximumMessageRate: 2 });
    broker.broker.replaceLimits({}, []);
    publish(client, 50, 1, 200);
    assert.deepEqual(reached(), { maximumMessageRate: 2 });
  });
});

describe('topics', () => {
  test('too long or too deep: 0x90 ends the connection, 0x8F refuses the subscription, and so is a Will', async () => {
    await start({ maximumTopicLength: 10, maximumTopicLevels: 3 });
    for (const topic of ['12345678901', 'a/b/c/d']) {
      const client = broker.connect('c');
      client.send(publishPacket('1234567890', 'fine'), publishPacket(topic, 'x'));
      const disconnect = client.take();
      assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.topicNameInvalid);
      assert.deepEqual(broker.connect('d').subscribe(topic).reasonCodes, [ReasonCode.topicFilterInvalid]);
      assert.equal(connackOf(broker.connect('e', { will: willMessage(topic) })), ReasonCode.topicNameInvalid);
    }
    assert.deepEqual(broker.connect('d').subscribe('1234567890').reasonCodes, [0]);
    assert.equal(reached()['maximumTopicLength'], 3);
    assert.equal(reached()['maximumTopicLevels'], 2);
  });
});

describe('what existed before is counted, too', () => {
  test('sessions, subscriptions, identifiers, Receive Maximum, aliases, packet sizes', async () => {
    await start({
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
    assert.deepEqual(reached(), {
      maximumClientIdentifierLength: 1,
      maximumConnectSize: 1,
      maximumPacketSize: 1,
      maximumSessions: 1,
      maximumSubscriptions: 1,
      topicAliasMaximum: 1,
    });
  });

  test('queues, by which of their bounds is full; and retained messages', async () => {
    await start({ maximumQueuedMessages: 2, maximumRetainedMessages: 1, maximumRetainedBytes: 1_000 });
    const away = broker.connectLasting('away');
    away.subscribe('q', { qos: 1 });
    away.cut();
    const client = broker.connect('c');
    for (let n = 1; n <= 4; n++) client.send(publishPacket('q', `${n}`, { qos: 1, packetId: n }));
    for (const topic of ['a', 'b']) client.send(publishPacket(topic, 'x', { retain: true }));
    client.send({ ...publishPacket('a', '', { retain: true }), payload: new Uint8Array(2_000) });
    assert.deepEqual(reached(), { maximumQueuedMessages: 2, maximumRetainedMessages: 1, maximumRetainedBytes: 1 });
    assert.deepEqual(broker.broker.stats().dropped, { 'queue-full': 2 });
    broker.assertNothingLostInSilence();
  });

  test('Keep Alive: 5.0 clients are told, others that ask for more, or for none, are refused with 2', async () => {
    await start({ maximumKeepAlive: 60 });
    assert.equal(broker.connect('a', { keepAlive: 100 }).connack.properties.serverKeepAlive, 60);
    const old = (keepAlive: number) => connackOf(broker.connect('b', { keepAlive, protocolVersion: 4 }));
    const { success, clientIdentifierNotValid } = ReasonCode;
    assert.deepEqual([0, 1, 60, 61].map(old), [clientIdentifierNotValid, success, success, clientIdentifierNotValid]);
    assert.deepEqual(reached(), { maximumKeepAlive: 2 });
  });
});

describe('memory that is used up', () => {
  const shortOf = async (options: BrokerOptions['limits'] = {}) => {
    await start(options);
    const away = broker.connectLasting('away');
    away.subscribe('q', { qos: 1 });
    broker.connect('c').send(publishPacket('kept', 'small', { retain: true }));
    return away;
  };
  const runOut = () => {
    broker.broker.replaceLimits({ memoryLimit: 1 }, []);
    broker.advance(600);
    assert.equal(broker.broker.stats().overload.isOutOfMemory, true);
  };

  test('new clients are refused with 0x89 and a hint, those who are in stay, those with a session come back', async () => {
    const away = await shortOf();
    const inside = broker.connect('inside');
    away.cut();
    runOut();
    const refused = broker.connect('new');
    assert.equal(connackOf(refused), ReasonCode.serverBusy);
    assert.ok(Number(retryAfter(refused)) >= 5);
    assert.equal(connackOf(broker.connect('old', { protocolVersion: 4 })), ReasonCode.serverUnavailable);
    assert.equal(inside.isClosed, false);
    const back = broker.raw();
    back.send(connectPacket({ clientIdentifier: 'away', cleanStart: false }));
    broker.run();
    assert.deepEqual(back.takeAll(), [], 'it waits for its turn');
    broker.advance(200);
    back.expectNow({ type: PacketType.connack, reasonCode: ReasonCode.success, sessionPresent: true });
    assert.equal(broker.broker.readiness.reasonOf('overloaded'), 'the memory is used up');
    assert.equal(reached()['memoryLimit'], 1);
    assert.equal(reached()['overload'], 2);
  });

  test('what would have to wait or be retained is refused with 0x97, or lost and counted; what need not, goes on', async () => {
    const away = await shortOf();
    away.cut();
    const watcher = broker.connect('watcher');
    watcher.subscribe('t', { qos: 1 });
    const client = broker.connect('p');
    const old = broker.connect('old', { protocolVersion: 4 });
    runOut();
    client.send(publishPacket('q', '1', { qos: 1, packetId: 1 }), publishPacket('t', '2', { qos: 1, packetId: 2 }));
    client.send(publishPacket('kept', 'larger than it was', { qos: 1, packetId: 3, retain: true }));
    client.send(publishPacket('kept', 's', { qos: 1, packetId: 4, retain: true }));
    client.send(publishPacket('kept', '', { qos: 1, packetId: 5, retain: true }));
    old.send(publishPacket('q', '6', { qos: 1, packetId: 6 }));
    const { quotaExceeded, success, noMatchingSubscribers } = ReasonCode;
    assert.deepEqual(
      client.takeAll().map((packet) => packet.type === PacketType.puback && packet.reasonCode),
      [quotaExceeded, success, quotaExceeded, noMatchingSubscribers, noMatchingSubscribers],
    );
    old.expectNow({ type: PacketType.puback, packetId: 6 });
    assert.deepEqual(watcher.texts(), ['2']);
    assert.deepEqual(broker.broker.stats().dropped, { 'out-of-memory': 1 });
    broker.assertNothingLostInSilence();
  });

  test('it ends when there is enough again: everything is as before', async () => {
    const away = await shortOf();
    away.cut();
    runOut();
    broker.broker.replaceLimits({}, []);
    broker.advance(1_500);
    assert.equal(broker.broker.stats().isOverloaded, false);
    assert.equal(broker.broker.readiness.isReady, true);
    const client = broker.connect('new');
    client.send(publishPacket('q', '1', { qos: 1, packetId: 1 }), publishPacket('kept', 'much more', { retain: true }));
    client.expectNow({ type: PacketType.puback, reasonCode: ReasonCode.success });
    assert.equal(broker.broker.stats().retained, 1);
    const overload = broker.takeLog('info').filter(({ message }) => message.includes('overloaded'));
    assert.deepEqual(
      overload.map(({ level }) => level),
      ['warn', 'info'],
    );
  });
});

test('an event loop that is late slows clients that connect, and those who are in notice nothing', async () => {
  await start({ overloadConnectRate: 10 });
  const away = broker.connectLasting('away');
  away.cut();
  const inside = broker.connect('inside', { keepAlive: 10 });
  inside.subscribe('t');
  for (let n = 0; n < 5; n++) broker.clock.leap(600);
  assert.equal(broker.broker.stats().overload.level, 'slowed');
  const waiting = ['x', 'y', 'away'].map((clientIdentifier) => {
    const client = broker.raw();
    client.send(connectPacket({ clientIdentifier, cleanStart: false }));
    return client;
  });
  broker.run();
  assert.equal(broker.broker.stats().overload.waitingClients, 3);
  const order: string[] = [];
  for (const [at, client] of waiting.entries()) client.onPacket = () => order.push(['x', 'y', 'away'][at] ?? '');
  broker.advance(1_000);
  assert.deepEqual(order, ['away', 'x', 'y']);
  inside.send(publishPacket('t', 'still here'));
  assert.deepEqual(inside.texts(), ['still here']);
});

test('limits that need a new start are named, the others hold at once; a wrong one changes nothing', async () => {
  await start({ maximumConnections: 10 });
  assert.deepEqual(broker.broker.replaceLimits({ maximumConnections: 1, maximumRoutes: 1_000 }, []), ['maximumRoutes']);
  broker.connect('a');
  assert.equal(isOpen(broker.open()), false);
  assert.throws(() => broker.broker.replaceLimits({ maximumConnections: 0 }, []), /maximumConnections must be/);
  assert.equal(isOpen(broker.open()), false);
  broker.broker.replaceLimits({}, []);
  const client = broker.connect('b');
  assert.equal(connackOf(client), ReasonCode.success);
});

test('a Receive Maximum holds for whom it was told, even when it is another one now', async () => {
  await start({ receiveMaximum: 5 });
  const before = broker.connect('before');
  broker.broker.replaceLimits({ receiveMaximum: 2 }, []);
  assert.equal(before.connack.properties.receiveMaximum, 5);
  assert.equal(broker.connect('after').connack.properties.receiveMaximum, 2);
});
