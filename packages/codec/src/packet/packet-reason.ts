import type { ByteReader } from '../byte-reader.ts';
import { malformed } from '../packet-error.ts';
import { PacketType, packetTypeName } from '../packet-type.ts';
import { ReasonCode } from '../reason-code.ts';

const publishReceived = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];

/** Which Reason Codes a packet may carry (table 2-6 and the sections of the packets). */
const ALLOWED: Readonly<Record<number, ReadonlySet<number>>> = {
  [PacketType.connack]: new Set([
    0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
    0x9c, 0x9d, 0x9f,
  ]),
  [PacketType.puback]: new Set(publishReceived),
  [PacketType.pubrec]: new Set(publishReceived),
  [PacketType.pubrel]: new Set([ReasonCode.success, ReasonCode.packetIdentifierNotFound]),
  [PacketType.pubcomp]: new Set([ReasonCode.success, ReasonCode.packetIdentifierNotFound]),
  [PacketType.suback]: new Set([0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]),
  [PacketType.unsuback]: new Set([0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]),
  [PacketType.disconnect]: new Set([
    0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
    0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
  ]),
  [PacketType.auth]: new Set([ReasonCode.success, ReasonCode.continueAuthentication, ReasonCode.reAuthenticate]),
};

/** Reads a Reason Code that this packet may carry. @throws {PacketError} The standard knows none such here. */
export function expectReasonCode(reader: ByteReader, type: PacketType): ReasonCode {
  const code = reader.readByte('the Reason Code');
  if (!ALLOWED[type]?.has(code)) {
    throw malformed(`${packetTypeName(type)} has Reason Code 0x${code.toString(16)}, which it cannot have`);
  }
  return code as ReasonCode;
}
