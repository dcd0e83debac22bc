import {
  decodePacket,
  decodeUtf8,
  encodePacket,
  PacketError,
  type ProtocolVersion,
  type PublishPacket,
  PublishView,
  utf8Fault,
} from '@busbar/codec';
import {
  hex,
  packetAround,
  packetVectors,
  propertyRows,
  propertyVectors,
  publishOf,
  refusedVectors,
  toHex,
} from '@busbar/testkit';
import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { bodyStartOf } from './decode-whole.ts';

const PUBLISH = 3;

/** A packet, or the code of its refusal. */
type Outcome = PublishPacket | string;

/** The code with which an attempt is refused, undefined when it is not. */
function codeOf(attempt: () => void): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

function decoded(bytes: Uint8Array, start: number, bodyStart: number, end: number, version: ProtocolVersion): Outcome {
  let packet: PublishPacket | undefined;
  const code = codeOf(() => {
    packet = decodePacket(bytes[start] as number, bytes, bodyStart, end, version) as PublishPacket;
  });
  return packet ?? code ?? 'nothing';
}

/** What a view says of a packet, put together as decodePacket would, with the properties that lie in its range. */
function viewed(bytes: Uint8Array, start: number, bodyStart: number, end: number, version: ProtocolVersion): Outcome {
  const view = new PublishView();
  const code = codeOf(() => view.read(bytes, start, bodyStart, end, version));
  if (code !== undefined) return code;
  const properties = propertiesIn(view, version);
  assert.equal(view.topicAlias, properties.topicAlias ?? 0);
  assert.equal(view.messageExpiryInterval, properties.messageExpiryInterval ?? -1);
  assert.equal(view.payloadIsText, properties.payloadFormatIndicator === 1);
  assert.equal(view.hasSubscriptionIdentifier, properties.subscriptionIdentifiers !== undefined);
  assert.equal(view.topicAliasOffset >= 0, properties.topicAlias !== undefined);
  if (view.topicAliasOffset >= 0) assert.equal(bytes[view.topicAliasOffset], 0x23);
  assert.equal(view.messageExpiryOffset >= 0, properties.messageExpiryInterval !== undefined);
  if (view.messageExpiryOffset >= 0) assert.equal(bytes[view.messageExpiryOffset], 0x02);
  assert.isTrue(view.bytes === bytes && view.topicBytes === bytes && view.start === start && view.end === end);
  assert.equal(view.packetIdOffset, view.topicEnd);
  return {
    type: PUBLISH,
    dup: view.dup,
    qos: view.qos,
    retain: view.retain,
    topicName: decodeUtf8(bytes, view.topicStart, view.topicEnd),
    packetId: view.packetId,
    properties,
    payload: view.payload,
  };
}

/** The properties in a view's range, decoded on their own. @throws {Error} The view has let pass what is refused. */
function propertiesIn(view: PublishView, version: ProtocolVersion): PublishPacket['properties'] {
  if (version !== 5) {
    assert.equal(view.propertiesStart, view.propertiesEnd);
    return {};
  }
  const bytes = packetAround('PUBLISH', view.bytes.slice(view.propertiesStart, view.propertiesEnd));
  const packet = decoded(bytes, 0, bodyStartOf(bytes), bytes.length, 5);
  if (typeof packet === 'string') throw new Error(`the view has let pass ${packet}: ${toHex(bytes)}`);
  return packet.properties;
}

/** Checks that view and decodePacket say the same of all but the Topic Name, whose characters the view does not judge. */
function assertAgree(bytes: Uint8Array, start: number, bodyStart: number, end: number, version: ProtocolVersion): void {
  const expected = decoded(bytes, start, bodyStart, end, version);
  const came = viewed(bytes, start, bodyStart, end, version);
  if (typeof expected === 'string' && !isTopicName(bytes, bodyStart, end)) return;
  if (came !== expected) assert.deepEqual(came, expected);
}

