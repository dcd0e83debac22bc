import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';
import { readPacketId, writePacketId } from './packet-identifier.ts';

export type UnsubscribeProperties = Pick<Properties, 'userProperties'>;

/** UNSUBSCRIBE (section 3.10). */
export interface UnsubscribePacket {
  readonly type: typeof PacketType.unsubscribe;
  readonly packetId: number;
  /** At least one, in the order of the packet. */
  readonly topicFilters: readonly string[];
  readonly properties: Readonly<UnsubscribeProperties>;
}

/** Decodes what follows the fixed header of an UNSUBSCRIBE packet. @throws {PacketError} The bytes are not one. */
export function decodeUnsubscribe(reader: ByteReader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = readPacketId(reader, 'UNSUBSCRIBE');
  const properties = readProperties(reader, PacketType.unsubscribe, version);
  const topicFilters: string[] = [];
  while (reader.remaining > 0) topicFilters.push(reader.readUtf8String('a Topic Filter'));
  if (topicFilters.length === 0) throw protocolError('UNSUBSCRIBE has no Topic Filter', 'MQTT-3.10.3-2');
  return { type: PacketType.unsubscribe, packetId, topicFilters, properties };
}

/** Encodes what follows the fixed header of an UNSUBSCRIBE packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeUnsubscribe(writer: ByteWriter, packet: UnsubscribePacket, version: ProtocolVersion): void {
  if (packet.topicFilters.length === 0)
    throw new UsageError('empty-unsubscribe', 'an UNSUBSCRIBE needs a Topic Filter'); // [MQTT-3.10.3-2]
  writePacketId(writer, packet.packetId);
  writeProperties(writer, PacketType.unsubscribe, packet.properties, version);
  for (const topicFilter of packet.topicFilters) writer.writeUtf8String(topicFilter, 'a Topic Filter');
}
