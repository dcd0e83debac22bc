import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import { FIRST_FAILURE, ReasonCode } from '../reason-code.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';
import { readReasonCode, writeReasonCode } from './packet-reason.ts';

export type SubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

/** SUBACK (section 3.9): one Reason Code for each Topic Filter of the SUBSCRIBE, in its order. */
export interface SubackPacket {
  readonly type: typeof PacketType.suback;
  readonly packetId: number;
  /** The granted QoS, or why not. 3.1.1's 0x80 is unspecifiedError. */
  readonly reasonCodes: readonly ReasonCode[];
  readonly properties: Readonly<SubackProperties>;
}

/** Decodes what follows the fixed header of a SUBACK packet. @throws {PacketError} The bytes are not a SUBACK packet. */
export function decodeSuback(reader: ByteReader, version: ProtocolVersion): SubackPacket {
  const packetId = readPacketId(reader, 'SUBACK');
  const properties = readProperties(reader, PacketType.suback, version);
  const reasonCodes: ReasonCode[] = [];
  while (reader.remaining > 0) {
    const reasonCode = readReasonCode(reader, PacketType.suback);
    if (version !== 5 && reasonCode > ReasonCode.unspecifiedError) {
      throw protocolError('SUBACK has a return code other than 0, 1, 2 and 0x80', 'MQTT311-3.9.3-2');
    }
    reasonCodes.push(reasonCode);
  }
  if (reasonCodes.length === 0) throw protocolError('SUBACK has no Reason Code', 'MQTT-3.8.4-6');
  return { type: PacketType.suback, packetId, reasonCodes, properties };
}

/** Encodes what follows the fixed header of a SUBACK packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeSuback(writer: ByteWriter, packet: SubackPacket, version: ProtocolVersion): void {
  if (packet.reasonCodes.length === 0) throw new UsageError('empty-suback', 'a SUBACK needs a Reason Code'); // [MQTT-3.8.4-6]
  writePacketId(writer, packet.packetId);
  writeProperties(writer, PacketType.suback, packet.properties, version);
  for (const reasonCode of packet.reasonCodes) {
    const refused = reasonCode >= FIRST_FAILURE && version !== 5;
    writeReasonCode(writer, PacketType.suback, refused ? ReasonCode.unspecifiedError : reasonCode); // [MQTT311-3.9.3-2]
  }
}
