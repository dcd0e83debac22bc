import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, connectPacket, publishPacket, subscribePacket, willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { SlowStore } from '../slow-store.ts';
import { VirtualBroker, type VirtualClient, type VirtualConnect } from '../virtual-broker.ts';

let store: SlowStore;
let broker: VirtualBroker;
let watcher: VirtualClient;

beforeEach(async () => {
  store = new SlowStore();
  broker = await VirtualBroker.start({ store, limits: { maximumRetainedMessages: 1 } });
  watcher = broker.connect('watcher');
  watcher.subscribe('#', { qos: 0 });
});

function sync(): void {
  store.sync();
  broker.run();
}

/** Connects a client whose session stays, however long the store takes for it. */
function connectLasting(name: string, connect: VirtualConnect = {}): VirtualClient {
  store.onWanted = () => broker.clock.endOfTurn(() => store.sync());
  const client = broker.connectLasting(name, connect);
  store.onWanted = () => {};
  return client;
}

/** A lasting subscriber, away or not, so that a message has to be kept. */
function keeper(topicFilter = '#'): VirtualClient {
  const client = connectLasting('keeper');
  store.onWanted = () => broker.clock.endOfTurn(() => store.sync());
  client.subscribe(topicFilter, { qos: 2 });
  store.onWanted = () => {};
  return client;
}

const seen = (client: VirtualClient) =>
  client.takeAll().map((packet) => [packet.type, 'packetId' in packet && packet.packetId]);
const { connack, puback, pubrec, pubrel, pubcomp, publish } = PacketType;

describe('what is acknowledged is kept', () => {
  test('PUBACK and PUBREC come when the store is done, deliveries at once', () => {
    keeper().cut();
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1 }), publishPacket('t', '2', { qos: 2, packetId: 2 }));
    client.send(publishPacket('t', '3'));
    assert.deepEqual(watcher.texts(), ['1', '2', '3']);
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [
      [puback, 1],
      [pubrec, 2],
    ]);
  });

  test('a message that nothing has to be kept of is acknowledged at once, behind those that wait', () => {
    keeper('kept').cut();
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1 }));
    assert.deepEqual(seen(client), [[puback, 1]]);
    client.send(publishPacket('kept', '2', { qos: 1, packetId: 2 }), publishPacket('t', '3', { qos: 1, packetId: 3 }));
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [
      [puback, 2],
      [puback, 3],
    ]);
  });

  test('a retained message is kept', () => {
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1, retain: true }));
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [[puback, 1]]);
  });

  test('CONNACK of a lasting session, SUBACK and UNSUBACK', () => {
    const raw = broker.raw(5);
    raw.send(connectPacket({ clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } }));
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    sync();
    assert.equal(raw.take()?.type, PacketType.connack);
    raw.send(subscribePacket(1, 'a'), {
      type: PacketType.unsubscribe,
      packetId: 2,
      topicFilters: ['a'],
      properties: {},
    });
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    sync();
    assert.deepEqual(
      raw.takeAll().map(({ type }) => type),
      [PacketType.suback, PacketType.unsuback],
    );
  });

  test('CONNACK of a client whose Will is kept, and no other', () => {
    const raw = broker.raw(5);
    raw.send(connectPacket({ clientIdentifier: 'plain' }));
    broker.run();
    assert.equal(raw.take()?.type, PacketType.connack);
    const willing = broker.raw(5);
    willing.send(connectPacket({ clientIdentifier: 'willing', will: willMessage('gone') }));
    broker.run();
    assert.deepEqual(willing.takeAll(), []);
    sync();
    assert.equal(willing.take()?.type, PacketType.connack);
  });

  test('CONNACK of a client whose former session is discarded, though nothing of the new one is kept', () => {
    connectLasting('c').cut();
    const raw = broker.raw(5);
    raw.send(connectPacket({ clientIdentifier: 'c', cleanStart: true }));
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    sync();
    const connack = raw.take();
    assert.ok(connack?.type === PacketType.connack && !connack.sessionPresent);
  });

  test('messages that come before the CONNACK wait for it', () => {
    keeper('t').cut();
    const raw = broker.raw(5);
    raw.send(
      connectPacket({ clientIdentifier: 'keeper', cleanStart: false, properties: { sessionExpiryInterval: 60 } }),
    );
    broker.run();
    broker.connect('c').send(publishPacket('t', 'early', { qos: 1, packetId: 1 }), publishPacket('t', 'qos 0'));
    assert.deepEqual(raw.takeAll(), []);
    sync();
    assert.deepEqual(
      raw.takeAll().map(({ type }) => type),
      [PacketType.connack, publish, publish],
    );
  });

  test('a client that is taken over while its CONNACK waits is told nothing, the other one is in', () => {
    const first = broker.raw(5);
    const connect = { clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    first.send(connectPacket(connect));
    broker.run();
    const second = broker.raw(5);
    second.send(connectPacket(connect));
    broker.run();
    sync();
    assert.equal(first.isClosed, true);
    assert.deepEqual(first.takeAll(), []);
    assert.equal(second.take()?.type, PacketType.connack);
    assert.equal(broker.broker.stats().clients, 2);
  });
});

