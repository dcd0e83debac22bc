import assert from 'node:assert/strict';
import { PacketType, type ProtocolVersion, type PublishPacket, type QoS } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { BlockPool, OutputBuffer } from '../../src/connection/output-buffer.ts';
import { PublishWriter } from '../../src/connection/publish-writer.ts';
import { Delivery } from '../../src/message/delivery.ts';
import { OutboundTopicAliases } from '../../src/session/topic-alias.ts';
import { expectedAt, messageFrom, NOW, publishedBy } from '../message/messages.ts';
import { writtenBytes, writtenSized } from './written.ts';

/** A receiver that knows what the aliases it was told stand for. */
class Receiver {
  readonly output = new OutputBuffer(new BlockPool());
  readonly version: ProtocolVersion;
  readonly writer: PublishWriter;
  readonly #topics = new Map<number, string>();

  constructor(version: ProtocolVersion, aliases = 0, maximumPacketSize = Number.POSITIVE_INFINITY) {
    this.version = version;
    const given = aliases === 0 ? undefined : new OutboundTopicAliases(aliases);
    this.writer = new PublishWriter(this.output, version === 5, given, maximumPacketSize);
  }

  /** What has been written, with Topic Aliases resolved. */
  received(): { packet: PublishPacket; size: number }[] {
    return writtenSized(this.output, this.version).map(({ packet, size }) => {
      assert.ok(packet.type === PacketType.publish);
      const { topicAlias, ...properties } = packet.properties;
      if (topicAlias === undefined) return { packet, size };
      if (packet.topicName !== '') this.#topics.set(topicAlias, packet.topicName);
      const topicName = this.#topics.get(topicAlias) ?? assert.fail('the alias stands for something');
      return { packet: { ...packet, properties, topicName }, size };
    });
  }
}

const identifiers = fc.option(
  fc.array(fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 268_435_455 })), {
    minLength: 1,
    maxLength: 4,
  }),
  { nil: undefined },
);
const flags = { grantedQoS: fc.constantFrom<QoS>(0, 1, 2), retain: fc.boolean(), dup: fc.boolean(), identifiers };
const later = fc.integer({ min: 0, max: 20_000 });
const published = fc
  .constantFrom<ProtocolVersion>(4, 5)
  .chain((from) => fc.record({ from: fc.constant(from), packet: publishedBy(from), ...flags, later }));

/** What the receiver is to get of a published packet. */
function expected(version: ProtocolVersion, one: typeof published extends fc.Arbitrary<infer T> ? T : never) {
  const qos = Math.min(one.packet.qos, one.grantedQoS) as QoS;
  const base = expectedAt(version, one.packet);
  const { messageExpiryInterval, ...others } = one.from === 5 ? base.properties : {};
  const left =
    messageExpiryInterval === undefined ? undefined : Math.max(0, messageExpiryInterval - Math.floor(one.later / 1000));
  const properties = {
    ...others,
    ...(left === undefined ? {} : { messageExpiryInterval: left }),
    ...(one.identifiers === undefined ? {} : { subscriptionIdentifiers: one.identifiers }),
  };
  return {
    ...base,
    qos,
    dup: one.dup && qos > 0,
    retain: one.retain,
    packetId: qos === 0 ? 0 : 0x4321,
    properties: version === 5 ? properties : {},
  };
}

for (const version of [4, 5] as const) {
  test(`property: a receiver of version ${version} gets what was published, with its own flags, identifiers and aliases`, () => {
    fc.assert(
      fc.property(
        fc.array(published, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        (all, aliases, flushesEach) => {
          const receiver = new Receiver(version, aliases);
          const got: PublishPacket[] = [];
          for (const one of all) {
            const { message } = messageFrom(one.packet, one.from);
            const qos = Math.min(one.packet.qos, one.grantedQoS) as QoS;
            const delivery = new Delivery(message, qos, one.retain, one.identifiers);
            const size = receiver.writer.packetSize(delivery);
            const before = receiver.output.byteLength;
            receiver.writer.write(delivery, qos === 0 ? 0 : 0x4321, one.dup && qos > 0, NOW + one.later);
            if (aliases === 0) assert.equal(receiver.output.byteLength - before, size, 'packetSize');
            if (flushesEach) got.push(...receiver.received().map(({ packet }) => packet));
          }
          got.push(...receiver.received().map(({ packet }) => packet));
          assert.deepEqual(
            got,
            all.map((one) => expected(version, one)),
          );
        },
      ),
      { numRuns: 250 },
    );
  });
}

describe('Topic Aliases', () => {
  const topicName = 'plant/line 1/temperature';
  const delivery = (text: string) =>
    new Delivery(messageFrom(publishPacket(text, 'x'), 5).message, 0, false, undefined);

  test('the first packet tells what the alias stands for, the next ones are smaller by the Topic Name', () => {
    const receiver = new Receiver(5, 1);
    for (let i = 0; i < 3; i++) receiver.writer.write(delivery(topicName), 0, false, NOW);
    const sizes = receiver.received().map(({ size }) => size);
    const plain = receiver.writer.packetSize(delivery(topicName));
    assert.deepEqual(sizes, [plain + 3, plain + 3 - topicName.length, plain + 3 - topicName.length]);
  });

  test('a packet that is sent again carries its Topic Name: the connection that knew the alias may be gone', () => {
    const receiver = new Receiver(5, 1);
    const again = new Delivery(
      messageFrom(publishPacket(topicName, 'x', { qos: 1, packetId: 1 }), 5).message,
      1,
      false,
      undefined,
    );
    receiver.writer.write(again, 1, false, NOW);
    receiver.received();
    receiver.writer.write(again, 1, true, NOW);
    assert.match(Buffer.from(writtenBytes(receiver.output)).toString('latin1'), /plant\/line 1\/temperature/);
  });

  test('property: an alias never makes a packet larger than the receiver takes [MQTT-3.1.2-24]', () => {
    const topic = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(topic, { maxLength: 12 }), fc.integer({ min: 0, max: 8 }), (topics, spare) => {
        for (const each of topics) {
          const maximum = new Receiver(5).writer.packetSize(delivery(each)) + spare;
          const receiver = new Receiver(5, 2, maximum);
          for (let i = 0; i < 3; i++) receiver.writer.write(delivery(each), 0, false, NOW);
          for (const { packet, size } of receiver.received()) {
            assert.equal(packet.topicName, each);
            assert.ok(size <= maximum, `${size} of at most ${maximum}`);
          }
        }
      }),
    );
  });
});

test('large payloads leave from where they lie', () => {
  const { message, chunk } = messageFrom(publishPacket('t', new Uint8Array(40_000)), 5);
  const receiver = new Receiver(4);
  receiver.writer.write(new Delivery(message, 0, false, undefined), 0, false, NOW);
  receiver.writer.write(new Delivery(message, 0, true, undefined), 0, false, NOW);
  const segments: Uint8Array[] = [];
  receiver.output.flushTo({ bufferedBytes: 1, write: () => assert.fail(), writeAll: (all) => segments.push(...all) });
  assert.equal(segments.filter(({ buffer }) => buffer === chunk.buffer).length, 2);
});
