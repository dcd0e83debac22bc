import assert from 'node:assert/strict';
import { type ProtocolVersion, type PublishPacket, UsageError } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { ApplicationMessage } from '../../src/message/application-message.ts';
import { ByteSlab } from '../../src/message/byte-slab.ts';
import { bytesOf, decoded, expectedAt, messageFrom, NOW, publishedBy } from './messages.ts';

/** The packet that a form stands for, as it leaves at QoS 0 or 1 with Packet Identifier 0x1234. */
function leaving(message: ApplicationMessage, version5: boolean, hasPacketId: boolean): PublishPacket {
  const form = message.form(version5, hasPacketId);
  const head = form.bytes.slice(form.start, form.end);
  const packet = form.isWhole ? head : new Uint8Array([...head, ...message.payload]);
  assert.equal(form.packetSize, packet.length, 'the size says what leaves');
  assert.equal(form.headLength, packet.length - message.payloadLength);
  packet[0] = 0x30 | (hasPacketId ? 0x02 : 0);
  if (hasPacketId) packet.set([0x12, 0x34], form.packetIdOffset);
  if (form.expiryOffset >= 0) assert.equal(packet[form.expiryOffset - 1], 0x02, 'a Message Expiry Interval');
  return decoded(packet, version5 ? 5 : 4);
}

const FORMS = [
  [true, false],
  [true, true],
  [false, false],
  [false, true],
] as const;

function assertForms(message: ApplicationMessage, published: PublishPacket, order: readonly number[]): void {
  for (const at of order) {
    const [version5, hasPacketId] = FORMS[at] as (typeof FORMS)[number];
    const { dup, qos, retain, packetId, ...content } = leaving(message, version5, hasPacketId);
    const { dup: _d, qos: _q, retain: _r, packetId: _p, ...expected } = expectedAt(version5 ? 5 : 4, published);
    assert.deepEqual({ dup, qos, retain }, { dup: false, qos: hasPacketId ? 1 : 0, retain: false });
    assert.equal(packetId, hasPacketId ? 0x1234 : 0);
    assert.deepEqual(content, expected);
  }
}

/** A message as a store gives it back, from bytes of its own. */
function storedAndLoaded(message: ApplicationMessage): ApplicationMessage {
  const record = message.toRecord();
  const { packet, topicBytes } = record;
  const loaded = ApplicationMessage.fromRecord({ ...record, packet: packet.slice(), topicBytes: topicBytes.slice() });
  assert.deepEqual([loaded.expiresAt, loaded.publisher], [message.expiresAt, message.publisher]);
  return loaded;
}

/** A message that rested as a packet among others, with its Topic Name beside it only where the packet does not spell it. */
function rested(message: ApplicationMessage): ApplicationMessage {
  const { packet, topicBytes, spellsTopic, ...rest } = message.toRecord();
  const bytes = new Uint8Array(packet.length + 5_000).fill(0xee);
  bytes.set(packet, 4_000);
  const origin = { ...rest, topicBytes: spellsTopic ? undefined : topicBytes.slice() };
  const awake = ApplicationMessage.fromPacket(bytes, 4_000, 4_000 + packet.length, origin);
  assert.deepEqual([awake.expiresAt, awake.publisher], [message.expiresAt, message.publisher]);
  return awake;
}

const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 1 });
const step = fc.oneof(
  { weight: 3, arbitrary: order },
  { weight: 2, arbitrary: fc.constantFrom('keep', 'own', 'dropForms', 'record', 'rest') },
);

/** Bytes before the packet. */
const chunkLength = fc.constantFrom(3, 5_000);

for (const version of [4, 5] as const satisfies readonly ProtocolVersion[]) {
  test(`property: a packet of version ${version} leaves as the same message in every form, whatever was kept or owned before`, () => {
    const slab = new ByteSlab();
    fc.assert(
      fc.property(publishedBy(version), fc.array(step, { maxLength: 8 }), chunkLength, (published, steps, before) => {
        const came = messageFrom(published, version, before);
        const { chunk } = came;
        let { message } = came;
        for (const each of steps) {
          if (typeof each === 'object') assertForms(message, published, each);
          else if (each === 'dropForms') message.dropForms();
          else if (each === 'keep') message.keep(slab);
          else if (each === 'own') message.own();
          else if (each === 'rest') message = rested(message);
          else message = storedAndLoaded(message);
          // From then on the chunk that was read is nothing to it, unless it is too little to be left.
          const hasLeft =
            each === 'own' || each === 'record' || each === 'rest' || (each === 'keep' && !slab.isLittle(chunk));
          if (hasLeft) chunk.fill(0xee);
        }
        assertForms(message, published, [0, 1, 2, 3]);
        assert.deepEqual(new Uint8Array(message.payload), new Uint8Array(published.payload));
        assert.equal(message.qos, published.qos);
        assert.equal(message.retain, published.retain);
        assert.equal(message.topicName, expectedAt(version, published).topicName);
      }),
      { numRuns: 200 },
    );
  });
}

