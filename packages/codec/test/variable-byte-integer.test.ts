import {
  ByteReader,
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@busbar/codec';
import { hex, toHex } from '@busbar/testkit';
import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { refusalOf } from './decode-whole.ts';

function written(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  return bytes.subarray(0, writeVariableByteInteger(value, bytes, 0));
}

test('table 1-1 the smallest and largest value of each length', () => {
  const table: readonly (readonly [number, string])[] = [
    [0, '00'],
    [127, '7f'],
    [128, '80 01'],
    [16_383, 'ff 7f'],
    [16_384, '80 80 01'],
    [2_097_151, 'ff ff 7f'],
    [2_097_152, '80 80 80 01'],
    [268_435_455, 'ff ff ff 7f'],
  ];
  for (const [value, notation] of table) {
    assert.equal(toHex(written(value)), notation);
    assert.equal(variableByteIntegerLength(value), written(value).length);
    assert.equal(new ByteReader(hex(notation)).readVariableByteInteger('it'), value);
  }
  assert.equal(MAXIMUM_VARIABLE_BYTE_INTEGER, 268_435_455);
});

test('every value is read as it was written', () => {
  const values = fc.property(fc.nat(MAXIMUM_VARIABLE_BYTE_INTEGER), (value) => {
    const bytes = written(value);
    const reader = new ByteReader(bytes);
    assert.equal(reader.readVariableByteInteger('it'), value);
    assert.equal(reader.remaining, 0);
  });
  fc.assert(values, { numRuns: 2000 });
});

describe('what is none', () => {
  for (const [name, notation] of [
    ['MQTT-1.5.5-1 zero in two bytes', '80 00'],
    ['MQTT-1.5.5-1 one in three bytes', '81 80 00'],
    ['MQTT-1.5.5-1 16,383 in four bytes', 'ff ff 80 00'],
    ['section 1.5.5 five bytes', '80 80 80 80 01'],
    ['section 1.5.5 five bytes of zero', '80 80 80 80 00'],
    ['section 1.5.5 one byte cut off', ''],
    ['section 1.5.5 two bytes cut off', '80'],
    ['section 1.5.5 four bytes cut off', 'ff ff ff'],
  ] as const) {
    test(name, () => {
      const refusal = refusalOf(() => new ByteReader(hex(notation)).readVariableByteInteger('it'));
      assert.equal(refusal.code, 'malformed-packet');
      if (name.startsWith('MQTT')) assert.equal(refusal.statement, 'MQTT-1.5.5-1');
    });
  }
});
