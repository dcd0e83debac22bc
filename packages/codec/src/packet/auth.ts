import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError, UsageError } from '../packet-error.ts';
import { PacketType } from '../packet-type.ts';
import { NO_PROPERTIES, type Properties } from '../property.ts';
import { hasProperties, readProperties } from '../property-set.ts';
import { ReasonCode } from '../reason-code.ts';
import { readReasonCode, writeReason } from './packet-reason.ts';

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

/**
 * Decodes what follows the fixed header of an AUTH packet. At a Remaining Length of 0 it is a success without properties
 * (section 3.15.2.1), though section 3.15.2.2.2 wants an Authentication Method in every other form.
 *
 * @throws {PacketError} The bytes are not an AUTH packet.
 */
export function decodeAuth(reader: ByteReader): AuthPacket {
  let reasonCode: ReasonCode = ReasonCode.success;
  let properties: AuthProperties = NO_PROPERTIES;
  if (reader.remaining > 0) {
    reasonCode = readReasonCode(reader, PacketType.auth);
    properties = readProperties(reader, PacketType.auth, 5);
    if (properties.authenticationMethod === undefined) throw protocolError('AUTH has no Authentication Method');
  }
  reader.expectEnd('AUTH');
  return { type: PacketType.auth, reasonCode, properties };
}

/** Encodes what follows the fixed header of an AUTH packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeAuth(writer: ByteWriter, packet: AuthPacket): void {
  const says = packet.reasonCode !== ReasonCode.success || hasProperties(packet.properties);
  if (says && packet.properties.authenticationMethod === undefined) {
    throw new UsageError('no-authentication-method', 'an AUTH needs an Authentication Method');
  }
  writeReason(writer, packet, 5);
}
