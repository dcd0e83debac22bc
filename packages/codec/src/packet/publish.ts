import type { ByteReader } from '../byte-reader.ts';
import { type ByteWriter, expectWholeNumber } from '../byte-writer.ts';
import { malformed, type PacketError, protocolError, topicNameInvalid, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion, type QoS } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';

/** What a message can say of itself (section 3.3.2.3). */
export type PublishProperties = Pick<
  Properties,
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'topicAlias'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
  | 'subscriptionIdentifiers'
  | 'contentType'
>;

/** PUBLISH (section 3.3): an Application Message on its way, from either side. */
export interface PublishPacket {
  readonly type: typeof PacketType.publish;
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  /** `''` where a Topic Alias stands for it. */
  readonly topicName: string;
  /** 1 to 65,535; 0 at QoS 0, where there is none. */
  readonly packetId: number;
  /** Empty below 5.0. */
  readonly properties: Readonly<PublishProperties>;
  readonly payload: Uint8Array;
}

/** The flag of a packet that may have been sent before (section 3.3.1.1). */
export const DUP = 0b1000;
/** The flag of a message that is to be, or was, retained (section 3.3.1.3). */
export const RETAIN = 0b0001;

const WILDCARD = /[+#]/;

/** Checks the flags of a PUBLISH packet and answers its QoS. @throws {PacketError} A combination that the standard forbids. */
export function readPublishFlags(flags: number): QoS {
  const qos = (flags >> 1) & 0b11;
  if (qos === 3) throw malformed('PUBLISH has both QoS bits set', 'MQTT-3.3.1-4');
  if (qos === 0 && (flags & DUP) !== 0) throw malformed('PUBLISH has DUP set at QoS 0', 'MQTT-3.3.1-2');
  return qos as QoS;
}

/** Decodes what follows the fixed header of a PUBLISH packet. @throws {PacketError} The bytes are not a PUBLISH packet. */
export function decodePublish(reader: ByteReader, flags: number, version: ProtocolVersion): PublishPacket {
  const qos = readPublishFlags(flags);
  const topicName = reader.readUtf8String('the Topic Name');
  const packetId = qos === 0 ? 0 : readPacketId(reader, 'PUBLISH');
  const properties = readProperties(reader, PacketType.publish, version);
  if (topicName === '' && properties.topicAlias === undefined) throw withoutTopic();
  if (WILDCARD.test(topicName)) throw topicNameInvalid('the Topic Name has a wildcard', 'MQTT-3.3.2-2');
  const payload = reader.readRest();
  const dup = (flags & DUP) !== 0;
  const retain = (flags & RETAIN) !== 0;
  return { type: PacketType.publish, dup, qos, retain, topicName, packetId, properties, payload };
}

/** The answer to a PUBLISH that does not say what it is about: no Topic Name, and no Topic Alias either (section 3.3.2.1). */
export function withoutTopic(): PacketError {
  return protocolError('PUBLISH has neither a Topic Name nor a Topic Alias', 'MQTT-4.7.3-1');
}

/** The four low bits of a PUBLISH packet's first byte. */
export function publishFlags(packet: PublishPacket): number {
  return (packet.dup ? DUP : 0) | (packet.qos << 1) | (packet.retain ? RETAIN : 0);
}

/** Encodes what follows the fixed header of a PUBLISH packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodePublish(writer: ByteWriter, packet: PublishPacket, version: ProtocolVersion): void {
  expectWholeNumber(packet.qos, 2, 'the QoS');
  if (packet.dup && packet.qos === 0) throw new UsageError('dup-at-qos-0', 'a QoS 0 PUBLISH is never sent again'); // [MQTT-3.3.1-2]
  expectTopicName(packet, version);
  writer.writeUtf8String(packet.topicName, 'the Topic Name');
  if (packet.qos !== 0) writePacketId(writer, packet.packetId);
  writeProperties(writer, PacketType.publish, packet.properties, version);
  writer.writeBytes(packet.payload);
}

function expectTopicName({ topicName, properties }: PublishPacket, version: ProtocolVersion): void {
  const hasAlias = version === 5 && properties.topicAlias !== undefined;
  const valid = topicName === '' ? hasAlias : !WILDCARD.test(topicName); // [MQTT-4.7.3-1] [MQTT-3.3.2-2]
  if (!valid) throw new UsageError('topic-name-invalid', 'a Topic Name must not be empty and must not hold wildcards');
}
