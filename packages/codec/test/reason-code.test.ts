import { describeReasonCode, FIRST_FAILURE, isReasonCodeOf, PacketType, ReasonCode } from '@busbar/codec';
import { assert, test } from 'vitest';

/** Table 2-6 of the standard: the code, its name, and the packets that may carry it. */
const TABLE: readonly (readonly [code: number, name: string, packets: string])[] = [
  [0x00, 'Success', 'CONNACK PUBACK PUBREC PUBREL PUBCOMP UNSUBACK AUTH DISCONNECT SUBACK'],
  [0x01, 'Granted QoS 1', 'SUBACK'],
  [0x02, 'Granted QoS 2', 'SUBACK'],
  [0x04, 'Disconnect with Will Message', 'DISCONNECT'],
  [0x10, 'No matching subscribers', 'PUBACK PUBREC'],
  [0x11, 'No subscription existed', 'UNSUBACK'],
  [0x18, 'Continue authentication', 'AUTH'],
  [0x19, 'Re-authenticate', 'AUTH'],
  [0x80, 'Unspecified error', 'CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT'],
  [0x81, 'Malformed Packet', 'CONNACK DISCONNECT'],
  [0x82, 'Protocol Error', 'CONNACK DISCONNECT'],
  [0x83, 'Implementation specific error', 'CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT'],
  [0x84, 'Unsupported Protocol Version', 'CONNACK'],
  [0x85, 'Client Identifier not valid', 'CONNACK'],
  [0x86, 'Bad User Name or Password', 'CONNACK'],
  [0x87, 'Not authorized', 'CONNACK PUBACK PUBREC SUBACK UNSUBACK DISCONNECT'],
  [0x88, 'Server unavailable', 'CONNACK'],
  [0x89, 'Server busy', 'CONNACK DISCONNECT'],
  [0x8a, 'Banned', 'CONNACK'],
  [0x8b, 'Server shutting down', 'DISCONNECT'],
  [0x8c, 'Bad authentication method', 'CONNACK DISCONNECT'],
  [0x8d, 'Keep Alive timeout', 'DISCONNECT'],
  [0x8e, 'Session taken over', 'DISCONNECT'],
  [0x8f, 'Topic Filter invalid', 'SUBACK UNSUBACK DISCONNECT'],
  [0x90, 'Topic Name invalid', 'CONNACK PUBACK PUBREC DISCONNECT'],
  [0x91, 'Packet Identifier in use', 'PUBACK PUBREC SUBACK UNSUBACK'],
  [0x92, 'Packet Identifier not found', 'PUBREL PUBCOMP'],
  [0x93, 'Receive Maximum exceeded', 'DISCONNECT'],
  [0x94, 'Topic Alias invalid', 'DISCONNECT'],
  [0x95, 'Packet too large', 'CONNACK DISCONNECT'],
  [0x96, 'Message rate too high', 'DISCONNECT'],
  [0x97, 'Quota exceeded', 'CONNACK PUBACK PUBREC SUBACK DISCONNECT'],
  [0x98, 'Administrative action', 'DISCONNECT'],
  [0x99, 'Payload format invalid', 'CONNACK PUBACK PUBREC DISCONNECT'],
  [0x9a, 'Retain not supported', 'CONNACK DISCONNECT'],
  [0x9b, 'QoS not supported', 'CONNACK DISCONNECT'],
  [0x9c, 'Use another server', 'CONNACK DISCONNECT'],
  [0x9d, 'Server moved', 'CONNACK DISCONNECT'],
  [0x9e, 'Shared Subscriptions not supported', 'SUBACK DISCONNECT'],
  [0x9f, 'Connection rate exceeded', 'CONNACK DISCONNECT'],
  [0xa0, 'Maximum connect time', 'DISCONNECT'],
  [0xa1, 'Subscription Identifiers not supported', 'SUBACK DISCONNECT'],
  [0xa2, 'Wildcard Subscriptions not supported', 'SUBACK DISCONNECT'],
];

const CARRIERS = [
  'connack',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'suback',
  'unsuback',
  'disconnect',
  'auth',
] as const;

test('table 2-6 every Reason Code has the standard’s name', () => {
  for (const [code, name] of TABLE) {
    assert.equal(
      describeReasonCode(code).toLowerCase(),
      `${name} (0x${code.toString(16).padStart(2, '0')})`.toLowerCase(),
    );
  }
  assert.deepEqual(new Set(Object.values(ReasonCode)), new Set(TABLE.map(([code]) => code)));
  assert.equal(describeReasonCode(0x02), 'granted QoS 2 (0x02)');
  assert.equal(describeReasonCode(0x9b), 'QoS not supported (0x9b)');
  assert.equal(describeReasonCode(0x05), '0x05');
  assert.equal(describeReasonCode(FIRST_FAILURE), 'unspecified error (0x80)');
});

test('table 2-6 every packet has its Reason Codes and no others', () => {
  for (const carrier of CARRIERS) {
    for (let code = 0; code < 256; code++) {
      const row = TABLE.find((each) => each[0] === code);
      const allowed = row?.[2].split(' ').includes(carrier.toUpperCase()) === true;
      assert.equal(isReasonCodeOf(PacketType[carrier], code), allowed, `${carrier} 0x${code.toString(16)}`);
    }
  }
});

test('packets without a Reason Code have none', () => {
  for (const type of [PacketType.connect, PacketType.publish, PacketType.subscribe, PacketType.pingreq]) {
    assert.isFalse(isReasonCodeOf(type, 0x00));
  }
});