describe('after a crash the other side never knows more of a QoS 2 flow than the broker', () => {
  test('PUBLISH leaves when its Packet Identifier is kept', () => {
    const client = keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    assert.deepEqual(seen(client), []);
    assert.deepEqual(store.told, [['sent', 1]]);
    sync();
    assert.deepEqual(seen(client), [[publish, 1]]);
  });

  test('QoS 1 does not wait: it may come twice', () => {
    const client = keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 1, packetId: 9 }));
    assert.deepEqual(seen(client), [[publish, 1]]);
    client.send(acknowledgementPacket('puback', 1));
    assert.deepEqual(store.told, [
      ['sent', 1],
      ['finished', 1],
    ]);
  });

  test('PUBREL leaves when the receipt is kept, in the order of the PUBRECs', () => {
    const client = keeper('t');
    const sender = broker.connect('c');
    for (const packetId of [1, 2]) sender.send(publishPacket('t', 'x', { qos: 2, packetId }));
    sync();
    client.takeAll();
    for (const packetId of [2, 1, 7]) client.send(acknowledgementPacket('pubrec', packetId));
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [
      [pubrel, 2],
      [pubrel, 1],
      [pubrel, 7],
    ]);
    client.send(acknowledgementPacket('pubcomp', 1));
    assert.deepEqual(store.told.slice(-3), [
      ['received', 2],
      ['received', 1],
      ['finished', 1],
    ]);
  });

  test('PUBCOMP leaves when the release is kept', () => {
    const client = connectLasting('c');
    client.send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    sync();
    assert.deepEqual(seen(client), [[pubrec, 9]]);
    client.send(acknowledgementPacket('pubrel', 9));
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [[pubcomp, 9]]);
    assert.deepEqual(store.told, [
      ['accepted', 9],
      ['released', 9],
    ]);
  });

  test('a connection that has ended meanwhile is sent nothing', () => {
    const client = keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    client.cut();
    sync();
    const [again] = connectLasting('keeper').messages();
    assert.deepEqual([again?.packetId, again?.dup], [1, true]);
  });
});

describe('the connection breaks before', () => {
  test('a QoS 2 message that comes again on the next one is acknowledged, and was routed once', () => {
    connectLasting('c').send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    const next = connectLasting('c');
    next.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }));
    next.send(publishPacket('t', 'behind', { qos: 1, packetId: 8 }));
    sync();
    assert.deepEqual(seen(next), [
      [pubrec, 7],
      [puback, 8],
    ]);
    next.send(acknowledgementPacket('pubrel', 7));
    sync();
    next.expectNow(acknowledgementPacket('pubcomp', 7));
    assert.deepEqual(watcher.texts(), ['once', 'behind']);
  });

  test('a QoS 2 message that was refused is taken as new', () => {
    const other = broker.connect('other');
    other.send(publishPacket('kept', 'x', { retain: true }));
    const first = connectLasting('c');
    first.send(publishPacket('too/many', 'x', { qos: 2, packetId: 7, retain: true }));
    first.cut();
    sync();
    watcher.takeAll();
    other.send(publishPacket('kept', '', { retain: true }));
    const next = connectLasting('c');
    next.send(publishPacket('too/many', 'again', { qos: 2, packetId: 7, retain: true, dup: true }));
    sync();
    assert.deepEqual(seen(next), [[pubrec, 7]]);
    assert.deepEqual(watcher.texts(), ['', 'again']);
  });

  test('a QoS 1 message comes again, and only its own connection’s answer acknowledges it', () => {
    keeper().cut();
    const first = connectLasting('c');
    first.send(publishPacket('t', 'first', { qos: 1, packetId: 7 }));
    first.cut();
    const next = connectLasting('c');
    next.send(publishPacket('t', 'first', { qos: 1, packetId: 7, dup: true }));
    assert.deepEqual(seen(next), []);
    sync();
    assert.deepEqual(seen(next), [[puback, 7]]);
    assert.deepEqual(watcher.texts(), ['first', 'first']);
  });

  test('a session that began anew knows nothing of it', () => {
    const first = connectLasting('c');
    first.send(publishPacket('t', 'old', { qos: 2, packetId: 7 }));
    const fresh = connectLasting('c', { cleanStart: true });
    fresh.send(publishPacket('t', 'new', { qos: 2, packetId: 7 }));
    assert.deepEqual(watcher.texts(), ['old', 'new']);
    sync();
    assert.deepEqual(seen(fresh), [[pubrec, 7]]);
  });
});