test('each form is made once', () => {
  const { message } = messageFrom(publishPacket('t', 'x'), 5);
  for (const [version5, hasPacketId] of FORMS) {
    assert.equal(message.form(version5, hasPacketId), message.form(version5, hasPacketId));
  }
});

test('the packet that came is the packet that leaves, where the form is the same', () => {
  const { message, chunk } = messageFrom(publishPacket('t', 'x', { qos: 1, packetId: 7 }), 4);
  assert.equal(message.form(false, true).bytes, chunk);
  assert.notEqual(message.form(false, false).bytes, chunk);
  assert.notEqual(message.form(true, true).bytes, chunk);
});

test('memory: an owned message is as large as its packet, a kept one shares a slab, or its chunk when that is little', () => {
  const packet = publishPacket('t', 'x'.repeat(100));
  const owned = messageFrom(packet, 5).message.own();
  assert.equal(owned.payload.buffer.byteLength, owned.byteLength);
  const slab = new ByteSlab();
  const [one, other] = [0, 1].map(() => messageFrom(packet, 5, 5_000).message.keep(slab));
  assert.equal(one?.payload.buffer, other?.payload.buffer);
  const later = one?.own();
  assert.equal(later?.payload.buffer.byteLength, later?.byteLength);
  const { message, chunk } = messageFrom(packet, 5, 3_000);
  assert.equal(message.keep(slab).payload.buffer, chunk.buffer);
  const of4096 = messageFrom(packet, 5, 4_096);
  assert.notEqual(of4096.message.keep(slab).payload.buffer, of4096.chunk.buffer);
});

describe('Message Expiry Interval', () => {
  const { message } = messageFrom(publishPacket('t', 'x', { properties: { messageExpiryInterval: 10 } }), 5);

  test('it expires when the interval has passed, and not before', () => {
    assert.equal(message.expiresAt, NOW + 10_000);
    assert.equal(message.isExpired(NOW + 9_999), false);
    assert.equal(message.isExpired(NOW + 10_000), true);
  });

  test('what is left is told in whole seconds, never more than was given and never less than 0 [MQTT-3.3.2-6]', () => {
    assert.equal(message.remainingExpirySeconds(NOW), 10);
    assert.equal(message.remainingExpirySeconds(NOW + 1), 10);
    assert.equal(message.remainingExpirySeconds(NOW + 1_000), 9);
    assert.equal(message.remainingExpirySeconds(NOW + 9_999), 1);
    assert.equal(message.remainingExpirySeconds(NOW + 60_000), 0);
  });

  test('property: at once it leaves with what was given, wherever between two milliseconds a clock is [MQTT-3.3.2-6]', () => {
    const microseconds = fc.nat(2 ** 31);
    const interval = fc.nat(1_000);
    fc.assert(
      fc.property(microseconds, interval, (microseconds, messageExpiryInterval) => {
        const now = microseconds / 1_000;
        const packet = publishPacket('t', 'x', { properties: { messageExpiryInterval } });
        const { message } = messageFrom(packet, 5, 3, now);
        assert.equal(message.remainingExpirySeconds(now), messageExpiryInterval);
      }),
    );
  });

  test('without an interval it never expires', () => {
    const { message } = messageFrom(publishPacket('t', 'x'), 5);
    assert.equal(message.expiresAt, Number.POSITIVE_INFINITY);
    assert.equal(message.isExpired(Number.MAX_SAFE_INTEGER), false);
    assert.equal(message.form(true, false).expiryOffset, -1);
  });
});

describe('messages that did not come as a packet', () => {
  test('property: they leave as what they are made of', () => {
    fc.assert(
      fc.property(
        publishedBy(5),
        ({ topicName, payload, qos, retain, properties: { topicAlias: _, ...properties } }) => {
          const content = { topicName: topicName || 'plant/aliased/ä', payload, qos, retain, properties };
          const message = ApplicationMessage.of(content, 'will', NOW);
          assert.deepEqual(message.topicBytes, bytesOf(content.topicName));
          assert.equal(message.publisher, 'will');
          const published = { ...publishPacket(content.topicName, payload), properties };
          assertForms(message, published, [0, 1, 2, 3]);
          assertForms(message.own(), published, [0, 1, 2, 3]);
        },
      ),
    );
  });

  test('content that MQTT cannot carry is the caller’s mistake', () => {
    const content = { topicName: 'a/#', payload: new Uint8Array(0), qos: 0, retain: false, properties: {} } as const;
    assert.throws(() => ApplicationMessage.of(content, '', NOW), UsageError);
    assert.throws(() => ApplicationMessage.of({ ...content, topicName: '' }, '', NOW), UsageError);
  });
});
