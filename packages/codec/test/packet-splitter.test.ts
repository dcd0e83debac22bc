import { PacketError, PacketSplitter, packetSize, UsageError } from '@busbar/codec';
import { hex, toHex, variableByteInteger } from '@busbar/testkit';
import { assert, describe, test } from 'vitest';
import { LARGEST_PACKET, refusalOf } from './decode-whole.ts';

function splitterWith(notation: string, maximumPacketSize = LARGEST_PACKET): PacketSplitter {
  const splitter = new PacketSplitter(maximumPacketSize);
  splitter.push(hex(notation));
  return splitter;
}

/** The packet that a splitter has found. */
function found(splitter: PacketSplitter): string {
  return toHex(splitter.bytes.subarray(splitter.start, splitter.end));
}

test('packets that lie whole in a chunk are ranges of that chunk', () => {
  const chunk = hex('c0 00 | 30 03 00 01 "t" | d0 00');
  const splitter = new PacketSplitter(LARGEST_PACKET);
  splitter.push(chunk);
  const ranges: number[][] = [];
  while (splitter.next()) {
    assert.strictEqual(splitter.bytes, chunk);
    ranges.push([splitter.start, splitter.bodyStart, splitter.end]);
  }
  assert.deepEqual(ranges, [
    [0, 2, 2],
    [2, 4, 7],
    [7, 9, 9],
  ]);
  assert.isUndefined(splitter.unfinished);
});

test('a chunk that has been read is kept alive no longer', () => {
  const splitter = splitterWith('c0 00');
  assert.isTrue(splitter.next());
  assert.isFalse(splitter.next());
  assert.lengthOf(splitter.bytes, 0);
});

test('a packet that crosses chunks does not depend on their buffers', () => {
  const splitter = new PacketSplitter(LARGEST_PACKET);
  const first = hex('30 05 00 01');
  splitter.push(first);
  assert.isFalse(splitter.next());
  first.fill(0xff);
  const second = hex('"t" "hi"');
  splitter.push(second);
  assert.isTrue(splitter.next());
  second.fill(0xff);
  assert.equal(found(splitter), '30 05 00 01 74 68 69');
});

test('what follows a packet that crossed chunks is found in the same chunk', () => {
  const splitter = splitterWith('c0');
  assert.isFalse(splitter.next());
  splitter.push(hex('00 d0 00 e0'));
  assert.isTrue(splitter.next());
  assert.equal(found(splitter), 'c0 00');
  assert.isTrue(splitter.next());
  assert.equal(found(splitter), 'd0 00');
  assert.isFalse(splitter.next());
  assert.deepEqual(splitter.unfinished, { announced: undefined, arrived: 0 });
});

test('empty chunks change nothing', () => {
  const splitter = splitterWith('');
  assert.isFalse(splitter.next());
  for (const [notation, whole] of [
    ['30', false],
    ['', false],
    ['03', false],
    ['', false],
    ['00 01 "t"', true],
  ] as const) {
    splitter.push(hex(notation));
    assert.equal(splitter.next(), whole);
  }
});

test('it says whether a chunk has been emptied, behind a packet that crossed chunks too', () => {
  const pingreq = [0xc0, 0];
  const splitter = new PacketSplitter(100);
  assert.equal(splitter.isEmptied, true);
  splitter.push(Uint8Array.from([...pingreq, 0xc0]));
  assert.equal(splitter.next(), true);
  assert.equal(splitter.isEmptied, false);
  assert.equal(splitter.next(), false);
  assert.equal(splitter.isEmptied, true);
  splitter.push(Uint8Array.from([0, ...pingreq]));
  assert.equal(splitter.next(), true);
  assert.equal(splitter.isEmptied, false);
  assert.equal(splitter.next(), true);
  assert.equal(splitter.isEmptied, true);
});

test('a chunk is not overwritten while packets are in it', () => {
  const splitter = splitterWith('c0 00 c0 00');
  assert.isTrue(splitter.next());
  assert.throws(() => splitter.push(hex('d0 00')), UsageError);
  assert.isTrue(splitter.next());
  assert.equal(found(splitter), 'c0 00');
  splitter.push(hex('d0 00'));
  assert.isTrue(splitter.next());
  assert.equal(found(splitter), 'd0 00');
});

