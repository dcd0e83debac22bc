import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { SlowBroker, seen } from '../slow-broker.ts';
import { SlowStore } from '../slow-store.ts';
import { VirtualBroker } from '../virtual-broker.ts';

const { puback, pubrec } = PacketType;

describe('what an acknowledgement is worth', () => {
  const toldTo = async (options: Parameters<typeof VirtualBroker.start>[0]) =>
    (await VirtualBroker.start(options)).connect('c').connack.properties.userProperties;

  test('5.0 clients are told with CONNACK, unless that is turned off', async () => {
    assert.deepEqual(await toldTo({ store: new SlowStore() }), [['durability', 'memory']]);
    assert.deepEqual(await toldTo({ store: Object.assign(new SlowStore(), { durability: 'disk' }) }), [
      ['durability', 'disk'],
    ]);
    assert.equal(await toldTo({ capabilities: { announceDurability: false } }), undefined);
    assert.equal(
      (await SlowBroker.start()).broker.connect('old', { protocolVersion: 4 }).connack.properties.userProperties,
      undefined,
    );
  });

  test('a client that takes only a small CONNACK is not told', async () => {
    const { connack } = (await SlowBroker.start()).broker.connect('c', { properties: { maximumPacketSize: 20 } });
    assert.equal(connack.reasonCode, ReasonCode.success);
    assert.equal(connack.properties.userProperties, undefined);
  });

  test('by topic: with memory nobody waits for the store', async () => {
    const durability = [
      { topicFilter: 'fast/important/#', durability: 'disk' },
      { topicFilter: 'fast/#', durability: 'memory' },
    ] as const;
    const slow = await SlowBroker.start({ durability });
    slow.keeper().cut();
    const client = slow.broker.connect('c');
    client.send(publishPacket('fast/t', '1', { qos: 1, packetId: 1 }));
    assert.deepEqual(seen(client), [[puback, 1]]);
    client.send(publishPacket('fast/important/t', '2', { qos: 1, packetId: 2 }));
    client.send(publishPacket('t', '3', { qos: 2, packetId: 3 }));
    assert.deepEqual(seen(client), []);
    slow.sync();
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
