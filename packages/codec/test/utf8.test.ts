import { decodeUtf8, utf8ByteLength, utf8Fault, writeUtf8 } from '@busbar/codec';
import { hex, utf8String } from '@busbar/testkit';
import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import * as browser from '../src/utf8.browser.ts';
import { decodeWhole, refusalOf } from './decode-whole.ts';

/** Bytes at which the rules change, and those of a byte order mark. */
const EDGES = [
  ...[0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbb, 0xbf],
  ...[0xc2, 0xc3, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4],
];

describe('sequences that are not UTF-8', () => {
  const sequences = [
    ['MQTT-1.5.4-2 U+0000', '00', 'contains U+0000'],
    ['MQTT-1.5.4-1 U+0000 in two bytes', 'c0 80'],
    ['MQTT-1.5.4-1 U+002F in two bytes', 'c0 af'],
    ['MQTT-1.5.4-1 U+007F in two bytes', 'c1 bf'],
    ['MQTT-1.5.4-1 U+07FF in three bytes', 'e0 9f bf'],
    ['MQTT-1.5.4-1 U+FFFF in four bytes', 'f0 8f bf bf'],
    ['MQTT-1.5.4-1 the first surrogate', 'ed a0 80'],
    ['MQTT-1.5.4-1 the last surrogate', 'ed bf bf'],
    ['MQTT-1.5.4-1 a surrogate pair (CESU-8)', 'ed a0 bd ed b4 8c'],
    ['MQTT-1.5.4-1 U+110000', 'f4 90 80 80'],
    ['MQTT-1.5.4-1 beyond U+10FFFF', 'f5 80 80 80'],
    ['MQTT-1.5.4-1 five bytes', 'f8 88 80 80 80'],
    ['MQTT-1.5.4-1 0xFE', 'fe'],
    ['MQTT-1.5.4-1 0xFF', 'ff'],
    ['MQTT-1.5.4-1 a continuation alone', '80'],
    ['MQTT-1.5.4-1 two bytes, cut off', 'c3'],
    ['MQTT-1.5.4-1 three bytes, cut off after one', 'e2'],
    ['MQTT-1.5.4-1 three bytes, cut off after two', 'e2 82'],
    ['MQTT-1.5.4-1 four bytes, cut off after three', 'f0 9f 94'],
    ['MQTT-1.5.4-1 two bytes, the second a letter', 'c3 41'],
    ['MQTT-1.5.4-1 three bytes, the third a letter', 'e2 82 41'],
    ['MQTT-1.5.4-1 four bytes, the third a first', 'f0 9f c3 8c'],
    ['MQTT-1.5.4-1 four bytes, the fourth a letter', 'f0 9f 94 41'],
  ] as const;
  for (const [name, notation, fault] of sequences) {
    test(name, () => {
      const bytes = hex(`"ab" ${notation}`);
      assert.equal(utf8Fault(bytes, 0, bytes.length), fault ?? 'is not well-formed UTF-8 at byte 2');
      assert.isUndefined(utf8Fault(bytes, 0, 2));
      assert.equal(browser.utf8Fault(bytes, 0, bytes.length), utf8Fault(bytes, 0, bytes.length));
      const publish = Uint8Array.of(0x30, bytes.length + 2, 0, bytes.length, ...bytes);
      const refusal = refusalOf(() => decodeWhole(publish, 4));
      assert.deepEqual([refusal.code, refusal.statement], ['malformed-packet', name.slice(0, 12)]);
    });
  }
});

test('a sequence may not go on beyond the end of its string', () => {
  const bytes = hex('"a" c3 a9');
  assert.equal(utf8Fault(bytes, 0, 2), 'is not well-formed UTF-8 at byte 1');
});

