import assert from 'node:assert/strict';
import { decodePacket, type Packet, PacketSplitter, type ProtocolVersion } from '@busbar/codec';
import type { OutputBuffer } from '../../src/connection/output-buffer.ts';

/** Takes what is to be sent, as bytes. */
export function writtenBytes(output: OutputBuffer): Uint8Array {
  const written: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => written.push(bytes.slice());
  output.flushTo({ bufferedBytes: 0, write, writeAll: (segments) => segments.forEach(write) });
  return new Uint8Array(Buffer.concat(written));
}

/** Takes what is to be sent, as packets with the size of each. */
export function writtenSized(output: OutputBuffer, version: ProtocolVersion): { packet: Packet; size: number }[] {
  const splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  const packets: { packet: Packet; size: number }[] = [];
  splitter.push(writtenBytes(output));
  while (splitter.next()) {
    const { bytes, start, bodyStart, end } = splitter;
    packets.push({ packet: decodePacket(bytes[start] as number, bytes, bodyStart, end, version), size: end - start });
  }
  assert.equal(splitter.unfinished, undefined, 'whole packets');
  return packets;
}

/** Takes what is to be sent, as packets. */
export function writtenPackets(output: OutputBuffer, version: ProtocolVersion): Packet[] {
  return writtenSized(output, version).map(({ packet }) => packet);
}
