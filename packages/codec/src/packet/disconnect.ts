import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import { NO_PROPERTIES, type Properties } from '../property.ts';
import { hasProperties, readProperties, writeProperties } from '../property-set.ts';
import { ReasonCode } from '../reason-code.ts';
import { readReasonCode, writeReasonCode } from './packet-reason.ts';

export type DisconnectProperties = Pick<
  Properties,
  'sessionExpiryInterval' | 'reasonString' | 'userProperties' | 'serverReference'
>;

/** DISCONNECT (section 3.14): the last packet of either side; below 5.0 only the client's, and without a Reason Code. */
export interface DisconnectPacket {
  readonly type: typeof PacketType.disconnect;
  readonly reasonCode: ReasonCode;
  readonly properties: Readonly<DisconnectProperties>;
}

/**
 * Decodes what follows the fixed header of a DISCONNECT packet. At a Remaining Length of 0 it is a normal disconnection,
 * below 2 there are no properties (section 3.14.2); below 5.0 nothing may follow at all.
 *
 * @throws {PacketError} The bytes are not a DISCONNECT packet.
 */
export function decodeDisconnect(reader: ByteReader, version: ProtocolVersion): DisconnectPacket {
  let reasonCode: ReasonCode = ReasonCode.normalDisconnection;
  let properties: DisconnectProperties = NO_PROPERTIES;
  if (version === 5 && reader.remaining > 0) {
    reasonCode = readReasonCode(reader, PacketType.disconnect);
    if (reader.remaining > 0) properties = readProperties(reader, PacketType.disconnect);
  }
  reader.expectEnd('DISCONNECT');
  return { type: PacketType.disconnect, reasonCode, properties };
}

/** Encodes what follows the fixed header, in the shortest form (section 3.14.2.1). @throws {UsageError} Values that MQTT cannot carry. */
export function encodeDisconnect(writer: ByteWriter, packet: DisconnectPacket, version: ProtocolVersion): void {
  if (version !== 5) return;
  const withProperties = hasProperties(packet.properties);
  if (packet.reasonCode === ReasonCode.normalDisconnection && !withProperties) return;
  writeReasonCode(writer, PacketType.disconnect, packet.reasonCode);
  if (withProperties) writeProperties(writer, PacketType.disconnect, packet.properties);
}
