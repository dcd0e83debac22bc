import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, publishPacket } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { MemoryStore } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

/** A store that syncs when the test says so. */
class SlowStore extends MemoryStore {
  #waiting: (() => void)[] = [];

  override whenDurable(done?: () => void): boolean {
    if (done !== undefined) this.#waiting.push(done);
    return false;
  }

  sync(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}

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

const seen = (client: VirtualClient) =>
  client.takeAll().map((packet) => [packet.type, 'packetId' in packet && packet.packetId]);
const { puback, pubrec } = PacketType;

test('PUBACK and PUBREC come when the store is done, deliveries at once', () => {
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

describe('the connection breaks before', () => {
  test('a QoS 2 message that comes again on the next one is acknowledged, and was routed once', () => {
    broker.connectLasting('c').send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    broker.connectLasting('c');
    const next = broker.connectLasting('c');
    next.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }));
    next.send(publishPacket('t', 'behind', { qos: 1, packetId: 8 }));
    assert.deepEqual(seen(next), []);
    sync();
    assert.deepEqual(seen(next), [
      [pubrec, 7],
      [puback, 8],
    ]);
    next.send(acknowledgementPacket('pubrel', 7));
    next.expectNow(acknowledgementPacket('pubcomp', 7));
    assert.deepEqual(watcher.texts(), ['once', 'behind']);
  });

  test('the same when it comes again after the store is done', () => {
    const first = broker.connectLasting('c');
    first.send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    first.cut();
    sync();
    const next = broker.connectLasting('c');
    next.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }));
    assert.deepEqual(seen(next), [[pubrec, 7]]);
    assert.deepEqual(watcher.texts(), ['once']);
  });

  test('a QoS 2 message that was refused is taken as new', () => {
    const other = broker.connect('other');
    other.send(publishPacket('kept', 'x', { retain: true }));
    const first = broker.connectLasting('c');
    first.send(publishPacket('too/many', 'x', { qos: 2, packetId: 7, retain: true }));
    first.cut();
    sync();
    watcher.takeAll();
    other.send(publishPacket('kept', '', { retain: true }));
    const next = broker.connectLasting('c');
    next.send(publishPacket('too/many', 'again', { qos: 2, packetId: 7, retain: true, dup: true }));
    sync();
    assert.deepEqual(seen(next), [[pubrec, 7]]);
    assert.deepEqual(watcher.texts(), ['', 'again']);
  });

  test('a QoS 1 message comes again, and only its own connection’s answer acknowledges it', () => {
    const first = broker.connectLasting('c');
    first.send(publishPacket('t', 'first', { qos: 1, packetId: 7 }));
    first.cut();
    const next = broker.connectLasting('c');
    next.send(publishPacket('t', 'first', { qos: 1, packetId: 7, dup: true }));
    sync();
    assert.deepEqual(seen(next), [[puback, 7]]);
    assert.deepEqual(watcher.texts(), ['first', 'first']);
  });

  test('a session that began anew knows nothing of it', () => {
    const first = broker.connectLasting('c');
    first.send(publishPacket('t', 'old', { qos: 2, packetId: 7 }));
    const fresh = broker.connectLasting('c', { cleanStart: true });
    fresh.send(publishPacket('t', 'new', { qos: 2, packetId: 7 }));
    assert.deepEqual(watcher.texts(), ['old', 'new']);
    sync();
    assert.deepEqual(seen(fresh), [[pubrec, 7]]);
  });
});

test('Receive Maximum counts what waits for the store', async () => {
  broker = await VirtualBroker.start({ store, limits: { receiveMaximum: 2 } });
  const client = broker.connect('c');
  for (const packetId of [1, 2]) client.send(publishPacket('t', 'x', { qos: 1, packetId }));
  assert.equal(client.isClosed, false);
  sync();
  client.takeAll();
  for (const packetId of [3, 4, 5]) client.send(publishPacket('t', 'x', { qos: 1, packetId }));
  const [disconnect] = client.takeAll();
  assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.receiveMaximumExceeded);
  sync();
});