test('every character of Unicode but U+0000 and the surrogates is written and read', () => {
  const into = new Uint8Array(4);
  for (let point = 1; point <= 0x10ffff; point += point < 0x1_1000 ? 1 : 257) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const text = String.fromCodePoint(point);
    const end = writeUtf8(text, into, 0);
    assert.equal(end, utf8ByteLength(text));
    if (utf8Fault(into, 0, end) !== undefined || decodeUtf8(into, 0, end) !== text) assert.fail(point.toString(16));
  }
});

test('MQTT-1.5.4-3 a byte order mark is a character like others, wherever it stands', () => {
  const bytes = hex('ef bb bf "a" ef bb bf');
  assert.isUndefined(utf8Fault(bytes, 0, bytes.length));
  assert.equal(decodeUtf8(bytes, 0, bytes.length), '\ufeffa\ufeff');
});

test('any bytes are judged as the platform judges them, U+0000 aside', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const sequences = fc.property(fc.array(fc.constantFrom(...EDGES), { minLength: 1, maxLength: 6 }), (list) => {
    const bytes = Uint8Array.from(list);
    let expected: string | undefined;
    try {
      expected = decoder.decode(bytes);
    } catch {
      expected = undefined;
    }
    const fault = utf8Fault(bytes, 0, bytes.length);
    assert.equal(fault === undefined ? decodeUtf8(bytes, 0, bytes.length) : undefined, expected);
  });
  fc.assert(sequences, { numRuns: 20_000 });
});

test('strings are written as the platform writes them', () => {
  const texts = fc.property(utf8String, fc.nat(3), (text, start) => {
    const expected = new TextEncoder().encode(text);
    const into = new Uint8Array(start + expected.length);
    assert.equal(utf8ByteLength(text), expected.length);
    assert.equal(writeUtf8(text, into, start), into.length);
    assert.deepEqual(into.subarray(start), expected);
  });
  fc.assert(texts, { numRuns: 2000 });
});

test('strings longer than one call of the platform takes are read whole', () => {
  const text = 'päckchen \u{1f50c} '.repeat(5000);
  const bytes = new TextEncoder().encode(text);
  assert.equal(decodeUtf8(bytes, 0, bytes.length), text);
});

test('what cannot be sent has no length', () => {
  for (const text of ['\0', 'a\0b', '\ud800', '\udc00', 'a\ud800', '\ud800a', '\udc00\ud800', '\ud800\ud800']) {
    assert.equal(utf8ByteLength(text), -1);
  }
});

describe('what bundles for browsers take instead', () => {
  const unit = fc.constantFrom(0, ...EDGES);

  test('judges any bytes in the same words, and reads the same', () => {
    const anyBytes = fc.property(fc.array(unit, { maxLength: 8 }), fc.nat(3), (list, start) => {
      const bytes = Uint8Array.from(list);
      const fault = utf8Fault(bytes, start, bytes.length);
      assert.equal(browser.utf8Fault(bytes, start, bytes.length), fault);
      if (fault !== undefined) return;
      assert.equal(browser.decodeUtf8(bytes, start, bytes.length), decodeUtf8(bytes, start, bytes.length));
    });
    fc.assert(anyBytes, { numRuns: 10_000 });
  });

  test('measures and writes any string the same', () => {
    const anyText = fc.property(fc.string({ unit: 'binary' }), fc.nat(3), (text, start) => {
      const byteLength = utf8ByteLength(text);
      assert.equal(browser.utf8ByteLength(text), byteLength);
      if (byteLength < 0) return;
      const [expected, written] = [new Uint8Array(start + byteLength), new Uint8Array(start + byteLength)];
      assert.equal(browser.writeUtf8(text, written, start), writeUtf8(text, expected, start));
      assert.deepEqual(written, expected);
    });
    fc.assert(anyText, { numRuns: 2000 });
    for (const text of ['\0', 'a\ud800', '\udc00\ud800', '\ud83d\udd0c']) {
      assert.equal(browser.utf8ByteLength(text), utf8ByteLength(text));
    }
  });
});
