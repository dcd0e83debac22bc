import type { ByteWriter } from './byte-writer.ts';
import { encodeClientBody, encodeFrame } from './encode-from-client.ts';
import { encodeConnack } from './packet/connack.ts';
import type { Packet } from './packet/packet.ts';
import { encodeSuback } from './packet/suback.ts';
import { encodeUnsuback } from './packet/unsuback.ts';
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
  return encodeFrame(packet, version, encodeBody);
}

function encodeBody(writer: ByteWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case PacketType.connack:
      return encodeConnack(writer, packet, version);
    case PacketType.suback:
      return encodeSuback(writer, packet, version);
    case PacketType.unsuback:
      return encodeUnsuback(writer, packet, version);
    case PacketType.pingresp:
      return;
    default:
      return encodeClientBody(writer, packet, version);
  }
}
