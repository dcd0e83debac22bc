import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket, willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { VirtualBroker } from '../virtual-broker.ts';

let broker: VirtualBroker;

beforeEach(async () => {
  broker = await VirtualBroker.start({ limits: { maximumQueuedMessages: 2 } });
});

describe('looking into a broker', () => {
  test('clients that are connected, sessions that are not', () => {
    const here = broker.connect('here', { protocolVersion: 4, userName: 'ann', will: willMessage('gone') });
    here.subscribe('t/#', { qos: 1 });
    const away = broker.connectLasting('away');
    away.subscribe('t/#', { qos: 1 });
    away.cut();
    broker.advance(5_000);
    broker.connect('p').send(publishPacket('t/1', 'x', { qos: 1, packetId: 1 }));
    const [client] = broker.broker.inspect.clients();
    assert.deepEqual(client, {
      clientIdentifier: 'here',
      userName: 'ann',
      remote: client?.remote,
      protocolVersion: '3.1.1',
      connectedSeconds: 5,
      bufferedBytes: 0,
      subscriptions: 1,
      queued: 0,
      inFlight: 1,
    });
    const sessions = [...broker.broker.inspect.sessions()];
    assert.deepEqual(
      sessions.map(({ clientIdentifier, isConnected, hasWill }) => [clientIdentifier, isConnected, hasWill]),
      [
        ['here', true, true],
        ['away', false, false],
        ['p', true, false],
      ],
    );
    const { awaySeconds, expiryInterval, queued, queuedBytes, inFlight } = sessions[1] ?? assert.fail();
    assert.deepEqual([awaySeconds, expiryInterval, queued, inFlight], [5, 3600, 1, 0]);
    assert.ok(queuedBytes > 0);
  });

  test('subscriptions, retained messages and topics', () => {
    const client = broker.connect('c');
    client.subscribe('plant/+/t', { qos: 2, noLocal: true }, { subscriptionIdentifiers: [7] });
    client.subscribe('$share/g/plant/#');
    broker
      .connect('p')
      .send(
        publishPacket('plant/1/t', 'hot', { retain: true, properties: { messageExpiryInterval: 60 } }),
        publishPacket('other', 'x', { retain: true }),
      );
    const subscriptions = [...broker.broker.inspect.subscriptions()];
    assert.deepEqual(
      subscriptions.map(({ topicFilter, qos, noLocal, subscriptionIdentifier }) => [
        topicFilter,
        qos,
        noLocal,
        subscriptionIdentifier,
      ]),
      [
        ['plant/+/t', 2, true, 7],
        ['$share/g/plant/#', 0, false, undefined],
      ],
    );
    assert.deepEqual(
      [...broker.broker.inspect.retained()],
      [
        { topicName: 'plant/1/t', qos: 0, payloadBytes: 3, publisher: 'p', expiresInSeconds: 60 },
        { topicName: 'other', qos: 0, payloadBytes: 1, publisher: 'p', expiresInSeconds: undefined },
      ],
    );
    assert.deepEqual(
      [...broker.broker.inspect.topics()],
      [
        { topicName: 'plant/1/t', receivers: 2 },
        { topicName: 'other', receivers: 0 },
      ],
    );
  });

  test('losses, by session', () => {
    const away = broker.connectLasting('away');
    away.subscribe('t', { qos: 1 });
    away.cut();
    const publisher = broker.connect('p');
    for (const packetId of [1, 2, 3]) publisher.send(publishPacket('t', 'x', { qos: 1, packetId }));
    const { losses, sessions, topics } = broker.broker.inspect.losses();
    assert.deepEqual(losses, { 'queue-full': 1 });
    assert.deepEqual(sessions, [{ clientIdentifier: 'away', losses: { 'queue-full': 1 }, latestTopic: 't' }]);
    assert.deepEqual(topics, { 'queue-full': ['t'] });
  });
});

test('a client is kicked, and told; its session stays', () => {
  const client = broker.connectLasting('c');
  assert.equal(broker.broker.kick('nobody'), false);
  assert.equal(broker.broker.kick('c', 'maintenance'), true);
  broker.run();
  const [disconnect] = client.takeAll();
  assert.ok(disconnect?.type === PacketType.disconnect);
  assert.deepEqual(
    [disconnect.reasonCode, disconnect.properties.reasonString],
    [ReasonCode.administrativeAction, 'maintenance'],
  );
  assert.equal(client.isClosed, true);
  assert.equal(broker.broker.kick('c'), false);
  assert.equal(broker.connectLasting('c').connack.sessionPresent, true);
});
