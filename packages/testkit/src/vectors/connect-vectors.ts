import { PacketType } from '@busbar/codec';
import { hex } from '../hex.ts';
import { MQTT_5, MQTT_31, MQTT_311, type PacketVector, understood, vector } from './vector.ts';

const plainConnect = {
  type: PacketType.connect,
  bridge: false,
  cleanStart: true,
  keepAlive: 60,
  clientIdentifier: 'c',
  will: undefined,
  userName: undefined,
  password: undefined,
  properties: {},
} as const;

const lastWill = { topicName: 'w', payload: hex('"gone"'), properties: {} } as const;

/** CONNECT: names and versions, every flag, every field. */
export const connects: readonly PacketVector[] = [
  vector('CONNECT 3.1', MQTT_31, '10 0f | 00 06 "MQIsdp" 03 02 00 3c | 00 01 "c"', {
    ...plainConnect,
    protocolVersion: 3,
  }),
  vector('CONNECT 3.1.1', MQTT_311, '10 0d | 00 04 "MQTT" 04 02 00 3c | 00 01 "c"', {
    ...plainConnect,
    protocolVersion: 4,
  }),
  vector('CONNECT 5.0', MQTT_5, '10 0e | 00 04 "MQTT" 05 02 00 3c 00 | 00 01 "c"', {
    ...plainConnect,
    protocolVersion: 5,
  }),
  vector('CONNECT 3.1 of a bridge', MQTT_31, '10 0f | 00 06 "MQIsdp" 83 02 00 3c | 00 01 "c"', {
    ...plainConnect,
    protocolVersion: 3,
    bridge: true,
  }),
  vector('CONNECT 3.1.1 of a bridge', MQTT_311, '10 0d | 00 04 "MQTT" 84 02 00 3c | 00 01 "c"', {
    ...plainConnect,
    protocolVersion: 4,
    bridge: true,
  }),
  vector(
    'CONNECT 3.1 with everything',
    MQTT_31,
    '10 1f | 00 06 "MQIsdp" 03 f6 ff ff | 00 01 "c" | 00 01 "w" 00 04 "gone" | 00 01 "u" | 00 02 "pw"',
    {
      ...plainConnect,
      protocolVersion: 3,
      keepAlive: 65_535,
      will: { ...lastWill, qos: 2, retain: true },
      userName: 'u',
      password: hex('"pw"'),
    },
  ),
  vector(
    'CONNECT 3.1.1 with everything',
    MQTT_311,
    '10 1d | 00 04 "MQTT" 04 ee 00 00 | 00 01 "c" | 00 01 "w" 00 04 "gone" | 00 01 "u" | 00 02 ff 00',
    {
      ...plainConnect,
      protocolVersion: 4,
      keepAlive: 0,
      will: { ...lastWill, qos: 1, retain: true },
      userName: 'u',
      password: hex('ff 00'),
    },
  ),
  vector(
    'CONNECT 5.0 with everything',
    MQTT_5,
    '10 26 | 00 04 "MQTT" 05 c4 00 3c 05 11 00 00 0e 10 | 00 01 "c" | 02 01 01 00 01 "w" 00 04 "gone" | 00 01 "u" | 00 02 "pw"',
    {
      ...plainConnect,
      protocolVersion: 5,
      cleanStart: false,
      properties: { sessionExpiryInterval: 3600 },
      will: { ...lastWill, qos: 0, retain: false, properties: { payloadFormatIndicator: 1 } },
      userName: 'u',
      password: hex('"pw"'),
    },
  ),
  vector('CONNECT 5.0 with a Password alone', MQTT_5, '10 11 | 00 04 "MQTT" 05 42 00 3c 00 | 00 01 "c" | 00 01 "p"', {
    ...plainConnect,
    protocolVersion: 5,
    password: hex('"p"'),
  }),
  vector(
    'CONNECT 3.1.1 with empty fields',
    MQTT_311,
    '10 14 | 00 04 "MQTT" 04 c6 00 3c | 00 00 | 00 00 00 00 | 00 00 | 00 00',
    {
      ...plainConnect,
      protocolVersion: 4,
      clientIdentifier: '',
      will: { topicName: '', payload: hex(''), qos: 0, retain: false, properties: {} },
      userName: '',
      password: hex(''),
    },
  ),
  understood(
    '3.1: CONNECT ends before the User Name and the Password that its flags announce',
    MQTT_31,
    '10 0f | 00 06 "MQIsdp" 03 c2 00 3c | 00 01 "c"',
    { ...plainConnect, protocolVersion: 3 },
  ),
  understood(
    '3.1: CONNECT ends before the Password that its flag announces',
    MQTT_31,
    '10 12 | 00 06 "MQIsdp" 03 c2 00 3c | 00 01 "c" | 00 01 "u"',
    { ...plainConnect, protocolVersion: 3, userName: 'u' },
  ),
  understood(
    '3.1: bit 0 of the Connect Flags is not used, Will QoS and Will Retain are disregarded without a will',
    MQTT_31,
    '10 0f | 00 06 "MQIsdp" 03 3b 00 3c | 00 01 "c"',
    { ...plainConnect, protocolVersion: 3 },
  ),
];

/** CONNACK: the return codes of 3.1 and 3.1.1 come as Reason Codes. */
export const connacks: readonly PacketVector[] = [
  ...(
    [
      [0, 0x00],
      [1, 0x84],
      [2, 0x85],
      [3, 0x88],
      [4, 0x86],
      [5, 0x87],
    ] as const
  ).flatMap(([returnCode, reasonCode]) =>
    ([MQTT_31, MQTT_311] as const).map((version) =>
      vector(`CONNACK with return code ${returnCode} (level ${version})`, version, `20 02 00 0${returnCode}`, {
        type: PacketType.connack,
        sessionPresent: false,
        reasonCode,
        properties: {},
      }),
    ),
  ),
  vector('CONNACK 3.1.1, session present', MQTT_311, '20 02 01 00', {
    type: PacketType.connack,
    sessionPresent: true,
    reasonCode: 0x00,
    properties: {},
  }),
  vector('CONNACK 5.0, session present', MQTT_5, '20 03 01 00 00', {
    type: PacketType.connack,
    sessionPresent: true,
    reasonCode: 0x00,
    properties: {},
  }),
  vector('CONNACK 5.0, refused', MQTT_5, '20 09 00 95 06 1f 00 03 "big"', {
    type: PacketType.connack,
    sessionPresent: false,
    reasonCode: 0x95,
    properties: { reasonString: 'big' },
  }),
  understood('MQTT311-3.1.2-2 a server of 3.1.1 refuses 5.0 with a CONNACK of its own', MQTT_5, '20 02 00 01', {
    type: PacketType.connack,
    sessionPresent: false,
    reasonCode: 0x84,
    properties: {},
  }),
  understood('3.1: the first byte of CONNACK is not used', MQTT_31, '20 02 ff 00', {
    type: PacketType.connack,
    sessionPresent: false,
    reasonCode: 0x00,
    properties: {},
  }),
];