test('section 2.1.4 every length of the Remaining Length', () => {
  for (const byteLength of [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    const header = Uint8Array.of(0x30, ...variableByteInteger(byteLength));
    const packet = new Uint8Array(header.length + byteLength);
    packet.set(header);
    const splitter = new PacketSplitter(LARGEST_PACKET);
    splitter.push(packet);
    assert.isTrue(splitter.next());
    assert.deepEqual([splitter.bodyStart, splitter.end], [header.length, packet.length]);
    assert.equal(packetSize(byteLength), packet.length);
    assert.isFalse(splitter.next());

    splitter.push(packet.subarray(0, 1));
    assert.isFalse(splitter.next());
    splitter.push(packet.subarray(1));
    assert.isTrue(splitter.next());
    assert.deepEqual([splitter.start, splitter.bodyStart, splitter.end], [0, header.length, packet.length]);
    assert.equal(Buffer.compare(splitter.bytes.subarray(0, splitter.end), packet), 0);
  }
});

describe('a Remaining Length that is none', () => {
  const lengths = [
    ['MQTT-1.5.5-1 zero in two bytes', '30 80 00'],
    ['MQTT-1.5.5-1 one in four bytes', '30 81 80 80 00'],
    ['MQTT-1.5.5-1 127 in two bytes', '30 ff 00'],
    ['section 1.5.5 five bytes', '30 ff ff ff ff 01'],
    ['section 1.5.5 a fifth byte that is still to come', '30 ff ff ff ff'],
  ] as const;
  for (const [name, notation] of lengths) {
    test(name, () => {
      assert.equal(refusalOf(() => splitterWith(notation).next()).code, 'malformed-packet');
      const bytewise = new PacketSplitter(LARGEST_PACKET);
      const refusal = refusalOf(() => {
        for (const byte of hex(notation)) {
          bytewise.push(Uint8Array.of(byte));
          bytewise.next();
        }
      });
      assert.equal(refusal.code, 'malformed-packet');
      assert.doesNotThrow(() => bytewise.unfinished);
    });
  }
});

describe('section 3.1.2.11.4 a packet over the maximum', () => {
  test('is refused from its header alone', () => {
    for (const notation of ['30 0e', '30 80 01', '30 ff ff ff 7f']) {
      const refusal = refusalOf(() => splitterWith(notation, 15).next());
      assert.equal(refusal.code, 'packet-too-large');
      assert.equal(refusal.reasonCode, 0x95);
    }
  });

  test('is refused as soon as a header that comes in pieces is whole', () => {
    const splitter = splitterWith('30', 15);
    assert.isFalse(splitter.next());
    splitter.push(hex('80'));
    assert.isFalse(splitter.next());
    splitter.push(hex('01'));
    assert.throws(() => splitter.next(), PacketError, 'the packet is 131 bytes, the Maximum Packet Size is 15');
    assert.deepEqual(splitter.unfinished, { announced: 128, arrived: 0 });
    assert.throws(() => splitter.next(), PacketError);
  });

  test('is refused when the maximum was lowered while it came', () => {
    const splitter = splitterWith('30 0d 00');
    assert.isFalse(splitter.next());
    splitter.maximumPacketSize = 14;
    splitter.push(hex('01'));
    assert.throws(() => splitter.next(), PacketError);
  });

  test('is told from one of exactly the maximum, header included', () => {
    const splitter = splitterWith('30 0d 00 03 "abc" 00 00 00 00 00 00 00 00', 15);
    assert.isTrue(splitter.next());
    splitter.maximumPacketSize = 14;
    splitter.push(hex('30 0d 00 03 "abc" 00 00 00 00 00 00 00 00'));
    assert.throws(() => splitter.next(), PacketError);
  });

  test('does not keep the packets before it from being found', () => {
    const splitter = splitterWith('c0 00 30 7f', 15);
    assert.isTrue(splitter.next());
    assert.throws(() => splitter.next(), PacketError);
  });
});

describe('an unfinished packet', () => {
  test('tells what was announced and what came: 22 bytes and 12', () => {
    const splitter = splitterWith('10 16 | 00 04 "MQTT" 04 02 00 3c | 00 00');
    assert.isFalse(splitter.next());
    assert.deepEqual(splitter.unfinished, { announced: 22, arrived: 12 });
    splitter.push(hex('00'));
    assert.isFalse(splitter.next());
    assert.deepEqual(splitter.unfinished, { announced: 22, arrived: 13 });
    splitter.push(new Uint8Array(9));
    assert.isTrue(splitter.next());
    assert.isUndefined(splitter.unfinished);
  });

  test('is kept in a buffer that grows with what comes', () => {
    const splitter = new PacketSplitter(LARGEST_PACKET);
    const body = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) % 251);
    splitter.push(Uint8Array.of(0x30, ...variableByteInteger(body.length)));
    assert.isFalse(splitter.next());
    for (let at = 0; at < body.length; at += 7_000) {
      splitter.push(body.subarray(at, at + 7_000));
      assert.equal(splitter.next(), at + 7_000 >= body.length);
    }
    assert.equal(Buffer.compare(splitter.bytes.subarray(splitter.bodyStart, splitter.end), body), 0);
  });

  test('costs little while it is only announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const splitters = Array.from({ length: 1000 }, () => splitterWith('30 ff ff ff 7f 00'));
    for (const splitter of splitters) assert.isFalse(splitter.next());
    for (const splitter of splitters) splitter.push(hex('01'));
    for (const splitter of splitters) assert.isFalse(splitter.next());
    assert.isBelow(process.memoryUsage().arrayBuffers - before, 20_000_000);
  });
});
