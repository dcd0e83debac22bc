import { PacketSplitter, PacketType } from '@busbar/codec';
import { packetVectors, propertyVectors, refusedVectors, toHex } from '@busbar/testkit';
import { assert, describe, test } from 'vitest';
import { decodeWhole, LARGEST_PACKET, refusalOf } from './decode-whole.ts';

describe('packets written by hand from the standard', () => {
  for (const { name, version, bytes, packet } of packetVectors) {
    test(name, () => assert.deepEqual(decodeWhole(bytes, version), packet));
  }

  test('all fifteen types are there in every version that has them', () => {
    for (const version of [3, 4, 5]) {
      const types = new Set(packetVectors.filter((each) => each.version === version).map(({ packet }) => packet.type));
      assert.equal(types.size, version === 5 ? 15 : 14);
    }
  });
});

describe('the properties of 5.0 in every place where they may stand', () => {
  for (const { name, version, bytes, packet } of propertyVectors) {
    test(name, () => assert.deepEqual(decodeWhole(bytes, version), packet));
  }
});

describe('packets that are refused', () => {
  for (const { name, version, bytes, code } of refusedVectors) {
    test(name, () => {
      const refusal = refusalOf(() => decodeWhole(bytes, version));
      assert.equal(refusal.code, code, refusal.message);
    });
  }
});

describe('the flags of the fixed header', () => {
  const samples = packetVectors.filter(({ version, packet, canonical }) => {
    return canonical && version !== 3 && packet.type !== PacketType.publish;
  });

  /** Section 2.1.3: what stands beside the type in a packet other than PUBLISH. */
  const reservedFlags = (type: number) => ([6, 8, 10].includes(type) ? 0b0010 : 0);

  for (const [version, statement] of [
    [5, 'MQTT-2.1.3-1'],
    [4, 'MQTT311-2.2.2-1'],
  ] as const) {
    for (let type = 1; type <= 15; type++) {
      const sample = samples.find((each) => each.version === version && each.packet.type === type);
      if (sample === undefined) continue;
      const rule = {
        6: 'MQTT-3.6.1-1',
        8: 'MQTT-3.8.1-1',
        10: 'MQTT-3.10.1-1',
        14: 'MQTT-3.14.1-1',
        15: 'MQTT-3.15.1-1',
      }[type];
      test(`${statement} ${rule ?? ''} every flag but the reserved ones is malformed: ${sample.name}`, () => {
        for (let flags = 0; flags < 16; flags++) {
          const bytes = Uint8Array.of((type << 4) | flags, ...sample.bytes.subarray(1));
          if (flags === reservedFlags(type)) assert.deepEqual(decodeWhole(bytes, version), sample.packet);
          else assert.equal(refusalOf(() => decodeWhole(bytes, version)).code, 'malformed-packet', toHex(bytes));
        }
      });
    }
  }

  test('3.1 does not use them, but for those of CONNECT, whose version is not known yet', () => {
    for (const { bytes, packet } of packetVectors.filter((each) => each.version === 3)) {
      if (packet.type === PacketType.publish) continue;
      for (let flags = 0; flags < 16; flags++) {
        const flagged = Uint8Array.of((packet.type << 4) | flags, ...bytes.subarray(1));
        if (packet.type !== PacketType.connect || flags === 0) assert.deepEqual(decodeWhole(flagged, 3), packet);
        else assert.equal(refusalOf(() => decodeWhole(flagged, 3)).code, 'malformed-packet');
      }
    }
  });
});

test('a CONNECT tells its own version, whatever the connection is thought to be', () => {
  for (const { bytes, packet } of packetVectors.filter((each) => each.packet.type === PacketType.connect)) {
    for (const version of [3, 4, 5] as const) assert.deepEqual(decodeWhole(bytes, version), packet);
  }
});

test('the vectors are whole packets', () => {
  for (const { name, bytes } of [...packetVectors, ...propertyVectors, ...refusedVectors]) {
    const splitter = new PacketSplitter(LARGEST_PACKET);
    splitter.push(bytes);
    assert.isTrue(splitter.next(), name);
    assert.equal(splitter.end, bytes.length, name);
  }
});
