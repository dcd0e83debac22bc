import { expect, test } from 'vitest';
import { readableValue, Telemetry } from '../../src/start/telemetry.ts';

function seen(topicName: string, payload: string) {
  return { topicName, payload: Buffer.from(payload), qos: 1, retain: false };
}

test.each([
  ['72.4', '72.4'],
  ['{"value":7.25,"unit":"bar","time":"2026-03-01T08:00:00.000Z"}', '7.25 bar'],
  ['{"value":"open"}', 'open'],
  ['{"temperature":7}', '{"temperature":7}'],
  ['{"value":', '{"value":'],
  ['[1,2]', '[1,2]'],
  ['', '(empty)'],
  ['two\nlines\x1b[31m', 'two·lines·[31m'],
  ['left\u202eright', 'left·right'],
])('the payload %j is read as %j', (payload, value) => {
  expect(readableValue(Buffer.from(payload))).toBe(value);
});

test('a payload that is no text is shown by its length and first bytes', () => {
  expect(readableValue(Uint8Array.of(0xff, 0x00, 0x10))).toBe('3 bytes: ff0010');
});

test('of a long payload the beginning is shown', () => {
  const telemetry = new Telemetry(0);
  telemetry.record(seen('text', 'ä'.repeat(5000)), 1);
  telemetry.record({ ...seen('bytes', ''), payload: new Uint8Array(10_000).fill(0xfe) }, 1);
  const [bytes, text] = telemetry.rows(2);
  expect(bytes?.value).toBe(`10000 bytes: ${'fe'.repeat(16)}`);
  expect(text?.value).toBe('ä'.repeat(2048));
});

test('the rate is that of the last seconds, the age that of the last message', () => {
  const telemetry = new Telemetry(1000);
  for (let at = 1000; at < 21_000; at += 100) telemetry.record(seen('fast', '1'), at);
  telemetry.record(seen('slow', '1'), 20_000);

  const [fast, slow] = telemetry.rows(21_000);
  expect(fast).toMatchObject({ topicName: 'fast', value: '1', qos: 1, retain: false, ageMs: 100 });
  expect(fast?.messagesPerSecond).toBeCloseTo(10, 1);
  expect(slow?.messagesPerSecond).toBeGreaterThan(0);
  expect(telemetry.rows(40_000).map((row) => row.messagesPerSecond)).toEqual([0, 0]);
});

test('in the first seconds the rate counts on the time there was', () => {
  const telemetry = new Telemetry(0);
  for (let at = 0; at < 2000; at += 200) telemetry.record(seen('a', '1'), at);
  expect(telemetry.rows(2000)[0]?.messagesPerSecond).toBeCloseTo(5, 5);
});

test('the course of numbers is kept, that of words is not', () => {
  const telemetry = new Telemetry(0);
  for (let sample = 1; sample <= 30; sample++) {
    telemetry.record(seen('number', `{"value":${sample}}`), sample);
    telemetry.record(seen('word', 'open'), sample);
    telemetry.sample();
  }
  const [number, word] = telemetry.rows(31);
  expect(number?.history).toHaveLength(24);
  expect(number?.history.at(-1)).toBe(30);
  expect(word?.history).toEqual([]);
});

test('topics beyond the bound are counted, not kept', () => {
  const telemetry = new Telemetry(0);
  for (let topic = 0; topic < 1500; topic++) telemetry.record(seen(`t/${topic}`, 'x'), topic);
  expect(telemetry.rows(1500)).toHaveLength(1000);
  expect(telemetry.untracked).toBe(500);
});
