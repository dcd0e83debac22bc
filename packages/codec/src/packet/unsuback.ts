import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import type { ReasonCode } from '../reason-code.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';
import { readReasonCode, writeReasonCode } from './packet-reason.ts';

export type UnsubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

/** UNSUBACK (section 3.11). */
export interface UnsubackPacket {
  readonly type: typeof PacketType.unsuback;
  readonly packetId: number;
  /** One for each Topic Filter of the UNSUBSCRIBE, in its order; empty below 5.0, where the packet carries none. */
  readonly reasonCodes: readonly ReasonCode[];
  readonly properties: Readonly<UnsubackProperties>;
}

/** Decodes what follows the fixed header of an UNSUBACK packet. @throws {PacketError} The bytes are not an UNSUBACK packet. */
export function decodeUnsuback(reader: ByteReader, version: ProtocolVersion): UnsubackPacket {
  const packetId = readPacketId(reader, 'UNSUBACK');
  const reasonCodes: ReasonCode[] = [];
  const properties = readProperties(reader, PacketType.unsuback, version);
  if (version === 5) {
    while (reader.remaining > 0) reasonCodes.push(readReasonCode(reader, PacketType.unsuback));
    if (reasonCodes.length === 0) throw protocolError('UNSUBACK has no Reason Code', 'MQTT-3.11.3-2');
  }
  reader.expectEnd('UNSUBACK');
  return { type: PacketType.unsuback, packetId, reasonCodes, properties };
}

/** Encodes what follows the fixed header of an UNSUBACK packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeUnsuback(writer: ByteWriter, packet: UnsubackPacket, version: ProtocolVersion): void {
  writePacketId(writer, packet.packetId);
  if (version !== 5) return;
  if (packet.reasonCodes.length === 0) throw new UsageError('empty-unsuback', 'an UNSUBACK needs a Reason Code'); // [MQTT-3.11.3-2]
  writeProperties(writer, PacketType.unsuback, packet.properties, version);
  for (const reasonCode of packet.reasonCodes) writeReasonCode(writer, PacketType.unsuback, reasonCode);
}
