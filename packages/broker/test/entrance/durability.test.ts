import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, connectPacket, publishPacket, subscribePacket, willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { SlowBroker, seen } from '../slow-broker.ts';
import type { SlowStore } from '../slow-store.ts';
import type { VirtualBroker, VirtualClient } from '../virtual-broker.ts';

let slow: SlowBroker;
let store: SlowStore;
let broker: VirtualBroker;
let watcher: VirtualClient;

beforeEach(async () => {
  slow = await SlowBroker.start({ limits: { maximumRetainedMessages: 1 } });
  ({ store, broker, watcher } = slow);
});

const { puback, pubrec, pubrel, pubcomp, publish } = PacketType;

describe('what is acknowledged is kept', () => {
  test('PUBACK and PUBREC come when the store is done, deliveries at once', () => {
    slow.keeper().cut();
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1 }), publishPacket('t', '2', { qos: 2, packetId: 2 }));
    client.send(publishPacket('t', '3'));
    assert.deepEqual(watcher.texts(), ['1', '2', '3']);
    assert.deepEqual(seen(client), []);
    slow.sync();
    assert.deepEqual(seen(client), [
      [puback, 1],
      [pubrec, 2],
    ]);
  });

  test('a message that nothing has to be kept of is acknowledged at once, behind those that wait', () => {
    slow.keeper('kept').cut();
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1 }));
    assert.deepEqual(seen(client), [[puback, 1]]);
    client.send(publishPacket('kept', '2', { qos: 1, packetId: 2 }), publishPacket('t', '3', { qos: 1, packetId: 3 }));
    assert.deepEqual(seen(client), []);
    slow.sync();
    assert.deepEqual(seen(client), [
      [puback, 2],
      [puback, 3],
    ]);
  });

  test('a retained message is kept', () => {
    const client = broker.connect('c');
    client.send(publishPacket('t', '1', { qos: 1, packetId: 1, retain: true }));
    assert.deepEqual(seen(client), []);
    slow.sync();
    assert.deepEqual(seen(client), [[puback, 1]]);
  });

  test('retained messages come behind the SUBACK, whatever happens while the store takes its time', () => {
    const sender = broker.connect('sender');
    sender.send(publishPacket('kept/1', 'retained', { retain: true }), publishPacket('t', 'x'));
    slow.sync();
    const client = slow.connectLasting('c');
    client.send(subscribePacket(1, 'kept/#', { qos: 1 }));
    // The window opens, and a message leaves: both are times at which what waits is looked for.
    client.send(acknowledgementPacket('puback', 9), subscribePacket(2, 'live', { qos: 0 }));
    sender.send(publishPacket('live', 'y'));
    assert.deepEqual(
      seen(client).filter(([type]) => type !== publish),
      [],
    );
    slow.sync();
    assert.deepEqual(seen(client), [
      [PacketType.suback, 1],
      [PacketType.suback, 2],
      [publish, 0],
    ]);
  });

  test('CONNACK of a lasting session, SUBACK and UNSUBACK', () => {
    const raw = broker.raw(5);
    raw.send(connectPacket({ clientIdentifier: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } }));
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    slow.sync();
    assert.equal(raw.take()?.type, PacketType.connack);
    raw.send(subscribePacket(1, 'a'), {
      type: PacketType.unsubscribe,
      packetId: 2,
      topicFilters: ['a'],
      properties: {},
    });
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    slow.sync();
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
    slow.sync();
    assert.equal(willing.take()?.type, PacketType.connack);
  });

  test('CONNACK of a client whose former session is discarded, though nothing of the new one is kept', () => {
    slow.connectLasting('c').cut();
    const raw = broker.raw(5);
    raw.send(connectPacket({ clientIdentifier: 'c', cleanStart: true }));
    broker.run();
    assert.deepEqual(raw.takeAll(), []);
    slow.sync();
    const connack = raw.take();
    assert.ok(connack?.type === PacketType.connack && !connack.sessionPresent);
  });

  test('messages that come before the CONNACK wait for it', () => {
    slow.keeper('t').cut();
    const raw = broker.raw(5);
    raw.send(
      connectPacket({ clientIdentifier: 'keeper', cleanStart: false, properties: { sessionExpiryInterval: 60 } }),
    );
    broker.run();
    broker.connect('c').send(publishPacket('t', 'early', { qos: 1, packetId: 1 }), publishPacket('t', 'qos 0'));
    assert.deepEqual(raw.takeAll(), []);
    slow.sync();
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
    slow.sync();
    assert.equal(first.isClosed, true);
    assert.deepEqual(first.takeAll(), []);
    assert.equal(second.take()?.type, PacketType.connack);
    assert.equal(broker.broker.stats().clients, 2);
  });
});

