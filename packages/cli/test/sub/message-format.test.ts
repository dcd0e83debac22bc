import { expect, test } from 'vitest';
import { formatJson, formatPayload, formatVerbose, type PrintedMessage } from '../../src/sub/message-format.ts';

const RECEIVED_AT = new Date('2026-03-01T08:00:00.125Z');

function message(payload: Uint8Array | string, more: Partial<PrintedMessage> = {}): PrintedMessage {
  return {
    topicName: 'plant/größe',
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    qos: 1,
    retain: false,
    properties: {},
    ...more,
  };
}

function bytesOf(parts: readonly Uint8Array[]): string {
  return Buffer.concat(parts).toString('latin1');
}

test('a payload is printed as the bytes it is', () => {
  expect(bytesOf(formatPayload(message(Uint8Array.of(0, 0xff, 0x0a, 0x41)), RECEIVED_AT))).toBe('\x00\xff\nA\n');
  expect(formatPayload(message(''), RECEIVED_AT)).toEqual([]);
});

test('verbose puts the topic before it', () => {
  const topic = Buffer.from('plant/größe').toString('latin1');
  expect(bytesOf(formatVerbose(message(Uint8Array.of(0xff)), RECEIVED_AT))).toBe(`${topic} \xff\n`);
  expect(bytesOf(formatVerbose(message(''), RECEIVED_AT))).toBe(`${topic} (null)\n`);
});

test('json is one object a line', () => {
  const properties = {
    contentType: 'text',
    correlationData: Uint8Array.of(1, 2),
    userProperties: [['a', 'b']],
  } as const;
  const printed = bytesOf(
    formatJson(
      message('line 1\nline "2"', { retain: true, properties: { ...properties, userProperties: [['a', 'b']] } }),
      RECEIVED_AT,
    ),
  );

  expect(printed.endsWith('}\n')).toBe(true);
  expect(printed.indexOf('\n')).toBe(printed.length - 1);
  expect(JSON.parse(Buffer.from(printed, 'latin1').toString())).toEqual({
    tst: '2026-03-01T08:00:00.125Z',
    topic: 'plant/größe',
    qos: 1,
    retain: 1,
    payloadlen: 15,
    properties: { 'content-type': 'text', 'correlation-data': 'AQI=', 'user-properties': [['a', 'b']] },
    payload: 'line 1\nline "2"',
  });
});

test('json leaves out what the client library has asked for on its own behalf', () => {
  const printed = formatJson(message('x', { properties: { subscriptionIdentifiers: [1] } }), RECEIVED_AT);
  expect(JSON.parse(bytesOf(printed))).not.toHaveProperty('properties');
});

test('json gives a payload that is no text as Base64, and keeps a byte order mark', () => {
  const binary = JSON.parse(bytesOf(formatJson(message(Uint8Array.of(0xff, 0xfe)), RECEIVED_AT)));
  expect(binary).toMatchObject({ payloadBase64: '//4=', payloadlen: 2 });
  expect(binary).not.toHaveProperty('payload');

  const marked = Buffer.concat(formatJson(message('\ufeffa'), RECEIVED_AT)).toString();
  expect(JSON.parse(marked)).toMatchObject({ payload: '\ufeffa' });
});
