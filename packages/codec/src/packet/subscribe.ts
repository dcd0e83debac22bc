import type { ByteReader } from '../byte-reader.ts';
import { type ByteWriter, expectWholeNumber } from '../byte-writer.ts';
import { malformed, protocolError, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion, type QoS } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';

export type SubscribeProperties = Pick<Properties, 'subscriptionIdentifiers' | 'userProperties'>;

/**
 * When a subscription brings retained messages (section 3.3.1.3).
 *
 * @example client.subscribe('plant/#', { retainHandling: RetainHandling.never }, (message) => show(message.text()));
 */
export const RetainHandling = { atSubscribe: 0, atNewSubscribe: 1, never: 2 } as const;
export type RetainHandling = (typeof RetainHandling)[keyof typeof RetainHandling];

/** A Topic Filter with its Subscription Options (section 3.8.3.1). Below 5.0 only `qos` is on the wire. */
export interface SubscriptionRequest {
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
}

/** SUBSCRIBE (section 3.8). */
export interface SubscribePacket {
  readonly type: typeof PacketType.subscribe;
  readonly packetId: number;
  /** At least one, in the order of the packet. */
  readonly subscriptions: readonly SubscriptionRequest[];
  readonly properties: Readonly<SubscribeProperties>;
}

const QOS = 0x03;
const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;

/** Decodes what follows the fixed header of a SUBSCRIBE packet. @throws {PacketError} The bytes are not a SUBSCRIBE packet. */
export function decodeSubscribe(reader: ByteReader, version: ProtocolVersion): SubscribePacket {
  const packetId = readPacketId(reader, 'SUBSCRIBE');
  const properties = readProperties(reader, PacketType.subscribe, version);
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.remaining > 0) subscriptions.push(readSubscription(reader, version));
  if (subscriptions.length === 0) throw protocolError('SUBSCRIBE has no Topic Filter', 'MQTT-3.8.3-2');
  return { type: PacketType.subscribe, packetId, subscriptions, properties };
}

function readSubscription(reader: ByteReader, version: ProtocolVersion): SubscriptionRequest {
  const topicFilter = reader.readUtf8String('a Topic Filter');
  const options = version === 5 ? readOptions(reader) : readRequestedQoS(reader, version);
  const qos = options & QOS;
  const retainHandling = (options >> 4) & 0b11;
  return {
    topicFilter,
    qos: qos as QoS,
    noLocal: (options & NO_LOCAL) !== 0,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED) !== 0,
    retainHandling: retainHandling as RetainHandling,
  };
}

function readOptions(reader: ByteReader): number {
  const options = reader.readByte('the Subscription Options');
  if (options > 0b11_1111) throw malformed('reserved bits of the Subscription Options are set', 'MQTT-3.8.3-5');
  if ((options & QOS) === 3) throw protocolError('a subscription asks for QoS 3');
  if (options >> 4 === 3) throw protocolError('Retain Handling is 3, 0 to 2 exist');
  return options;
}

/** Below 5.0 the other six bits are reserved; 3.1 calls them unused, so there they say nothing. */
function readRequestedQoS(reader: ByteReader, version: ProtocolVersion): number {
  const requested = reader.readByte('the Requested QoS');
  if (version === 4 && requested > QOS) throw malformed('reserved bits beside the QoS are set', 'MQTT311-3.8.3-4');
  const qos = requested & QOS;
  if (qos === 3) throw malformed('a subscription asks for QoS 3', 'MQTT311-3.8.3-4');
  return qos;
}

/** Encodes what follows the fixed header of a SUBSCRIBE packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeSubscribe(writer: ByteWriter, packet: SubscribePacket, version: ProtocolVersion): void {
  if (packet.subscriptions.length === 0) throw new UsageError('empty-subscribe', 'a SUBSCRIBE needs a Topic Filter'); // [MQTT-3.8.3-2]
  writePacketId(writer, packet.packetId);
  writeProperties(writer, PacketType.subscribe, packet.properties, version);
  for (const subscription of packet.subscriptions) {
    expectWholeNumber(subscription.qos, 2, 'the QoS of a subscription');
    writer.writeUtf8String(subscription.topicFilter, 'a Topic Filter');
    writer.writeByte(version === 5 ? optionsOf(subscription) : subscription.qos);
  }
}

function optionsOf(subscription: SubscriptionRequest): number {
  expectWholeNumber(subscription.retainHandling, 2, 'Retain Handling');
  const noLocal = subscription.noLocal ? NO_LOCAL : 0;
  const retainAsPublished = subscription.retainAsPublished ? RETAIN_AS_PUBLISHED : 0;
  return subscription.qos | noLocal | retainAsPublished | (subscription.retainHandling << 4);
}
