import { encodePacket, NO_PROPERTIES, type PacketError, PacketType, ReasonCode } from '@busbar/codec';

const NO_BYTES = new Uint8Array(0);
const M = 0x4d;
const Q = 0x51;
/** Offset of the protocol version behind `MQTT` and its length. */
const VERSION_OFFSET = 6;
const BRIDGE = 0x80;

/**
 * What a client is told whose CONNECT packet could not be read, as far as can be known what it speaks (sections 3.1.2.1,
 * 3.1.2.2 and 4.13.1): a version that does not exist is answered in the nearest form; a 5.0 client hears the Reason Code; a
 * 3.1.1 client hears nothing, because its standard has no code for it.
 */
export function refusalOfMalformedConnect(
  bytes: Uint8Array,
  start: number,
  end: number,
  error: PacketError,
): Uint8Array {
  const version = claimedVersion(bytes, start, end);
  if (version === undefined) return NO_BYTES;
  if (error.reasonCode === ReasonCode.unsupportedProtocolVersion) return refusal(error.reasonCode, version > 5 ? 5 : 4); // [MQTT-3.1.2-2]
  return version === 5 ? refusal(error.reasonCode, 5) : NO_BYTES;
}

function refusal(reasonCode: ReasonCode, version: 4 | 5): Uint8Array {
  return encodePacket(
    { type: PacketType.connack, sessionPresent: false, reasonCode, properties: NO_PROPERTIES },
    version,
  );
}

/** The version that something that begins like a CONNECT packet of MQTT claims to have. */
function claimedVersion(bytes: Uint8Array, start: number, end: number): number | undefined {
  const nameLength = bytes[start + 1];
  if (end - start <= VERSION_OFFSET || bytes[start + 2] !== M || bytes[start + 3] !== Q) return undefined;
  const byte = bytes[start + (nameLength === 6 ? VERSION_OFFSET + 2 : VERSION_OFFSET)];
  return byte === undefined ? undefined : byte & ~BRIDGE;
}
