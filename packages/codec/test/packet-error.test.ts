import {
  malformed,
  PacketError,
  packetTooLarge,
  protocolError,
  topicAliasInvalid,
  topicNameInvalid,
  UsageError,
  unsupportedProtocolVersion,
} from '@busbar/codec';
import { hex } from '@busbar/testkit';
import { assert, test } from 'vitest';
import { decodeWhole, refusalOf } from './decode-whole.ts';

test('section 4.13 every refusal has the Reason Code that a 5.0 peer is told', () => {
  const refusals: readonly (readonly [PacketError, string, number])[] = [
    [malformed('m'), 'malformed-packet', 0x81],
    [protocolError('m'), 'protocol-error', 0x82],
    [unsupportedProtocolVersion('m'), 'unsupported-protocol-version', 0x84],
    [topicNameInvalid('m'), 'topic-name-invalid', 0x90],
    [topicAliasInvalid('m'), 'topic-alias-invalid', 0x94],
    [packetTooLarge(20, 10), 'packet-too-large', 0x95],
  ];
  for (const [refusal, code, reasonCode] of refusals) {
    assert.deepEqual([refusal.name, refusal.code, refusal.reasonCode], ['PacketError', code, reasonCode]);
  }
});

test('the message names the statement that was broken', () => {
  const { message, statement } = malformed('Will QoS is 3', 'MQTT-3.1.2-12');
  assert.deepEqual([message, statement], ['Will QoS is 3 [MQTT-3.1.2-12]', 'MQTT-3.1.2-12']);
  assert.deepEqual([malformed('m').message, malformed('m').statement], ['m', undefined]);
});

test('the message says what was expected and what came', () => {
  const messages = ['30 05 00 04 "a/b"', '32 06 00 03 "a/b" 00', 'c0 01 00', 'c0 02 00 00', '40 00'].map(
    (notation) => refusalOf(() => decodeWhole(hex(notation), 4)).message,
  );
  assert.deepEqual(messages, [
    'the Topic Name: expected 4 bytes, came 3',
    'the Packet Identifier: expected 2 bytes, came 1',
    'PINGREQ: expected its end, came 1 byte more',
    'PINGREQ: expected its end, came 2 bytes more',
    'the Packet Identifier: expected 2 bytes, came 0',
  ]);
});

test('a mistake of our caller is another kind of error', () => {
  const mistake = new UsageError('out-of-range', 'too much');
  assert.deepEqual([mistake.name, mistake.code, mistake.message], ['UsageError', 'out-of-range', 'too much']);
  assert.notInstanceOf(mistake, PacketError);
});
