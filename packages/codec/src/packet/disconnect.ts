import type { ByteReader } from '../byte-reader.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { Properties } from '../property.ts';
import type { ReasonCode } from '../reason-code.ts';
import { readReason } from './packet-reason.ts';

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
  return { type: PacketType.disconnect, ...readReason(reader, PacketType.disconnect, version) };
}
