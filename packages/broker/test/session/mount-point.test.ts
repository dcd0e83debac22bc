import assert from 'node:assert/strict';
import { PacketType, type PublishPacket, ReasonCode } from '@busbar/codec';
import { describe, expect, test } from 'vitest';
import type { Authenticator } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** Puts every user below a mount point of his own, but for the admin. */
const sites: Authenticator = {
  name: 'sites',
  authenticate: ({ userName }) => ({
    kind: 'allow',
    grant: userName === 'admin' ? {} : { mountPoint: `${userName}/` },
  }),
};

function publish(topicName: string, given: Partial<PublishPacket> = {}): PublishPacket {
  const payload = Buffer.from('x');
  return {
    type: PacketType.publish,
    dup: false,
    qos: 0,
    retain: false,
    topicName,
    packetId: 0,
    payload,
    properties: {},
    ...given,
  };
}

async function start(options = {}) {
  const broker = await VirtualBroker.start({ authenticators: [sites], ...options });
  const connect = (name: string, userName: string, given = {}) => broker.connect(name, { userName, ...given });
  return { broker, connect };
}

describe('mount points', () => {
  test.each([4, 5] as const)(
    'MQTT %i: a client sees its own topics alone, without their prefix',
    async (protocolVersion) => {
      const { broker, connect } = await start();
      const north = connect('n', 'north', { protocolVersion });
      const other = connect('n2', 'north', { protocolVersion: protocolVersion === 4 ? 5 : 4 });
      const south = connect('s', 'south', { protocolVersion });
      const admin = connect('a', 'admin', { protocolVersion });
      for (const client of [north, other, south, admin]) client.subscribe('#', { qos: 2 });
      north.send(
        publish('press/1'),
        publish('press/2', { qos: 1, packetId: 3 }),
        publish('press/3', { qos: 2, packetId: 4 }),
      );
      const topicsOf = (client: typeof north) =>
        client.takeAll().flatMap((packet) => (packet.type === PacketType.publish ? [packet.topicName] : []));
      assert.deepEqual(topicsOf(north), ['press/1', 'press/2', 'press/3']);
      assert.deepEqual(topicsOf(other), ['press/1', 'press/2', 'press/3']);
      assert.deepEqual(topicsOf(south), []);
      assert.deepEqual(topicsOf(admin), ['north/press/1', 'north/press/2', 'north/press/3']);
      admin.send(publish('south/set'), publish('north'), publish('northern/x'));
      assert.deepEqual(topicsOf(south), ['set']);
      assert.deepEqual(topicsOf(north), []);
      broker.assertNothingLostInSilence();
      await broker.stop();
    },
  );

  test('nothing that a client writes leads out', async () => {
    const { broker, connect } = await start();
    const south = connect('s', 'south');
    south.subscribe('#');
    const north = connect('n', 'north');
    for (const filter of ['../south/#', '/south/#', '$share/g/#', '$share/g/../south/#', '$SYS/#', '+/+', 'south/#']) {
      north.subscribe(filter);
    }
    for (const topic of ['../south/x', '/south/x', 'south/x', '$SYS/x', '$share/g/x']) north.send(publish(topic));
    assert.deepEqual(south.texts(), []);
    north.takeAll();
    south.send(publish('secret'));
    assert.deepEqual(north.messages(), []);
    assert.deepEqual(north.subscribe('$share//x').reasonCodes, [ReasonCode.topicFilterInvalid]);
    await broker.stop();
  });

  test('aliases, properties and expiry stay; a topic that becomes too long is refused', async () => {
    const { broker, connect } = await start();
    const north = connect('n', 'north');
    north.subscribe('#', { qos: 1 });
    const properties = {
      topicAlias: 1,
      messageExpiryInterval: 60,
      contentType: 'text/plain',
      responseTopic: 'answers',
    };
    north.send(publish('press', { properties }));
    north.send(publish('', { properties: { topicAlias: 1 } }));
    expect(north.messages()).toMatchObject([
      {
        topicName: 'press',
        properties: { messageExpiryInterval: 60, contentType: 'text/plain', responseTopic: 'answers' },
      },
      { topicName: 'press', properties: {} },
    ]);
    north.send(publish('x'.repeat(65_532)));
    expect(north.takeAll()).toMatchObject([{ reasonCode: ReasonCode.topicNameInvalid }]);
    await broker.stop();
  });

  test('retained messages, wills, queues and unsubscribing', async () => {
    const { broker, connect } = await start();
    const admin = connect('a', 'admin');
    admin.subscribe('#');
    const will = { topicName: 'gone', payload: Buffer.from('w'), qos: 0 as const, retain: true, properties: {} };
    connect('w', 'north', { will }).cut();
    assert.deepEqual(
      admin.messages().map(({ topicName }) => topicName),
      ['north/gone'],
    );
    const lasting = { userName: 'north' };
    const north = broker.connectLasting('n', lasting);
    north.subscribe('#', { qos: 1 });
    assert.deepEqual(
      north.messages().map(({ topicName, retain }) => [topicName, retain]),
      [['gone', true]],
    );
    north.cut();
    admin.send(publish('north/1', { qos: 1, packetId: 1 }), publish('south/1', { qos: 1, packetId: 2 }));
    const back = broker.connectLasting('n', lasting);
    assert.deepEqual(
      back.messages().map(({ topicName }) => topicName),
      ['1'],
    );
    back.send({ type: PacketType.unsubscribe, packetId: 9, topicFilters: ['#'], properties: {} });
    expect(back.takeAll()).toMatchObject([{ reasonCodes: [ReasonCode.success] }]);
    admin.send(publish('north/2'));
    assert.deepEqual(back.messages(), []);
    await broker.stop();
  });

  test('rules see the whole topics', async () => {
    const rules = [
      { allow: 'publish', topics: 'north/open/#' },
      { allow: 'subscribe', topics: 'north/#' },
      { allow: 'receive', topics: 'north/open/a' },
    ] as const;
    const { broker, connect } = await start({ authorization: { rules } });
    const north = broker.connectLasting('n', { userName: 'north' });
    north.subscribe('#', { qos: 1 });
    for (const topic of ['open/a', 'open/b', 'closed']) north.send(publish(topic));
    assert.deepEqual(
      north.messages().map(({ topicName }) => topicName),
      ['open/a'],
    );
    north.cut();
    connect('n2', 'north').send(publish('open/a', { qos: 1, packetId: 1 }));
    assert.equal(broker.connectLasting('n', { userName: 'north' }).messages().length, 1);
    await broker.stop();
  });

  test('what one member of a Shared Subscription leaves, another gets as its own', async () => {
    const { broker, connect } = await start();
    const first = connect('f', 'north', { properties: { receiveMaximum: 1 } });
    first.subscribe('$share/g/#', { qos: 1 });
    const admin = connect('a', 'admin');
    admin.send(publish('north/1', { qos: 1, packetId: 1 }));
    assert.equal(first.messages()[0]?.topicName, '1');
    const second = connect('s', 'north');
    second.subscribe('$share/g/#', { qos: 1 });
    first.cut();
    assert.deepEqual(
      second.messages().map(({ topicName }) => topicName),
      ['1'],
    );
    await broker.stop();
  });
});

