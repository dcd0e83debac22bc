import assert from 'node:assert/strict';
import {
  decodePacket,
  decodeUtf8,
  encodePacket,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  PublishView,
  utf8ByteLength,
  writeUtf8,
} from '@busbar/codec';
import { publishOf } from '@busbar/testkit';
import fc from 'fast-check';
import { ApplicationMessage } from '../../src/message/application-message.ts';
import { LARGE_PAYLOAD } from '../../src/message/wire-form.ts';

export const NOW = 5_000;

/** The Topic Name behind an alias that comes without one. */
const ALIASED = 'plant/aliased/ä';

/** A PUBLISH packet that a client may send: without Subscription Identifiers, now and then with a large payload. */
export function publishedBy(version: ProtocolVersion): fc.Arbitrary<PublishPacket> {
  const large = fc.integer({ min: LARGE_PAYLOAD - 2, max: LARGE_PAYLOAD + 2 }).map((length) => new Uint8Array(length));
  const payload = fc.option(large, { nil: undefined, freq: 8 });
  return fc.tuple(publishOf(version), payload).map(([packet, largePayload]) => {
    const { subscriptionIdentifiers: _, ...properties } = packet.properties;
    return { ...packet, properties, payload: largePayload ?? packet.payload };
  });
}

export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8ByteLength(text));
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** A message as it comes in: its packet lies somewhere in a chunk that was read. */
export function messageFrom(packet: PublishPacket, version: ProtocolVersion, before = 3, now = NOW) {
  const encoded = encodePacket(packet, version);
  const chunk = new Uint8Array(before + encoded.length + 5).fill(0xdd);
  chunk.set(encoded, before);
  const splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  splitter.push(encoded);
  assert.ok(splitter.next());
  const view = new PublishView();
  view.read(chunk, before, before + splitter.bodyStart, before + encoded.length, version);
  const resolved = view.topicStart < view.topicEnd;
  const topicName = resolved ? decodeUtf8(chunk, view.topicStart, view.topicEnd) : ALIASED;
  const message = new ApplicationMessage(view, version === 5, topicName, bytesOf(topicName), 'publisher', now);
  return { message, chunk };
}

/** A whole packet, decoded. */
export function decoded(bytes: Uint8Array, version: ProtocolVersion): PublishPacket {
  const splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  splitter.push(bytes.slice());
  assert.ok(splitter.next(), 'a whole packet');
  assert.equal(splitter.end, bytes.length, 'one packet and nothing more');
  const packet = decodePacket(splitter.bytes[0] as number, splitter.bytes, splitter.bodyStart, splitter.end, version);
  return packet.type === PacketType.publish ? packet : assert.fail('a PUBLISH packet');
}

/** What a receiver of this version is to get of a packet that was published. */
export function expectedAt(version: ProtocolVersion, published: PublishPacket): PublishPacket {
  const { topicAlias: _, ...properties } = published.properties;
  return {
    ...published,
    topicName: published.topicName === '' ? ALIASED : published.topicName,
    properties: version === 5 ? properties : {},
    payload: new Uint8Array(published.payload),
  };
}