describe('after a crash the other side never knows more of a QoS 2 flow than the broker', () => {
  test('PUBLISH leaves when its Packet Identifier is kept', () => {
    const client = slow.keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    assert.deepEqual(seen(client), []);
    assert.deepEqual(store.told, [['sent', 1]]);
    slow.sync();
    assert.deepEqual(seen(client), [[publish, 1]]);
  });

  test('QoS 1 does not wait: it may come twice', () => {
    const client = slow.keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 1, packetId: 9 }));
    assert.deepEqual(seen(client), [[publish, 1]]);
    client.send(acknowledgementPacket('puback', 1));
    assert.deepEqual(store.told, [
      ['sent', 1],
      ['finished', 1],
    ]);
  });

  test('PUBREL leaves when the receipt is kept, in the order of the PUBRECs', () => {
    const client = slow.keeper('t');
    const sender = broker.connect('c');
    for (const packetId of [1, 2]) sender.send(publishPacket('t', 'x', { qos: 2, packetId }));
    slow.sync();
    client.takeAll();
    for (const packetId of [2, 1, 7]) client.send(acknowledgementPacket('pubrec', packetId));
    assert.deepEqual(seen(client), []);
    slow.sync();
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
    const client = slow.connectLasting('c');
    client.send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    slow.sync();
    assert.deepEqual(seen(client), [[pubrec, 9]]);
    client.send(acknowledgementPacket('pubrel', 9));
    assert.deepEqual(seen(client), []);
    slow.sync();
    assert.deepEqual(seen(client), [[pubcomp, 9]]);
    assert.deepEqual(store.told, [
      ['accepted', 9],
      ['released', 9],
    ]);
  });

  test('a connection that has ended meanwhile is sent nothing', () => {
    const client = slow.keeper('t');
    broker.connect('c').send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    client.cut();
    slow.sync();
    const [again] = slow.connectLasting('keeper').messages();
    assert.deepEqual([again?.packetId, again?.dup], [1, true]);
  });
});

describe('the connection breaks before', () => {
  test('a QoS 2 message that comes again on the next one is acknowledged, and was routed once', () => {
    slow.connectLasting('c').send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    const next = slow.connectLasting('c');
    next.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }));
    next.send(publishPacket('t', 'behind', { qos: 1, packetId: 8 }));
    slow.sync();
    assert.deepEqual(seen(next), [
      [pubrec, 7],
      [puback, 8],
    ]);
    next.send(acknowledgementPacket('pubrel', 7));
    slow.sync();
    next.expectNow(acknowledgementPacket('pubcomp', 7));
    assert.deepEqual(watcher.texts(), ['once', 'behind']);
  });

  test('a QoS 2 message that was refused is taken as new', () => {
    const other = broker.connect('other');
    other.send(publishPacket('kept', 'x', { retain: true }));
    const first = slow.connectLasting('c');
    first.send(publishPacket('too/many', 'x', { qos: 2, packetId: 7, retain: true }));
    first.cut();
    slow.sync();
    watcher.takeAll();
    other.send(publishPacket('kept', '', { retain: true }));
    const next = slow.connectLasting('c');
    next.send(publishPacket('too/many', 'again', { qos: 2, packetId: 7, retain: true, dup: true }));
    slow.sync();
    assert.deepEqual(seen(next), [[pubrec, 7]]);
    assert.deepEqual(watcher.texts(), ['', 'again']);
  });

  test('a QoS 1 message comes again, and only its own connection’s answer acknowledges it', () => {
    slow.keeper().cut();
    const first = slow.connectLasting('c');
    first.send(publishPacket('t', 'first', { qos: 1, packetId: 7 }));
    first.cut();
    const next = slow.connectLasting('c');
    next.send(publishPacket('t', 'first', { qos: 1, packetId: 7, dup: true }));
    assert.deepEqual(seen(next), []);
    slow.sync();
    assert.deepEqual(seen(next), [[puback, 7]]);
    assert.deepEqual(watcher.texts(), ['first', 'first']);
  });

  test('a session that began anew knows nothing of it', () => {
    const first = slow.connectLasting('c');
    first.send(publishPacket('t', 'old', { qos: 2, packetId: 7 }));
    const fresh = slow.connectLasting('c', { cleanStart: true });
    fresh.send(publishPacket('t', 'new', { qos: 2, packetId: 7 }));
    assert.deepEqual(watcher.texts(), ['old', 'new']);
    slow.sync();
    assert.deepEqual(seen(fresh), [[pubrec, 7]]);
  });
});

test('Receive Maximum counts what waits for the store', async () => {
  slow = await SlowBroker.start({ limits: { receiveMaximum: 2 } });
  const client = slow.connectLasting('c');
  for (const packetId of [1, 2]) client.send(publishPacket('t', 'x', { qos: 2, packetId }));
  assert.equal(client.isClosed, false);
  slow.sync();
  client.takeAll();
  client.send(publishPacket('t', 'x', { qos: 2, packetId: 3 }));
  const [disconnect] = client.takeAll();
  assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.receiveMaximumExceeded);
  slow.sync();
});
