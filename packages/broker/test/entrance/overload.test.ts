import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket } from '@busbar/testkit';
import { afterEach, describe, test } from 'vitest';
import type { BrokerOptions } from '../../src/index.ts';
import type { VirtualBroker } from '../virtual-broker.ts';
import { connackOf, reached, retryAfter, startLimited } from './limited-broker.ts';

let broker: VirtualBroker;

afterEach(async () => broker.stop());

describe('memory that is used up', () => {
  const shortOf = async (options: BrokerOptions['limits'] = {}) => {
    broker = await startLimited(options);
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
    assert.equal(reached(broker)['memoryLimit'], 1);
    assert.equal(reached(broker)['overload'], 2);
  });

  test('who waits for its turn and has gone meanwhile is heard if it has sent more than CONNECT, and leaves nothing behind', async () => {
    const away = await shortOf();
    const inside = broker.connect('inside');
    inside.subscribe('t');
    away.cut();
    runOut();
    for (const packets of [[publishPacket('t', 'heard')], []]) {
      const back = broker.raw();
      back.send(connectPacket({ clientIdentifier: 'away', cleanStart: false }), ...packets);
      back.transport.end();
      broker.run();
    }
    broker.advance(1_000);
    assert.deepEqual(inside.texts(), ['heard']);
    const { connections, clients } = broker.broker.stats();
    assert.deepEqual([connections, clients], [2, 2]);
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
  broker = await startLimited({ overloadConnectRate: 10 });
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