test('a mount point of a listener', async () => {
  const { createBroker } = await import('../../src/index.ts');
  const { dialTcp } = await import('@busbar/transport');
  const { connectPacket, RawClient, subscribePacket } = await import('@busbar/testkit');
  const broker = await createBroker({
    listeners: [
      { port: 0, host: '127.0.0.1' },
      { port: 0, host: '127.0.0.1', mountPoint: 'site/' },
    ],
  });
  const open = async (at: number, clientIdentifier: string) => {
    const client = new RawClient(await dialTcp({ host: '127.0.0.1', port: broker.listeners[at]?.port ?? 0 }), 5);
    client.send(connectPacket({ clientIdentifier }));
    await client.next();
    client.send(subscribePacket(1, '#'));
    await client.next();
    return client;
  };
  const [whole, site] = [await open(0, 'w'), await open(1, 's')];
  site.send(publish('x'));
  assert.deepEqual(await whole.next().then((packet) => 'topicName' in packet && packet.topicName), 'site/x');
  assert.deepEqual(await site.next().then((packet) => 'topicName' in packet && packet.topicName), 'x');
  await broker.stop();
  await assert.rejects(createBroker({ listeners: [{ port: 0, mountPoint: 'a/#' }] }), /mountPoint: Topic Name/);
  await assert.rejects(createBroker({ listeners: [{ port: 0, mountPoint: '$SYS/' }] }), /must not begin/);
});
