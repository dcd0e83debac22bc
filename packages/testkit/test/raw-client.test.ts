import assert from 'node:assert/strict';
import { encodePacket, PacketType, PINGREQ, PINGRESP } from '@busbar/codec';
import { createMemoryPair } from '@busbar/transport';
import { describe, test } from 'vitest';
import { connectPacket, publishPacket } from '../src/packets.ts';
import { RawClient } from '../src/raw-client.ts';
import { RecordingReceiver } from '../src/recording-receiver.ts';
import { VirtualClock } from '../src/virtual-clock.ts';

describe('in virtual time', () => {
  function setUp() {
    const clock = new VirtualClock();
    const [near, far] = createMemoryPair({ schedule: clock.task, chunk: () => 1 });
    const server = new RecordingReceiver().attachTo(far);
    return { clock, far, server, client: new RawClient(near, 5) };
  }

  test('sends packets and bytes as they are, in one write', () => {
    const { clock, server, client } = setUp();
    client.send(PINGREQ, Uint8Array.of(1, 2, 3));
    clock.run();
    assert.deepEqual(server.bytes(), Uint8Array.of(0xc0, 0, 1, 2, 3));
  });

  test('keeps what comes, however it is cut, and compares what a test cares about', () => {
    const { clock, far, client } = setUp();
    const seen: number[] = [];
    client.onPacket = ({ type }) => seen.push(type);
    far.write(encodePacket(publishPacket('t', 'x', { qos: 1, packetId: 7 }), 5));
    far.write(encodePacket(PINGRESP, 5));
    clock.run();
    assert.deepEqual(seen, [PacketType.publish, PacketType.pingresp]);
    client.expectNow({ type: PacketType.publish, packetId: 7 }, { type: PacketType.pingresp });
    assert.equal(client.take(), undefined);
    assert.throws(() => client.expectNow({ type: PacketType.connack }), /expected CONNACK; came nothing/);
  });
});

describe('over what takes its time', () => {
  test('waits for packets and for the end', async () => {
    const [near, far] = createMemoryPair({ schedule: setImmediate });
    const client = new RawClient(near, 4);
    new RecordingReceiver().attachTo(far);
    const both = Promise.all([client.untilPackets(1), client.untilClosed()]);
    far.write(encodePacket(PINGRESP, 4));
    far.end();
    await both;
    await client.expect({ type: PacketType.pingresp });
    await assert.rejects(client.next(), /expected a packet, the connection was closed/);
  });

  test('says what came instead', async () => {
    const [near, far] = createMemoryPair();
    const client = new RawClient(near, 5);
    far.write(encodePacket(connectPacket(), 5));
    await assert.rejects(client.expect({ type: PacketType.connack }), /expected CONNACK, CONNECT came/);
    far.write(encodePacket(publishPacket('t'), 5));
    await assert.rejects(client.expect({ type: PacketType.publish, topicName: 'other' }), /in PUBLISH/);
  });
});
