import type { SessionRecord, StoredSubscription, StoredWill } from '@busbar/broker';
import { decodePacket, encodePacket, PacketType, type QoS, type RetainHandling } from '@busbar/codec';
import { RecordError, RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';
import type { StoreTime } from './store-time.ts';

const IS_LASTING = 1;
const IS_DISCONNECTED = 2;
const HAS_WILL = 4;
const HAS_IDENTITY = 8;

const NO_LOCAL = 4;
const RETAIN_AS_PUBLISHED = 8;
const RETAIN_HANDLING = 16;
const HAS_IDENTIFIER = 64;
const QOS = 0b11;
/** Set in every byte of a Remaining Length but its last. */
const MORE_LENGTH_BYTES = 0x80;

/** What is kept of a session in one record: all that changes rarely. */
export type SessionFacts = Pick<
  SessionRecord,
  'clientIdentifier' | 'isLasting' | 'expiryInterval' | 'disconnectedAt' | 'will' | 'identity'
>;

export function writeSession(writer: RecordWriter, facts: SessionFacts, time: StoreTime): void {
  const { clientIdentifier, isLasting, expiryInterval, disconnectedAt, will, identity } = facts;
  const flags =
    (isLasting ? IS_LASTING : 0) |
    (disconnectedAt === undefined ? 0 : IS_DISCONNECTED) |
    (will === undefined ? 0 : HAS_WILL) |
    (identity === undefined ? 0 : HAS_IDENTITY);
  writer.writeUint8(flags);
  writer.writeText(clientIdentifier);
  writer.writeUint32(expiryInterval);
  if (disconnectedAt !== undefined) writer.writeFloat64(time.toStore(disconnectedAt));
  if (identity !== undefined) writer.writeText(JSON.stringify(identity));
  if (will !== undefined) writeWill(writer, will);
}

/** @throws {RecordError | PacketError} It is not one. */
export function readSession(value: Uint8Array, time: StoreTime): SessionFacts {
  const reader = new RecordReader(value);
  const flags = reader.readUint8();
  const clientIdentifier = reader.readText();
  const expiryInterval = reader.readUint32();
  const disconnectedAt = (flags & IS_DISCONNECTED) === 0 ? undefined : time.toBroker(reader.readFloat64());
  const identity = (flags & HAS_IDENTITY) === 0 ? undefined : JSON.parse(reader.readText());
  const will = (flags & HAS_WILL) === 0 ? undefined : readWill(reader);
  const isLasting = (flags & IS_LASTING) !== 0;
  return { clientIdentifier, isLasting, expiryInterval, disconnectedAt, will, identity };
}

/** Its delay, and the PUBLISH packet that it would be. */
function writeWill(writer: RecordWriter, { content, delaySeconds }: StoredWill): void {
  writer.writeUint32(delaySeconds);
  const { topicName, payload, qos, retain, properties } = content;
  const packetId = qos === 0 ? 0 : 1;
  const { publish: type } = PacketType;
  writer.writeBytes(encodePacket({ type, dup: false, topicName, payload, qos, retain, properties, packetId }, 5));
}

function readWill(reader: RecordReader): StoredWill {
  const delaySeconds = reader.readUint32();
  return { content: contentOf(new Uint8Array(reader.readRest())), delaySeconds };
}

/** What a PUBLISH packet of 5.0 says. @throws {RecordError | PacketError} It is not one. */
export function contentOf(packet: Uint8Array): StoredWill['content'] {
  let bodyStart = 1;
  while ((packet[bodyStart] ?? 0) >= MORE_LENGTH_BYTES) bodyStart++;
  const decoded = decodePacket(packet[0] ?? 0, packet, bodyStart + 1, packet.length, 5);
  if (decoded.type !== PacketType.publish) throw new RecordError('a Will is not a PUBLISH packet');
  const { topicName, payload, qos, retain, properties } = decoded;
  return { topicName, payload, qos, retain, properties };
}

/** Options, Subscription Identifier, and the Topic Filter, since a long one is not in the key. */
export function writeSubscription(writer: RecordWriter, subscription: StoredSubscription): void {
  const { topicFilter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = subscription;
  const flags =
    qos |
    (noLocal ? NO_LOCAL : 0) |
    (retainAsPublished ? RETAIN_AS_PUBLISHED : 0) |
    (retainHandling * RETAIN_HANDLING) |
    (subscriptionIdentifier === undefined ? 0 : HAS_IDENTIFIER);
  writer.writeUint8(flags);
  if (subscriptionIdentifier !== undefined) writer.writeCount(subscriptionIdentifier);
  writer.writeText(topicFilter);
}

/** @throws {RecordError} It is not one. */
export function readSubscription(value: Uint8Array): StoredSubscription {
  const reader = new RecordReader(value);
  const flags = reader.readUint8();
  const subscriptionIdentifier = (flags & HAS_IDENTIFIER) === 0 ? undefined : reader.readCount();
  const topicFilter = reader.readText();
  return {
    topicFilter,
    qos: (flags & QOS) as QoS,
    noLocal: (flags & NO_LOCAL) !== 0,
    retainAsPublished: (flags & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: ((flags / RETAIN_HANDLING) & 0b11) as RetainHandling,
    subscriptionIdentifier,
  };
}
