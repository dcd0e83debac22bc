import assert from 'node:assert/strict';
import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  type PublishProperties,
} from '@busbar/codec';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { ClientPublishReader } from '../../src/connection/client-publish-reader.ts';

const encoder = new TextEncoder();

/** Packets one after the other in one chunk, as a connection reads them. */
function readAll(reader: ClientPublishReader, chunk: Uint8Array): Packet[] {
  const splitter = new PacketSplitter(1_000_000);
  const packets: Packet[] = [];
  splitter.push(chunk);
  while (splitter.next()) packets.push(reader.read(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end));
  return packets;
}

function outcome(read: () => Packet): unknown {
  try {
    const packet = read();
    return { ...packet, payload: 'payload' in packet ? [...packet.payload] : [] };
  } catch (error) {
    return String(error);
  }
}

const properties = fc.constantFrom<PublishProperties>(
  {},
  { subscriptionIdentifiers: [1] },
  { subscriptionIdentifiers: [127] },
  { subscriptionIdentifiers: [128] },
  { subscriptionIdentifiers: [1, 2] },
  { contentType: 'x' },
  { topicAlias: 3 },
  { messageExpiryInterval: 5, subscriptionIdentifiers: [7] },
);
const publish = fc.record({
  topicName: fc.constantFrom('a', 'b/c', 'µ/☃', 'x'.repeat(300), 'a/b/c/d'),
  qos: fc.constantFrom(0, 1, 2),
  dup: fc.boolean(),
  retain: fc.boolean(),
  packetId: fc.integer({ min: 1, max: 65_535 }),
  properties,
  payload: fc.uint8Array({ maxLength: 100 }),
});

describe('reads as the codec does', () => {
  test('property: packets of topics that come again and again, of every version', () => {
    fc.assert(
      fc.property(fc.constantFrom(3, 4, 5), fc.array(publish, { maxLength: 20 }), (version, messages) => {
        const packets = messages.map((message) => ({
          ...message,
          type: PacketType.publish,
          qos: message.qos as 0 | 1 | 2,
          dup: message.dup && message.qos > 0,
          packetId: message.qos === 0 ? 0 : message.packetId,
          properties: version === 5 ? message.properties : {},
        }));
        const bytes = packets.flatMap((packet) => [...encodePacket(packet, version as ProtocolVersion)]);
        const reader = new ClientPublishReader(version as ProtocolVersion);
        assert.deepEqual(readAll(reader, Uint8Array.from(bytes)), packets);
      }),
    );
  });

  test('property: packets that are damaged, after the same ones whole', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4, 5),
        publish,
        fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
        fc.nat({ max: 40 }),
        (version, message, changes, shorter) => {
          const whole = encodePacket(
            {
              ...message,
              type: PacketType.publish,
              qos: message.qos as 0 | 1 | 2,
              dup: false,
              properties: version === 5 ? message.properties : {},
              payload: message.payload.subarray(0, 20),
            },
            version as ProtocolVersion,
          );
          const bodyStart = (whole[1] ?? 0) >= 0x80 ? 3 : 2;
          const reader = new ClientPublishReader(version as ProtocolVersion);
          outcome(() => reader.read(whole, 0, bodyStart, whole.length));
          const damaged = Uint8Array.from(whole);
          for (const [at, byte] of changes) if (at !== 1 && at < damaged.length) damaged[at] = byte;
          damaged[0] = (PacketType.publish << 4) | ((damaged[0] ?? 0) & 0x0f);
          const end = Math.max(bodyStart, whole.length - (shorter % whole.length));
          assert.deepEqual(
            outcome(() => reader.read(damaged, 0, bodyStart, end)),
            outcome(() => decodePacket(damaged[0] ?? 0, damaged, bodyStart, end, version as ProtocolVersion)),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

test('a small payload is its own, a large one a view', () => {
  const packetOf = (payload: Uint8Array) =>
    ({
      type: PacketType.publish,
      topicName: 'a',
      qos: 0,
      dup: false,
      retain: false,
      packetId: 0,
      properties: {},
      payload,
    }) as const;
  const reader = new ClientPublishReader(5);
  for (let i = 0; i < 2; i++) {
    const small = encodePacket(packetOf(encoder.encode('x')), 5);
    const large = encodePacket(packetOf(new Uint8Array(1_000).fill(7)), 5);
    const chunk = Uint8Array.from([...small, ...large]);
    const [first, second] = readAll(reader, chunk);
    assert.ok(first?.type === PacketType.publish && second?.type === PacketType.publish);
    chunk.fill(0);
    assert.deepEqual([[...first.payload], second.payload[0]], [[0x78], 0]);
  }
});
