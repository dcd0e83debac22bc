import { ByteWriter } from './byte-writer.ts';
import { encodeAcknowledgement } from './packet/acknowledgement.ts';
import { encodeAuth } from './packet/auth.ts';
import { encodeConnect } from './packet/connect.ts';
import type { Packet } from './packet/packet.ts';
import { writeReason } from './packet/packet-reason.ts';
import { encodePublish, publishFlags } from './packet/publish.ts';
import { encodeSubscribe } from './packet/subscribe.ts';
import { encodeUnsubscribe } from './packet/unsubscribe.ts';
import { UsageError } from './packet-error.ts';
import { PacketType, type ProtocolVersion, packetTypeName, reservedFlagsOf } from './packet-type.ts';

/** Room for what comes before the payload of an ordinary PUBLISH. */
const HEADERS = 128;

/** Encodes a packet around what writes its body. */
export function encodeFrame(
  packet: Packet,
  version: ProtocolVersion,
  encodeBody: (writer: ByteWriter, packet: Packet, version: ProtocolVersion) => void,
): Uint8Array {
  const writer =
    packet.type === PacketType.publish ? new ByteWriter(packet.payload.length + HEADERS) : new ByteWriter();
  const flags = packet.type === PacketType.publish ? publishFlags(packet) : reservedFlagsOf(packet.type);
  writer.writeByte((packet.type << 4) | flags);
  const opened = writer.openLength();
  encodeBody(writer, packet, version);
  writer.closeLength(opened, 'the Remaining Length');
  return writer.takeBytes();
}

/**
 * Encodes a packet that a client sends: {@link encodePacket} for a client, which has no use for the rest.
 *
 * @throws {UsageError} Values that MQTT cannot carry; `unsupported-packet`: a client does not send it.
 * @example encodeClientPacket({ type: PacketType.pingreq }, 5) // c0 00
 */
export function encodeClientPacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  return encodeFrame(packet, version, encodeClientBody);
}

/** Writes the body of a packet that a client sends. */
export function encodeClientBody(writer: ByteWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case PacketType.connect:
      return encodeConnect(writer, packet);
    case PacketType.publish:
      return encodePublish(writer, packet, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return encodeAcknowledgement(writer, packet, version);
    case PacketType.subscribe:
      return encodeSubscribe(writer, packet, version);
    case PacketType.unsubscribe:
      return encodeUnsubscribe(writer, packet, version);
    case PacketType.pingreq:
      return;
    case PacketType.disconnect:
      return writeReason(writer, packet, version);
    case PacketType.auth:
      if (version !== 5) throw new UsageError('unsupported-packet', 'AUTH does not exist below MQTT 5.0');
      return encodeAuth(writer, packet);
    default:
      throw new UsageError('unsupported-packet', `a client does not send ${packetTypeName(packet.type)}`);
  }
}
