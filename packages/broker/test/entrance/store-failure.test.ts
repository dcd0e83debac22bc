import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, connectPacket, publishPacket, willMessage } from '@busbar/testkit';
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

const { connack, puback, publish } = PacketType;

describe('a store that cannot keep anything', () => {
  test('what would have to be kept is refused with 0x97, everything else goes on', () => {
    slow.keeper('kept').cut();
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
    slow.sync();
    assert.deepEqual(seen(client), [[puback, 4]]);
  });

  test('below 5.0 only the end of the connection says that a message is not acknowledged', () => {
    slow.keeper('kept').cut();
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
    slow.keeper('q').cut();
    const client = broker.connect('p');
    client.send(...[1, 2].map((n) => publishPacket('q', `${n}`, { qos: 1, packetId: n })));
    slow.sync();
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
    slow.sync();
    after.expectNow({ type: connack, reasonCode: ReasonCode.success, sessionPresent: false });
  });
});
