import assert from 'node:assert/strict';
import { encodePacket, PacketType, PINGREQ } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, subscribePacket } from '@busbar/testkit';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport } from '@busbar/transport';
import { describe, test } from 'vitest';
import type { BrokerLimits, MemoryStore } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

/** A connected client with both ends of its connection. */
function connect(broker: VirtualBroker, name: string, pair: MemoryPairOptions = {}) {
  const [near, far]: [MemoryTransport, MemoryTransport] = createMemoryPair({ schedule: broker.clock.task, ...pair });
  broker.broker.accept(far);
  const client = new RawClient(near, 4);
  client.send(connectPacket({ protocolVersion: 4, clientIdentifier: name }));
  broker.run();
  client.expectNow({ type: PacketType.connack });
  return { client, near, far };
}

function messagesOf(client: RawClient): number {
  return client.takeAll().filter(({ type }) => type === PacketType.publish).length;
}

async function start(limits: Partial<BrokerLimits>): Promise<VirtualBroker> {
  return VirtualBroker.start({ limits });
}

describe('everything arrives in the end', () => {
  for (const maximumBufferedBytes of [65_536, 1_048_576]) {
    test(`with at most ${maximumBufferedBytes} bytes in the socket, which takes them at once`, async () => {
      const broker = await start({ maximumBufferedBytes });
      const { client } = connect(broker, 'reader');
      client.send(subscribePacket(1, '#'));
      const sender = connect(broker, 'sender').client;
      sender.send(...Array.from({ length: 500 }, () => publishPacket('t', 'x'.repeat(1_000))));
      broker.run();
      assert.equal(messagesOf(client), 500);
      broker.assertNothingLostInSilence();
    });

    test(`with at most ${maximumBufferedBytes} bytes in the socket, and a reader that takes a little at a time`, async () => {
      const broker = await start({ maximumBufferedBytes });
      const { client } = connect(broker, 'reader', { windowBytes: 20_000, chunk: () => 700 });
      client.send(subscribePacket(1, '#'));
      const sender = connect(broker, 'sender').client;
      for (let i = 0; i < 10; i++)
        sender.send(...Array.from({ length: 50 }, () => publishPacket('t', 'x'.repeat(1_000))));
      broker.run();
      assert.equal(messagesOf(client), 500);
    });
  }
});

describe('a subscriber that never reads', () => {
  test('costs what its bounds allow, and no other subscriber anything', async () => {
    const limits = { maximumBufferedBytes: 65_536, maximumQueuedMessages: 1_000, maximumQueuedBytes: 100_000 };
    const broker = await start(limits);
    const stuck = connect(broker, 'stuck', { windowBytes: 4_096 });
    const fine = connect(broker, 'fine');
    for (const { client } of [stuck, fine]) client.send(subscribePacket(1, '#'));
    broker.run();
    stuck.near.pause();
    const sender = connect(broker, 'sender').client;
    for (let i = 0; i < 100; i++) {
      sender.send(...Array.from({ length: 100 }, () => publishPacket('t', 'x'.repeat(2_000))));
      broker.run();
      assert.ok(stuck.far.bufferedBytes < 65_536 + 2_100, `${stuck.far.bufferedBytes} bytes buffered`);
    }
    assert.equal(messagesOf(fine.client), 10_000);
    const queue = [...(broker.store as MemoryStore).load().sessions].find(
      ({ clientIdentifier }) => clientIdentifier === 'stuck',
    )?.queue;
    assert.ok(queue !== undefined && queue.byteLength <= 100_000 && queue.length <= 1_000);
    assert.equal(broker.broker.stats().dropped['queue-full'], 10_000 - messagesThatFit(stuck.far, queue.length));
    broker.assertNothingLostInSilence();
    stuck.near.resume();
    broker.run();
    assert.ok(messagesOf(stuck.client) > 40, 'what was kept arrives when it reads again');
  });

  function messagesThatFit(far: MemoryTransport, queued: number): number {
    const packet = encodePacket(publishPacket('t', 'x'.repeat(2_000)), 4).length;
    return queued + Math.floor((far.bufferedBytes + 4_096) / packet);
  }
});

describe('a client that writes and never reads the answers', () => {
  for (const [name, packet, answer] of [
    ['PINGREQ', PINGREQ, PacketType.pingresp],
    ['PUBLISH at QoS 1', publishPacket('t', '', { qos: 1, packetId: 1 }), PacketType.puback],
    ['SUBSCRIBE', subscribePacket(1, 'a'), PacketType.suback],
  ] as const) {
    test(`${name}: is not read any more until it does, and has all its answers then`, async () => {
      const broker = await start({ maximumBufferedBytes: 65_536, maximumPacketSize: 1_000 });
      const { client, near, far } = connect(broker, 'c', { windowBytes: 4_096 });
      near.pause();
      const packets = Array.from({ length: 1_000 }, () => packet);
      for (let i = 0; i < 100; i++) {
        client.send(...packets);
        broker.run();
        assert.ok(far.bufferedBytes < 140_000, `${far.bufferedBytes} bytes buffered`);
      }
      const other = connect(broker, 'other').client;
      other.send(PINGREQ);
      broker.run();
      other.expectNow({ type: PacketType.pingresp });
      near.resume();
      broker.run();
      assert.equal(client.takeAll().filter(({ type }) => type === answer).length, 100_000);
    });
  }

  test('is closed when its Keep Alive has passed: its PINGREQ cannot be read', async () => {
    const broker = await start({ maximumBufferedBytes: 65_536, maximumPacketSize: 1_000 });
    const [near, far] = createMemoryPair({ schedule: broker.clock.task, windowBytes: 1_000 });
    broker.broker.accept(far);
    const client = new RawClient(near, 4);
    client.send(connectPacket({ protocolVersion: 4, keepAlive: 10 }));
    broker.run();
    near.pause();
    for (let i = 0; i < 40; i++) {
      client.send(...Array.from({ length: 10_000 }, () => PINGREQ));
      broker.advance(1_000);
    }
    assert.equal(broker.broker.stats().clients, 0);
  });
});
