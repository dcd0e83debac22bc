import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { type PacketType, type ProtocolVersion, packetTypeName } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import type { ReasonCode } from '../reason-code.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';
import { readReason, writeReason } from './packet-reason.ts';

/** What PUBACK, PUBREC, PUBREL and PUBCOMP can say beside their Reason Code (section 3.4.2.2). */
export type AcknowledgementProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

/** The four packets of the QoS 1 and QoS 2 flows (sections 3.4 to 3.7) have one form. */
export type AcknowledgementType =
  | typeof PacketType.puback
  | typeof PacketType.pubrec
  | typeof PacketType.pubrel
  | typeof PacketType.pubcomp;

/** PUBACK, PUBREC, PUBREL or PUBCOMP. Below 5.0 they carry no Reason Code and come with success. */
export interface AcknowledgementPacket {
  readonly type: AcknowledgementType;
  readonly packetId: number;
  readonly reasonCode: ReasonCode;
  readonly properties: Readonly<AcknowledgementProperties>;
}

/**
 * Decodes what follows the fixed header of such a packet. At a Remaining Length of 2 the Reason Code is success, below 4
 * there are no properties (section 3.4.2).
 *
 * @throws {PacketError} The bytes are not such a packet.
 */
export function decodeAcknowledgement(
  reader: ByteReader,
  type: AcknowledgementType,
  version: ProtocolVersion,
): AcknowledgementPacket {
  const packetId = readPacketId(reader, packetTypeName(type));
  const { reasonCode, properties } = readReason(reader, type, version);
  return { type, packetId, reasonCode, properties };
}

/** Encodes what follows the fixed header, in the shortest form (section 3.4.2.1). @throws {UsageError} Values that MQTT cannot carry. */
export function encodeAcknowledgement(
  writer: ByteWriter,
  packet: AcknowledgementPacket,
  version: ProtocolVersion,
): void {
  writePacketId(writer, packet.packetId);
  writeReason(writer, packet, version);
}
