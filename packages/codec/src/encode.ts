import { ByteWriter } from './byte-writer.ts';
import { encodeAcknowledgement } from './packet/acknowledgement.ts';
import { encodeAuth } from './packet/auth.ts';
import { encodeConnack } from './packet/connack.ts';
import { encodeConnect } from './packet/connect.ts';
import { encodeDisconnect } from './packet/disconnect.ts';
import type { Packet } from './packet/packet.ts';
import { encodePublish, publishFlags } from './packet/publish.ts';
import { encodeSuback } from './packet/suback.ts';
import { encodeSubscribe } from './packet/subscribe.ts';
import { encodeUnsuback } from './packet/unsuback.ts';
import { encodeUnsubscribe } from './packet/unsubscribe.ts';
import { UsageError } from './packet-error.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';

/**
 * Encodes a whole Control Packet, in the shortest form that says the same. What is encoded, {@link decodePacket} accepts.
 *
 * Below 5.0, properties and Reason Codes that the version does not know are left out, and refusals become the nearest
 * return code.
 *
 * @param version As the connection agreed; for CONNECT it says nothing, the packet tells its own.
 * @returns The packet's bytes, in a buffer of their own.
 * @throws {UsageError} Values that MQTT cannot carry: lone surrogates, numbers out of range, wildcards in a Topic Name,
 * properties and Reason Codes in the wrong packet.
 * @example encodePacket({ type: PacketType.pingreq }, 5) // c0 00
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  const writer =
    packet.type === PacketType.publish ? new ByteWriter(packet.payload.length + HEADERS) : new ByteWriter();
  writer.writeByte((packet.type << 4) | flagsOf(packet));
  const opened = writer.openLength();
  encodeBody(writer, packet, version);
  writer.closeLength(opened, 'the Remaining Length');
  return writer.takeBytes();
}

/** Room for what comes before the payload of an ordinary PUBLISH. */
const HEADERS = 128;

function flagsOf(packet: Packet): number {
  switch (packet.type) {
    case PacketType.publish:
      return publishFlags(packet);
    case PacketType.pubrel:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
      return 0b0010;
    default:
      return 0;
  }
}

function encodeBody(writer: ByteWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case PacketType.connect:
      return encodeConnect(writer, packet);
    case PacketType.connack:
      return encodeConnack(writer, packet, version);
    case PacketType.publish:
      return encodePublish(writer, packet, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return encodeAcknowledgement(writer, packet, version);
    case PacketType.subscribe:
      return encodeSubscribe(writer, packet, version);
    case PacketType.suback:
      return encodeSuback(writer, packet, version);
    case PacketType.unsubscribe:
      return encodeUnsubscribe(writer, packet, version);
    case PacketType.unsuback:
      return encodeUnsuback(writer, packet, version);
    case PacketType.pingreq:
    case PacketType.pingresp:
      return;
    case PacketType.disconnect:
      return encodeDisconnect(writer, packet, version);
    case PacketType.auth:
      if (version !== 5) throw new UsageError('unsupported-packet', 'AUTH does not exist below MQTT 5.0');
      return encodeAuth(writer, packet);
  }
}