test('Receive Maximum counts what waits for the store', async () => {
  broker = await VirtualBroker.start({ store, limits: { receiveMaximum: 2 } });
  const client = connectLasting('c');
  for (const packetId of [1, 2]) client.send(publishPacket('t', 'x', { qos: 2, packetId }));
  assert.equal(client.isClosed, false);
  sync();
  client.takeAll();
  client.send(publishPacket('t', 'x', { qos: 2, packetId: 3 }));
  const [disconnect] = client.takeAll();
  assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.receiveMaximumExceeded);
  sync();
});

describe('a store that cannot keep anything', () => {
  test('what would have to be kept is refused with 0x97, everything else goes on', () => {
    keeper('kept').cut();
    const client = broker.connect('c');
    store.failure = 'ENOSPC: no space left on device';
    client.send(publishPacket('kept', '1', { qos: 1, packetId: 1 }), publishPacket('t', '2', { qos: 1, packetId: 2 }));
    client.send(publishPacket('t', '3', { qos: 1, packetId: 3, retain: true }), publishPacket('kept', '4'));
    const codes = client.takeAll().map((packet) => packet.type === puback && [packet.packetId, packet.reasonCode]);
    assert.deepEqual(codes, [
      [1, ReasonCode.quotaExceeded],
      [2, ReasonCode.success],
      [3, ReasonCode.quotaExceeded],
    ]);
    assert.deepEqual(watcher.texts(), ['2', '4']);
    store.failure = undefined;
    client.send(publishPacket('kept', '5', { qos: 1, packetId: 4 }));
    sync();
    assert.deepEqual(seen(client), [[puback, 4]]);
  });

  test('below 5.0 only the end of the connection says that a message is not acknowledged', () => {
    keeper('kept').cut();
    const client = broker.connect('c', { protocolVersion: 4 });
    store.failure = 'ENOSPC: no space left on device';
    client.send(publishPacket('kept', '1', { qos: 1, packetId: 1 }));
    assert.deepEqual(client.takeAll(), []);
    assert.equal(client.isClosed, true);
  });

  test('a lasting session and a Will cannot begin, a plain session can', () => {
    store.failure = 'ENOSPC: no space left on device';
    assert.equal(broker.connectLasting('c').connack.reasonCode, ReasonCode.quotaExceeded);
    assert.equal(broker.connect('c', { will: willMessage('gone') }).connack.reasonCode, ReasonCode.quotaExceeded);
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.success);
  });
});

describe('a known session while the store cannot keep anything', () => {
  const failure = 'ENOSPC: no space left on device';
  const away = () => {
    keeper('q').cut();
    const client = broker.connect('p');
    client.send(...[1, 2].map((n) => publishPacket('q', `${n}`, { qos: 1, packetId: n })));
    sync();
    client.takeAll();
    return client;
  };
  const fail = () => {
    store.failure = failure;
    store.tellFailure();
  };

  test('is let in at once, with a Will too, and gets what waits for it', () => {
    away();
    fail();
    const back = broker.connectLasting('keeper', { will: willMessage('gone') });
    assert.deepEqual([back.connack.reasonCode, back.connack.sessionPresent], [ReasonCode.success, true]);
    assert.deepEqual(back.texts(), ['1', '2']);
    back.send(...[1, 2].map((packetId) => acknowledgementPacket('puback', packetId)));
    assert.equal(broker.waiting, 0);
  });

  test('may subscribe again to what it has, and to nothing else: that could not be kept', () => {
    away();
    fail();
    const back = broker.connectLasting('keeper');
    back.takeAll();
    assert.deepEqual(back.subscribe('q', { qos: 2 }).reasonCodes, [2]);
    assert.deepEqual(back.subscribe('q', { qos: 0 }).reasonCodes, [ReasonCode.quotaExceeded]);
    assert.deepEqual(back.subscribe('other', { qos: 1 }).reasonCodes, [ReasonCode.quotaExceeded]);
  });

  test('does not wait for its CONNACK when the store begins to fail after its CONNECT', () => {
    away();
    const back = broker.raw();
    back.send(
      connectPacket({ clientIdentifier: 'keeper', cleanStart: false, properties: { sessionExpiryInterval: 60 } }),
    );
    broker.run();
    assert.deepEqual(back.takeAll(), [], 'it waits for the store');
    fail();
    broker.run();
    back.expectNow({ type: connack, sessionPresent: true }, { type: publish }, { type: publish });
  });

  test('cannot be replaced by a new one: its end could not be kept', () => {
    away();
    fail();
    const fresh = broker.connect('keeper');
    assert.equal(fresh.connack.reasonCode, ReasonCode.quotaExceeded);
    assert.match(fresh.connack.properties.reasonString ?? '', /cannot keep the end of the session: ENOSPC/);
    assert.ok(fresh.connack.properties.userProperties?.some(([name]) => name === 'retry-after'));
    store.failure = undefined;
    const after = broker.raw();
    after.send(connectPacket({ clientIdentifier: 'keeper' }));
    broker.run();
    sync();
    after.expectNow({ type: connack, reasonCode: ReasonCode.success, sessionPresent: false });
  });
});