/** Whether what stands where the Topic Name belongs passes the two checks that a view leaves to others. */
function isTopicName(bytes: Uint8Array, bodyStart: number, end: number): boolean {
  const topicStart = bodyStart + 2;
  if (topicStart > end) return true;
  const topicEnd = topicStart + (((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number));
  if (topicEnd > end) return true;
  const topic = bytes.subarray(topicStart, topicEnd);
  return utf8Fault(topic, 0, topic.length) === undefined && !topic.includes(0x2b) && !topic.includes(0x23);
}

describe('a view accepts what decodePacket accepts, and its ranges say the same', () => {
  test('of packets written by hand', () => {
    for (const { bytes, version } of [...packetVectors, ...propertyVectors, ...refusedVectors]) {
      if ((bytes[0] as number) >> 4 === PUBLISH) assertAgree(bytes, 0, bodyStartOf(bytes), bytes.length, version);
    }
  });

  test('of every property that may not stand there, twice, and out of range', () => {
    for (const row of propertyRows) {
      for (const value of [...row.values, ...row.refused].map(([bytes]) => bytes)) {
        const property = Uint8Array.of(row.identifier, ...value);
        for (const bytes of [
          packetAround('PUBLISH', property),
          packetAround('PUBLISH', Uint8Array.of(...property, ...property)),
        ]) {
          assertAgree(bytes, 0, bodyStartOf(bytes), bytes.length, 5);
        }
      }
    }
  });

  for (const version of [3, 4, 5] as const) {
    test(`of any packet of level ${version}, whole and cut anywhere, wherever it lies`, () => {
      const packets = fc.property(publishOf(version), fc.nat(20), fc.nat(20), (packet, before, after) => {
        const alone = encodePacket(packet, version);
        const bytes = new Uint8Array(before + alone.length + after).fill(0x26);
        bytes.set(alone, before);
        const bodyStart = before + bodyStartOf(alone);
        assert.deepEqual(viewed(bytes, before, bodyStart, before + alone.length, version), packet);
        for (let end = bodyStart; end < before + alone.length; end++)
          assertAgree(bytes, before, bodyStart, end, version);
      });
      fc.assert(packets, { numRuns: 150 });
    });

    test(`of a packet of level ${version} with one byte changed`, () => {
      const changes = fc.property(publishOf(version), fc.nat(), fc.nat(255), (packet, at, byte) => {
        const bytes = encodePacket(packet, version);
        const bodyStart = bodyStartOf(bytes);
        bytes[bodyStart + (at % (bytes.length - bodyStart))] = byte;
        assertAgree(bytes, 0, bodyStart, bytes.length, version);
      });
      fc.assert(changes, { numRuns: 4000 });
    });

    test(`of any bytes of level ${version}`, () => {
      const bodies = fc.property(fc.nat(15), fc.uint8Array({ maxLength: 30 }), (flags, body) => {
        const bytes = Uint8Array.of(0x30 | flags, 0, ...body);
        assertAgree(bytes, 0, 2, bytes.length, version);
      });
      fc.assert(bodies, { numRuns: 4000 });
    });
  }
});

test('a view that is filled anew keeps nothing of the packet before', () => {
  const view = new PublishView();
  const full = hex('3b 16 | 00 01 "t" 00 07 0f 01 01 02 00 00 00 0a 0b 05 23 00 09 03 00 00 | "p"');
  view.read(full, 0, 2, full.length, 5);
  assert.deepEqual(
    [view.topicAlias, view.messageExpiryInterval, view.payloadIsText, view.hasSubscriptionIdentifier, view.packetId],
    [9, 10, true, true, 7],
  );
  const plain = hex('30 05 | 00 01 "t" 00 | "p"');
  view.read(plain, 0, 2, plain.length, 5);
  const { qos, dup, retain, topicAlias, topicAliasOffset, messageExpiryInterval, messageExpiryOffset } = view;
  assert.deepEqual([qos, dup, retain], [0, false, false]);
  assert.deepEqual([topicAlias, topicAliasOffset, messageExpiryInterval, messageExpiryOffset], [0, -1, -1, -1]);
  assert.deepEqual([view.payloadIsText, view.hasSubscriptionIdentifier, view.packetId], [false, false, 0]);
  assert.equal(view.propertiesStart, view.propertiesEnd);
});
