import { encodePacket, type Packet, PacketType, type ProtocolVersion, ReasonCode } from '@busbar/codec';
import { hex, packetVectors, propertyRows, propertyVectors, toHex } from '@busbar/testkit';
import { assert, describe, test } from 'vitest';
import { decodeWhole, usageErrorOf } from './decode-whole.ts';

describe('packets are sent as the standard writes them', () => {
  for (const { name, version, bytes, packet, canonical } of [...packetVectors, ...propertyVectors]) {
    if (canonical) test(name, () => assert.equal(toHex(encodePacket(packet, version)), toHex(bytes)));
    else
      test(`${name}, which is sent in another form`, () => assert.notDeepEqual(encodePacket(packet, version), bytes));
  }
});

const publish = {
  type: PacketType.publish,
  dup: false,
  qos: 0,
  retain: false,
  topicName: 't',
  packetId: 1,
  properties: {},
  payload: hex(''),
} as const;
const connect = {
  type: PacketType.connect,
  protocolVersion: 5,
  bridge: false,
  cleanStart: true,
  keepAlive: 0,
  clientIdentifier: 'c',
  will: undefined,
  userName: undefined,
  password: undefined,
  properties: {},
} as const;
const subscription = { topicFilter: 'f', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
const subscribe = { type: PacketType.subscribe, packetId: 1, subscriptions: [subscription], properties: {} } as const;
const puback = { type: PacketType.puback, packetId: 1, reasonCode: ReasonCode.success, properties: {} } as const;
const suback = { type: PacketType.suback, packetId: 1, reasonCodes: [ReasonCode.success], properties: {} } as const;
const will = { topicName: 'w', payload: hex(''), qos: 0, retain: false, properties: {} } as const;

describe('what MQTT cannot carry is our caller’s mistake', () => {
  const mistakes: readonly (readonly [name: string, code: string, packet: unknown, version?: ProtocolVersion])[] = [
    ['MQTT-1.5.4-2 U+0000', 'invalid-string', { ...publish, topicName: 'a\0b' }],
    ['a number where a text belongs', 'invalid-string', { ...connect, userName: 5 }],
    ['a number as Content Type', 'invalid-string', { ...publish, properties: { contentType: 5 } }],
    ['null as Content Type', 'invalid-string', { ...publish, properties: { contentType: null } }],
    ['null as a Message Expiry Interval', 'out-of-range', { ...publish, properties: { messageExpiryInterval: null } }],
    ['a text as a Message Expiry Interval', 'out-of-range', { ...publish, properties: { messageExpiryInterval: '5' } }],
    ['a number in a User Property', 'invalid-string', { ...publish, properties: { userProperties: [['n', 5]] } }],
    ['a text where bytes belong', 'out-of-range', { ...publish, properties: { correlationData: 'id-1' } }],
    ['MQTT-1.5.4-1 half a surrogate pair', 'invalid-string', { ...connect, clientIdentifier: '\ud800' }],
    ['MQTT-1.5.4-1 a surrogate pair the wrong way round', 'invalid-string', { ...connect, userName: '\udc00\ud800' }],
    ['MQTT-4.7.3-3 a string of 65,536 bytes', 'out-of-range', { ...connect, clientIdentifier: 'é'.repeat(32_768) }],
    ['section 1.5.6 Binary Data of 65,536 bytes', 'out-of-range', { ...connect, password: new Uint8Array(65_536) }],
    ['MQTT-3.3.1-2 DUP at QoS 0', 'dup-at-qos-0', { ...publish, dup: true }],
    ['MQTT-3.3.1-4 QoS 3', 'out-of-range', { ...publish, qos: 3 }],
    ['MQTT-3.3.2-2 a Topic Name with a wildcard', 'topic-name-invalid', { ...publish, topicName: 'a/#' }],
    ['MQTT-4.7.3-1 an empty Topic Name', 'topic-name-invalid', { ...publish, topicName: '' }],
    [
      'MQTT-4.7.3-1 an alias below 5.0',
      'topic-name-invalid',
      { ...publish, topicName: '', properties: { topicAlias: 1 } },
      4,
    ],
    ['MQTT-3.3.2-8 Topic Alias 0', 'out-of-range', { ...publish, properties: { topicAlias: 0 } }],
    [
      'MQTT-3.3.2-14 a Response Topic with a wildcard',
      'topic-name-invalid',
      { ...publish, properties: { responseTopic: '+' } },
    ],
    ['MQTT-4.7.3-1 an empty Response Topic', 'topic-name-invalid', { ...publish, properties: { responseTopic: '' } }],
    ['MQTT-2.2.1-3 Packet Identifier 0', 'out-of-range', { ...publish, qos: 1, packetId: 0 }],
    ['MQTT-2.2.1-3 Packet Identifier 65,536', 'out-of-range', { ...puback, packetId: 65_536 }],
    ['MQTT-2.2.1-3 half a Packet Identifier', 'out-of-range', { ...puback, packetId: 1.5 }],
    ['MQTT-2.2.1-3 no number', 'out-of-range', { ...puback, packetId: Number.NaN }],
    ['MQTT-3.4.2-1 a Reason Code of another packet', 'reason-code-not-allowed', { ...puback, reasonCode: 0x8b }],
    ['MQTT-3.9.3-2 a Reason Code of another packet', 'reason-code-not-allowed', { ...suback, reasonCodes: [0x10] }],
    ['MQTT311-3.9.3-2 no return code of 3.1.1', 'reason-code-not-allowed', { ...suback, reasonCodes: [0x03] }, 4],
    ['MQTT-3.8.4-6 a SUBACK without a Reason Code', 'empty-suback', { ...suback, reasonCodes: [] }],
    [
      'MQTT-3.11.3-2 an UNSUBACK without a Reason Code',
      'empty-unsuback',
      { ...suback, type: PacketType.unsuback, reasonCodes: [] },
    ],
    ['MQTT-3.8.3-2 no Topic Filter', 'empty-subscribe', { ...subscribe, subscriptions: [] }],
    [
      'MQTT-3.10.3-2 no Topic Filter',
      'empty-unsubscribe',
      { type: PacketType.unsubscribe, packetId: 1, topicFilters: [], properties: {} },
    ],
    ['section 3.8.3.1 QoS 3', 'out-of-range', { ...subscribe, subscriptions: [{ ...subscription, qos: 3 }] }],
    ['MQTT311-3.8.3-4 QoS 3', 'out-of-range', { ...subscribe, subscriptions: [{ ...subscription, qos: 3 }] }, 4],
    [
      'section 3.8.3.1 Retain Handling 3',
      'out-of-range',
      { ...subscribe, subscriptions: [{ ...subscription, retainHandling: 3 }] },
    ],
    [
      'section 3.8.2.1.2 two Subscription Identifiers',
      'property-given-twice',
      { ...subscribe, properties: { subscriptionIdentifiers: [1, 2] } },
    ],
    ['section 3.1.2.10 Keep Alive 65,536', 'out-of-range', { ...connect, keepAlive: 65_536 }],
    ['MQTT-3.1.2-12 Will QoS 3', 'out-of-range', { ...connect, will: { ...will, qos: 3 } }],
    [
      'MQTT311-3.1.2-22 a Password without a User Name',
      'password-without-user-name',
      { ...connect, protocolVersion: 4, password: hex('00') },
      4,
    ],
    [
      'section 3.1.2.11.10 Authentication Data without a method',
      'no-authentication-method',
      { ...connect, properties: { authenticationData: hex('00') } },
    ],
    [
      'section 3.15.2.2.2 AUTH without a method',
      'no-authentication-method',
      { type: PacketType.auth, reasonCode: 0x18, properties: {} },
    ],
    [
      'section 2.2.1 of 3.1.1 AUTH',
      'unsupported-packet',
      { type: PacketType.auth, reasonCode: 0x18, properties: {} },
      4,
    ],
    [
      'section 2.2.2.2 a property of another packet',
      'property-not-allowed',
      { ...publish, properties: { receiveMaximum: 1 } },
    ],
    ['section 3.3.2.3.7 no list', 'list-expected', { ...publish, properties: { userProperties: { a: 'b' } } }],
    ['section 3.3.2.3.7 no pair', 'list-expected', { ...publish, properties: { userProperties: [{ a: 'b' }] } }],
    ['section 2.2.2.2 no property at all', 'unknown-property', { ...publish, properties: { colour: 'red' } }],
  ];
  for (const [name, code, packet, version = 5] of mistakes) {
    test(name, () => assert.equal(usageErrorOf(packet as Packet, version), code));
  }

  test('section 2.2.2.2 numbers out of the range of their property', () => {
    const sample = new Map(propertyVectors.map(({ packet, name }) => [name.slice(0, name.indexOf(' in ')), packet]));
    for (const row of propertyRows) {
      const packet = sample.get(row.title);
      assert.isDefined(packet);
      if (packet === undefined || typeof row.values[0]?.[1] !== 'number') continue;
      for (const value of [-1, 0.5, Number.NaN, 4_294_967_296]) {
        assert.equal(usageErrorOf(withProperty(packet, row.name, value), 5), 'out-of-range', row.title);
      }
    }
  });
});

function withProperty(packet: Packet, name: string, value: unknown): Packet {
  if (packet.type === PacketType.connect && packet.will !== undefined) {
    return { ...packet, will: { ...packet.will, properties: { [name]: value } } };
  }
  return { ...packet, properties: { [name]: value } } as Packet;
}

describe('below 5.0', () => {
  test('properties and Reason Codes are left out', () => {
    const spoken: readonly Packet[] = [
      { ...publish, properties: { contentType: 'text/plain' } },
      { ...puback, reasonCode: ReasonCode.quotaExceeded, properties: { reasonString: 'full' } },
      { ...subscribe, properties: { subscriptionIdentifiers: [1] } },
      { ...suback, type: PacketType.unsuback },
      { type: PacketType.disconnect, reasonCode: ReasonCode.serverMoved, properties: { serverReference: 'b' } },
    ];
    const written = ['30 03 00 01 74', '40 02 00 01', '82 06 00 01 00 01 66 00', 'b0 02 00 01', 'e0 00'];
    assert.deepEqual(
      spoken.map((packet) => toHex(encodePacket(packet, 4))),
      written,
    );
  });

  test('MQTT311-3.9.3-2 every refusal of a subscription is 0x80', () => {
    const packet = {
      ...suback,
      reasonCodes: [ReasonCode.grantedQoS2, ReasonCode.quotaExceeded, ReasonCode.notAuthorized],
    };
    assert.equal(toHex(encodePacket(packet, 4)), '90 05 00 01 02 80 80');
  });

  test('a refused connection gets the return code that comes nearest', () => {
    const nearest: readonly (readonly [ReasonCode, number])[] = [
      [ReasonCode.unsupportedProtocolVersion, 1],
      [ReasonCode.clientIdentifierNotValid, 2],
      [ReasonCode.serverUnavailable, 3],
      [ReasonCode.serverBusy, 3],
      [ReasonCode.quotaExceeded, 3],
      [ReasonCode.malformedPacket, 3],
      [ReasonCode.badUserNameOrPassword, 4],
      [ReasonCode.notAuthorized, 5],
      [ReasonCode.banned, 5],
      [ReasonCode.badAuthenticationMethod, 5],
      [ReasonCode.qosNotSupported, 5],
    ];
    for (const [reasonCode, returnCode] of nearest) {
      const packet = { type: PacketType.connack, sessionPresent: false, reasonCode, properties: {} } as const;
      assert.equal(toHex(encodePacket(packet, 4)), `20 02 00 0${returnCode}`);
    }
  });
});

test('MQTT-3.2.2-6 a refusal never says that a session is present', () => {
  const packet = {
    type: PacketType.connack,
    sessionPresent: true,
    reasonCode: ReasonCode.banned,
    properties: {},
  } as const;
  assert.equal(toHex(encodePacket(packet, 5)), '20 03 00 8a 00');
});

test('what is undefined or an empty list stands for no property', () => {
  const packet = { ...puback, properties: { userProperties: [], reasonString: undefined } } as unknown as Packet;
  assert.equal(toHex(encodePacket(packet, 5)), '40 02 00 01');
});

test('lengths of one, two, three and four bytes are moved to where they belong', () => {
  for (const byteLength of [0, 100, 123, 124, 125, 16_379, 16_380, 16_381, 2_097_147, 2_097_148]) {
    const payload = new Uint8Array(byteLength).fill(7);
    assert.deepEqual(decodeWhole(encodePacket({ ...publish, packetId: 0, payload }, 4), 4), {
      ...publish,
      packetId: 0,
      payload,
    });
  }
  const userProperties = Array.from({ length: 40 }, (_, i): [string, string] => [`name ${i}`, 'x'.repeat(600)]);
  const packet: Packet = { ...publish, packetId: 0, properties: { userProperties } };
  assert.deepEqual(decodeWhole(encodePacket(packet, 5), 5), packet);
});
