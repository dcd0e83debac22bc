import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError } from '../packet-error.ts';
import { PacketType } from '../packet-type.ts';
import { NO_PROPERTIES, type Properties, readProperties, writeProperties } from '../property.ts';
import { ReasonCode } from '../reason-code.ts';
import { expectReasonCode } from './packet-reason.ts';

export type AuthProperties = Pick<
  Properties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>;

/** AUTH (section 3.15): a step of enhanced authentication, from either side; 5.0 only. */
export interface AuthPacket {
  readonly type: typeof PacketType.auth;
  readonly reasonCode: ReasonCode;
  readonly properties: Readonly<AuthProperties>;
}

/** Decodes what follows the fixed header of an AUTH packet. @throws {PacketError} The bytes are not an AUTH packet. */
export function decodeAuth(reader: ByteReader): AuthPacket {
  let reasonCode: ReasonCode = ReasonCode.success;
  let properties: AuthProperties = NO_PROPERTIES;
  if (reader.remaining > 0) {
    reasonCode = expectReasonCode(reader, PacketType.auth);
    properties = readProperties(reader, PacketType.auth);
    if (properties.authenticationMethod === undefined) throw protocolError('AUTH has no Authentication Method');
  }
  reader.expectEnd('AUTH');
  return { type: PacketType.auth, reasonCode, properties };
}

/** Encodes what follows the fixed header of an AUTH packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeAuth(writer: ByteWriter, packet: AuthPacket): void {
  if (packet.reasonCode === ReasonCode.success && Object.keys(packet.properties).length === 0) return;
  writer.writeByte(packet.reasonCode);
  writeProperties(writer, PacketType.auth, packet.properties);
}
