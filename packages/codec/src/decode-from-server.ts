import { ByteReader } from './byte-reader.ts';
import { type AcknowledgementType, decodeAcknowledgement } from './packet/acknowledgement.ts';
import { decodeAuth } from './packet/auth.ts';
import { decodeConnack } from './packet/connack.ts';
import { decodeDisconnect } from './packet/disconnect.ts';
import type { Packet } from './packet/packet.ts';
import { PINGRESP } from './packet/ping.ts';
import { decodePublish } from './packet/publish.ts';
import { decodeSuback } from './packet/suback.ts';
import { decodeUnsuback } from './packet/unsuback.ts';
import { malformed, protocolError } from './packet-error.ts';
import { PacketType, type ProtocolVersion, packetTypeName, reservedFlagsOf } from './packet-type.ts';

/**
 * Checks the low four bits of a packet's first byte. Only 3.1 reserves nothing: it does not use the bits, but for DUP, with
 * which it sends a request again (its section 2.1). A CONNECT is held to the rule before its version is known.
 */
export function expectFlags(type: PacketType, flags: number, version: ProtocolVersion): void {
  if (version === 3 && type !== PacketType.connect) return;
  const expected = reservedFlagsOf(type);
  if (flags !== expected) {
    throw malformed(`${packetTypeName(type)} has flags ${flags}, ${expected} is reserved`, 'MQTT-2.1.3-1');
  }
}

/**
 * Decodes a packet that a server sends: {@link decodePacket} for a client, which has no use for the rest.
 *
 * @throws {PacketError} The bytes are not what the standard calls this packet, or a server does not send it (0x82).
 * @example decodeServerPacket(0xd0, Uint8Array.of(0xd0, 0x00), 2, 2, 5) // { type: PacketType.pingresp }
 */
export function decodeServerPacket(
  firstByte: number,
  bytes: Uint8Array,
  bodyStart: number,
  end: number,
  version: ProtocolVersion,
): Packet {
  const type = (firstByte >> 4) as PacketType;
  const reader = new ByteReader(bytes, bodyStart, end);
  if (type === PacketType.publish) return decodePublish(reader, firstByte & 0x0f, version);
  expectFlags(type, firstByte & 0x0f, version);
  switch (type) {
    case PacketType.connack:
      return decodeConnack(reader, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return decodeAcknowledgement(reader, type satisfies AcknowledgementType, version);
    case PacketType.suback:
      return decodeSuback(reader, version);
    case PacketType.unsuback:
      return decodeUnsuback(reader, version);
    case PacketType.pingresp:
      reader.expectEnd('PINGRESP');
      return PINGRESP;
    case PacketType.disconnect:
      return decodeDisconnect(reader, version);
    case PacketType.auth:
      if (version !== 5) throw malformed('AUTH does not exist below MQTT 5.0');
      return decodeAuth(reader);
    case PacketType.connect:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
    case PacketType.pingreq:
      throw protocolError(`${packetTypeName(type)} came, which a server does not send`);
    default:
      throw malformed(`packet type ${type} is reserved`);
  }
}
