import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/command/command-line.ts';
import { defineCommand } from '../../src/command/definition.ts';
import { clientOptionsOf, connectionOptions, propertyOption, serverOf } from '../../src/mqtt/connection-options.ts';

const command = defineCommand({
  name: 'any',
  summary: '',
  description: '',
  helpFlags: '--help',
  usageExitCode: 1,
  options: { ...connectionOptions, property: propertyOption('connect', 'will') },
  examples: [],
  run: async () => 0,
});

function valuesOf(line: string) {
  const parsed = parseCommandLine(command, line.split(' ').filter(Boolean));
  if (parsed.help !== undefined) throw new Error('got the help');
  return parsed.values;
}

function optionsOf(line: string) {
  return clientOptionsOf(valuesOf(line));
}

test('nothing given is MQTT 3.1.1, a new session, 60 seconds, at localhost:1883', () => {
  expect(optionsOf('')).toEqual({ protocolVersion: 4, keepAlive: 60, cleanStart: true });
  expect(serverOf(valuesOf(''))).toBe('mqtt://localhost:1883');
});

test.each([
  ['-V 5', { protocolVersion: 5, sessionExpiryInterval: 0 }],
  ['-V mqttv5', { protocolVersion: 5 }],
  ['-V 311', { protocolVersion: 4 }],
  ['-V mqttv311', { protocolVersion: 4 }],
  ['-V 31', { protocolVersion: 3 }],
  ['-V mqttv31', { protocolVersion: 3 }],
  ['-D connect receive-maximum 7', { protocolVersion: 5, receiveMaximum: 7 }],
  ['-D connect user-property a b', { protocolVersion: 5, properties: { userProperties: [['a', 'b']] } }],
  ['-V 311 -D connect receive-maximum 7', { protocolVersion: 5 }],
  ['-i sensor-7', { clientIdentifier: 'sensor-7' }],
  ['-u bob -P secret', { userName: 'bob', password: 'secret' }],
  ['-V 5 -P secret', { password: 'secret' }],
  ['-k 5', { keepAlive: 5 }],
  ['-c -i a', { cleanStart: false, clientIdentifier: 'a' }],
  ['-c -i a -V 5', { cleanStart: false, sessionExpiryInterval: 0xffff_ffff }],
  ['-c -i a -V 5 -x 60', { cleanStart: false, sessionExpiryInterval: 60 }],
  ['-V 5 -x 60', { cleanStart: true, sessionExpiryInterval: 60 }],
  ['-V 5 -i a -x -1', { sessionExpiryInterval: 0xffff_ffff }],
  ['-V 5 -i a -x ∞', { sessionExpiryInterval: 0xffff_ffff }],
  ['-V 5 -D connect session-expiry-interval 9', { sessionExpiryInterval: 9 }],
  ['--will-topic w', { will: { topicName: 'w', payload: '', qos: 0, retain: false } }],
  [
    '--will-topic w --will-payload gone --will-qos 2 --will-retain',
    { will: { topicName: 'w', payload: 'gone', qos: 2, retain: true } },
  ],
  ['--will-topic w -D will will-delay-interval 5', { will: { properties: { willDelayInterval: 5 } } }],
])('%s', (line, options) => {
  expect(optionsOf(line)).toMatchObject(options);
});

test('below 5.0 there is no Session Expiry Interval', () => {
  expect(optionsOf('-x 60')).not.toHaveProperty('sessionExpiryInterval');
});

describe('what does not go together', () => {
  test.each([
    ['-P secret', '-P/--pw needs -u/--username below MQTT 5.0'],
    ['-c', '-c needs a Client Identifier (-i)'],
    ['-c -V 5', 'a session that never expires needs a Client Identifier (-i)'],
    ['-x -1 -V 5', 'a session that never expires needs a Client Identifier (-i)'],
    ['--will-payload gone', '--will-payload needs --will-topic'],
    ['--will-retain', '--will-retain needs --will-topic'],
    ['--will-topic a/#', '--will-topic: Topic Name: expected no wildcard character'],
    ['-k 4', '-k/--keepalive: expected a whole number from 5 to 65535'],
    ['-p 0', '-p/--port: expected a whole number from 1 to 65535'],
    ['-x -2', '-x/--session-expiry-interval: expected a whole number from -1 to 4294967295'],
    ['-V 6', "-V/--protocol-version: expected 5, 31 or 311, not '6'"],
  ])('%s', (line, message) => {
    expect(() => optionsOf(line)).toThrow(message);
  });
});

test.each([
  ['-h broker.local -p 1884', 'mqtt://broker.local:1884'],
  ['-h ::1', 'mqtt://[::1]:1883'],
  ['-h [::1]', 'mqtt://[::1]:1883'],
])('%s is %s', (line, url) => {
  expect(serverOf(valuesOf(line))).toBe(url);
});
