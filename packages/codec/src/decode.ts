import { ByteReader } from './byte-reader.ts';
import { decodeServerPacket, expectFlags } from './decode-from-server.ts';
import { decodeConnect } from './packet/connect.ts';
import type { Packet } from './packet/packet.ts';
import { PINGREQ } from './packet/ping.ts';
import { decodeSubscribe } from './packet/subscribe.ts';
import { decodeUnsubscribe } from './packet/unsubscribe.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';

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
  switch (type) {
    case PacketType.connect:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
    case PacketType.pingreq:
      expectFlags(type, firstByte & 0x0f, version);
      return decodeClientPacket(type, new ByteReader(bytes, bodyStart, end), version);
    default:
      return decodeServerPacket(firstByte, bytes, bodyStart, end, version);
  }
}

/** The packets that only a client sends. */
function decodeClientPacket(type: PacketType, reader: ByteReader, version: ProtocolVersion): Packet {
  switch (type) {
    case PacketType.connect:
      return decodeConnect(reader);
    case PacketType.subscribe:
      return decodeSubscribe(reader, version);
    case PacketType.unsubscribe:
      return decodeUnsubscribe(reader, version);
    default:
      reader.expectEnd('PINGREQ');
      return PINGREQ;
  }
}
