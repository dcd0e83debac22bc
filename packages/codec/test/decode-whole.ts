import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketError,
  PacketSplitter,
  type ProtocolVersion,
  UsageError,
} from '@busbar/codec';

/** The largest packet that MQTT can express, in bytes. */
export const LARGEST_PACKET = 268_435_460;

/** Cuts and decodes a stream that comes in these chunks. */
export function decodeStream(chunks: readonly Uint8Array[], version: ProtocolVersion): Packet[] {
  const splitter = new PacketSplitter(LARGEST_PACKET);
  const packets: Packet[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk);
    while (splitter.next()) {
      const { bytes, start, bodyStart, end } = splitter;
      packets.push(decodePacket(bytes[start] as number, bytes, bodyStart, end, version));
    }
  }
  if (splitter.unfinished !== undefined) throw new Error('expected whole packets, came the beginning of another');
  return packets;
}

/** Cuts and decodes bytes that are to be one packet and no more. */
export function decodeWhole(bytes: Uint8Array, version: ProtocolVersion): Packet {
  const packets = decodeStream([bytes], version);
  if (packets[0] === undefined || packets.length > 1) throw new Error(`expected one packet, came ${packets.length}`);
  return packets[0];
}

/** Where the body of a packet begins. */
export function bodyStartOf(bytes: Uint8Array): number {
  return bytes.findIndex((byte, at) => at > 0 && byte < 0x80) + 1;
}

/** What an attempt gives, undefined when it is refused. @throws Whatever is thrown that is not a PacketError. */
export function unlessRefused<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof PacketError) return undefined;
    throw error;
  }
}

/** The refusal of an attempt. @throws {Error} Nothing was thrown, or something that is not a PacketError. */
export function refusalOf(attempt: () => unknown): PacketError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof PacketError) return error;
    throw error;
  }
  throw new Error('expected a PacketError, came none');
}

/** The code with which our caller is told that a packet cannot be sent. */
export function usageErrorOf(packet: Packet, version: ProtocolVersion): string {
  try {
    encodePacket(packet, version);
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  throw new Error('expected a UsageError, came none');
}
