import { ByteReader } from './byte-reader.ts';
import { type AcknowledgementType, decodeAcknowledgement } from './packet/acknowledgement.ts';
import { decodeAuth } from './packet/auth.ts';
import { decodeConnack } from './packet/connack.ts';
import { decodeConnect } from './packet/connect.ts';
import { decodeDisconnect } from './packet/disconnect.ts';
import type { Packet } from './packet/packet.ts';
import { PINGREQ, PINGRESP } from './packet/ping.ts';
import { decodePublish } from './packet/publish.ts';
import { decodeSuback } from './packet/suback.ts';
import { decodeSubscribe } from './packet/subscribe.ts';
import { decodeUnsuback } from './packet/unsuback.ts';
import { decodeUnsubscribe } from './packet/unsubscribe.ts';
import { malformed } from './packet-error.ts';
import { PacketType, type ProtocolVersion, packetTypeName } from './packet-type.ts';

/**
 * Checks the low four bits of a packet's first byte (section 2.1.3): 2 for the three requests, else 0. Only 3.1 reserves
 * nothing: it does not use the bits, but for DUP, with which it sends a request again (its section 2.1). A CONNECT is
 * held to the rule before its version is known.
 */
function expectFlags(type: PacketType, flags: number, version: ProtocolVersion): void {
  if (version === 3 && type !== PacketType.connect) return;
  const request = type === PacketType.pubrel || type === PacketType.subscribe || type === PacketType.unsubscribe;
  const expected = request ? 0b0010 : 0;
  if (flags !== expected) {
    throw malformed(`${packetTypeName(type)} has flags ${flags}, ${expected} is reserved`, 'MQTT-2.1.3-1');
  }
}

/**
 * Decodes a whole Control Packet that the {@link PacketSplitter} has cut out.
 *
 * Payloads and Binary Data in the answer are views of `bytes`; copy what is to outlive them.
 *
 * @param firstByte The first byte of the packet: type and flags.
 * @param bodyStart Where its body begins in `bytes`, after the fixed header.
 * @param end Where it ends.
 * @param version As the connection agreed; for CONNECT it says nothing, the packet tells its own.
 * @throws {PacketError} The bytes are not what the standard calls this packet.
 * @example decodePacket(0xc0, Uint8Array.of(0xc0, 0x00), 2, 2, 5) // { type: PacketType.pingreq }
 */
export function decodePacket(
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
    case PacketType.connect:
      return decodeConnect(reader);
    case PacketType.connack:
      return decodeConnack(reader, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return decodeAcknowledgement(reader, type satisfies AcknowledgementType, version);
    case PacketType.subscribe:
      return decodeSubscribe(reader, version);
    case PacketType.suback:
      return decodeSuback(reader, version);
    case PacketType.unsubscribe:
      return decodeUnsubscribe(reader, version);
    case PacketType.unsuback:
      return decodeUnsuback(reader, version);
    case PacketType.pingreq:
      reader.expectEnd('PINGREQ');
      return PINGREQ;
    case PacketType.pingresp:
      reader.expectEnd('PINGRESP');
      return PINGRESP;
    case PacketType.disconnect:
      return decodeDisconnect(reader, version);
    case PacketType.auth:
      if (version !== 5) throw malformed('AUTH does not exist below MQTT 5.0');
      return decodeAuth(reader);
    default:
      throw malformed(`packet type ${type} is reserved`);
  }
}