describe('what an acknowledgement is worth', () => {
  const toldTo = async (options: Parameters<typeof VirtualBroker.start>[0]) =>
    (await VirtualBroker.start(options)).connect('c').connack.properties.userProperties;

  test('5.0 clients are told with CONNACK, unless that is turned off', async () => {
    assert.deepEqual(await toldTo({ store: new SlowStore() }), [['durability', 'memory']]);
    assert.deepEqual(await toldTo({ store: Object.assign(new SlowStore(), { durability: 'disk' }) }), [
      ['durability', 'disk'],
    ]);
    assert.equal(await toldTo({ capabilities: { announceDurability: false } }), undefined);
    assert.equal(broker.connect('old', { protocolVersion: 4 }).connack.properties.userProperties, undefined);
  });

  test('a client that takes only a small CONNACK is not told', () => {
    const { connack } = broker.connect('c', { properties: { maximumPacketSize: 20 } });
    assert.equal(connack.reasonCode, ReasonCode.success);
    assert.equal(connack.properties.userProperties, undefined);
  });

  test('by topic: with memory nobody waits for the store', async () => {
    const durability = [
      { topicFilter: 'fast/important/#', durability: 'disk' },
      { topicFilter: 'fast/#', durability: 'memory' },
    ] as const;
    broker = await VirtualBroker.start({ store, durability });
    keeper().cut();
    const client = broker.connect('c');
    client.send(publishPacket('fast/t', '1', { qos: 1, packetId: 1 }));
    assert.deepEqual(seen(client), [[puback, 1]]);
    client.send(publishPacket('fast/important/t', '2', { qos: 1, packetId: 2 }));
    client.send(publishPacket('t', '3', { qos: 2, packetId: 3 }));
    assert.deepEqual(seen(client), []);
    sync();
    assert.deepEqual(seen(client), [
      [puback, 2],
      [pubrec, 3],
    ]);
  });

  test('a rule that is none is refused with its place', async () => {
    const start = (topicFilter: string, durability: string) =>
      VirtualBroker.start({ durability: [{ topicFilter, durability: durability as 'disk' }] });
    await assert.rejects(start('a/#/b', 'disk'), /durability\[0\]\.topicFilter: /);
    await assert.rejects(start('a', 'tape'), /durability\[0\]\.durability must be memory or disk, not 'tape'/);
  });
});

test('$SYS tells what acknowledgements are worth, and when the store cannot keep anything', async () => {
  const durable = Object.assign(new SlowStore(), { durability: 'disk' as const });
  const watched = await VirtualBroker.start({ store: durable, systemTopicsInterval: 10 });
  const client = watched.connect('c');
  client.subscribe('$SYS/broker/store/+');
  const told = () =>
    client.messages().map(({ topicName, payload }) => `${topicName.slice(18)} ${Buffer.from(payload).toString()}`);
  assert.deepEqual(told(), ['durability disk']);
  durable.failure = 'ENOSPC: no space left on device';
  watched.advance(10_000);
  assert.deepEqual(told(), ['failure ENOSPC: no space left on device']);
  durable.failure = undefined;
  watched.advance(10_000);
  assert.deepEqual(told(), ['failure none']);
});
