import { execFileSync } from 'node:child_process';
import { describe, expect, test, vi } from 'vitest';
import { compileFormat } from '../../src/tool/message-format.ts';
import type { PrintedMessage } from '../../src/tool/printed-message.ts';
import { strftime } from '../../src/tool/strftime.ts';

const MESSAGE: PrintedMessage = {
  topicName: 'a/b',
  payload: Buffer.from('hello'),
  qos: 1,
  retain: false,
  packetId: 7,
  properties: {},
};

function print(format: string, message: Partial<PrintedMessage> = {}): string {
  const errors: string[] = [];
  const compiled = compileFormat(format, { isPretty: false, hasLineEnd: false }, (line) => errors.push(line));
  return (
    Buffer.concat(compiled({ ...MESSAGE, ...message }).map((part) => Buffer.from(part))).toString() + errors.join('')
  );
}

describe('what mosquitto_sub 2.1 has and 2.0 has not', () => {
  test.each([
    ['%20x', '          68656c6c6f'],
    ['%-12x|', '68656c6c6f  |'],
    ['%012X', '0068656C6C6F'],
    ['%3x', '68656c'],
    ['%.2x', '68 65 6c 6c 6f'],
    ['%.2:x', '68:65:6c:6c:6f'],
    ['%.4-X', '6865-6C6C-6F'],
    ['%.1,x', '6,8,6,5,6,c,6,c,6,f'],
  ])('%s: %s', (format, expected) => {
    expect(print(format)).toBe(expected);
  });

  test('%f and %d: numbers of IEEE 754', () => {
    const float = Buffer.alloc(4);
    float.writeFloatLE(1.5);
    const double = Buffer.alloc(8);
    double.writeDoubleLE(-2.25);
    expect(print('%f', { payload: float })).toBe('1.500000');
    expect(print('%8.2f', { payload: float })).toBe('    1.50');
    expect(print('%08.2d', { payload: double })).toBe('-0002.25');
    expect(print('%-8.1d|', { payload: double })).toBe('-2.3    |');
    expect(print('%f')).toBe('requested float printing, but non-float data received');
  });
});

test('strftime agrees with the one of the C library', () => {
  vi.stubEnv('TZ', 'Europe/Berlin');
  const letters = [...'aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYz'];
  const moments = [0, 1_709_164_800, 1_735_603_199, 1_735_689_600, 1_798_675_200, 1_467_331_199];
  const format = letters.map((letter) => `%${letter}`).join('|');
  for (const seconds of moments) {
    const theirs = execFileSync('date', ['-d', `@${seconds}`, `+${format}`], { env: { ...process.env, LC_ALL: 'C' } });
    const ours = letters.map((letter) => strftime(letter, new Date(seconds * 1000)));
    expect(ours.join('|')).toBe(theirs.toString().trimEnd());
  }
  vi.unstubAllEnvs();
});
