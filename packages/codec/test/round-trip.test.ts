import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
} from '@busbar/codec';
import { packetOf, toHex } from '@busbar/testkit';
import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { bodyStartOf, decodeStream, decodeWhole, unlessRefused } from './decode-whole.ts';
import { shorterForms } from './shorter-forms.ts';

/** Cuts bytes at these places, which may repeat: then a chunk is empty. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  let start = 0;
  return [...ends, bytes.length].map((end) => {
    const chunk = bytes.slice(start, end);
    start = end;
    return chunk;
  });
}

/** The version that a packet is encoded in: a CONNECT tells its own. */
function spokenBy(packet: Packet, version: ProtocolVersion): ProtocolVersion {
  return packet.type === PacketType.connect ? packet.protocolVersion : version;
}

const places = fc.array(fc.nat(), { maxLength: 12 });

describe.each([3, 4, 5] as const)('packets of level %i', (version) => {
  test('encode, cut anywhere, split and decode is identity', () => {
    const packetsAndPlaces = fc.property(fc.array(packetOf(version), { maxLength: 5 }), places, (packets, where) => {
      const bytes = Uint8Array.from(packets.flatMap((packet) => [...encodePacket(packet, version)]));
      assert.deepEqual(decodeStream(cut(bytes, where), version), packets);
    });
    fc.assert(packetsAndPlaces, { numRuns: 1000 });
  });

  test('byte by byte it is the same', () => {
    const packets = fc.property(packetOf(version), (packet) => {
      const bytes = Array.from(encodePacket(packet, version), (byte) => Uint8Array.of(byte));
      assert.deepEqual(decodeStream(bytes, version), [packet]);
    });
    fc.assert(packets, { numRuns: 300 });
  });

  test('every truncation is refused, except where the shorter form is itself a packet', () => {
    const packets = fc.property(packetOf(version), (packet) => {
      const whole = encodePacket(packet, version);
      const bodyStart = bodyStartOf(whole);
      const valid = shorterForms(packet, version, whole.length - bodyStart);
      for (let end = bodyStart; end < whole.length; end++) {
        const shorter = unlessRefused(() => decodePacket(whole[0] as number, whole, bodyStart, end, version));
        if ((shorter !== undefined) !== valid.has(end - bodyStart)) {
          assert.fail(`${toHex(whole)} with ${end - bodyStart} bytes of its body: ${JSON.stringify(shorter)}`);
        }
      }
    });
    fc.assert(packets, { numRuns: 300 });
  });

  test('any bytes give a packet or a PacketError', () => {
    const bodies = fc.property(fc.nat(255), fc.uint8Array({ maxLength: 40 }), (firstByte, body) => {
      unlessRefused(() => decodePacket(firstByte, body, 0, body.length, version));
    });
    fc.assert(bodies, { numRuns: 5000 });
  });

  test('any stream of bytes gives packets or a PacketError, each packet at least two bytes of it', () => {
    const streams = fc.property(fc.uint8Array({ maxLength: 60 }), places, (stream, where) => {
      const splitter = new PacketSplitter(50);
      let found = 0;
      unlessRefused(() => {
        for (const chunk of cut(stream, where)) {
          splitter.push(chunk);
          while (splitter.next()) {
            assert.isAtMost(splitter.end - splitter.start, 50);
            found++;
          }
        }
      });
      assert.isAtMost(found, stream.length / 2);
    });
    fc.assert(streams, { numRuns: 3000 });
  });

  test('a packet with one byte changed is refused, or encodes to itself again', () => {
    const changes = fc.property(packetOf(version), fc.nat(), fc.nat(255), (packet, at, byte) => {
      const bytes = encodePacket(packet, version);
      const bodyStart = bodyStartOf(bytes);
      if (bodyStart === bytes.length) return;
      bytes[bodyStart + (at % (bytes.length - bodyStart))] = byte;
      const changed = unlessRefused(() => decodeWhole(bytes, version));
      if (changed === undefined) return;
      const spoken = spokenBy(changed, version);
      assert.deepEqual(decodeWhole(encodePacket(changed, spoken), spoken), changed);
    });
    fc.assert(changes, { numRuns: 3000 });
  });
});
