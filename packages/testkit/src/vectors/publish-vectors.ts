import { PacketType } from '@busbar/codec';
import { hex } from '../hex.ts';
import { EVERY_VERSION, MQTT_5, MQTT_31, MQTT_311, type PacketVector, understood, vector } from './vector.ts';

const plainPublish = {
  type: PacketType.publish,
  dup: false,
  qos: 0,
  retain: false,
  topicName: 'a/b',
  packetId: 0,
  properties: {},
  payload: hex('"hi"'),
} as const;

/** PUBLISH: every combination of flags that exists, with and without payload, and what a Topic Name may be. */
export const publishes: readonly PacketVector[] = [
  ...([MQTT_31, MQTT_311] as const).flatMap((version) => [
    vector(`PUBLISH QoS 0 (level ${version})`, version, '30 07 | 00 03 "a/b" | "hi"', plainPublish),
    vector(`PUBLISH QoS 0, retain, no payload (level ${version})`, version, '31 05 | 00 03 "a/b"', {
      ...plainPublish,
      retain: true,
      payload: hex(''),
    }),
    vector(`PUBLISH QoS 1 (level ${version})`, version, '32 09 | 00 03 "a/b" 00 0a | "hi"', {
      ...plainPublish,
      qos: 1,
      packetId: 10,
    }),
    vector(`PUBLISH QoS 2, DUP, retain (level ${version})`, version, '3d 09 | 00 03 "a/b" ff ff | "hi"', {
      ...plainPublish,
      qos: 2,
      dup: true,
      retain: true,
      packetId: 65_535,
    }),
  ]),
  vector('PUBLISH 5.0 QoS 0', MQTT_5, '30 08 | 00 03 "a/b" 00 | "hi"', plainPublish),
  vector('PUBLISH 5.0 QoS 1, DUP', MQTT_5, '3a 0a | 00 03 "a/b" 00 0a 00 | "hi"', {
    ...plainPublish,
    qos: 1,
    dup: true,
    packetId: 10,
  }),
  vector('PUBLISH 5.0 QoS 2, retain', MQTT_5, '35 0a | 00 03 "a/b" 01 00 00 | "hi"', {
    ...plainPublish,
    qos: 2,
    retain: true,
    packetId: 256,
  }),
  vector('PUBLISH 5.0 by Topic Alias alone', MQTT_5, '30 08 | 00 00 03 23 00 07 | "hi"', {
    ...plainPublish,
    topicName: '',
    properties: { topicAlias: 7 },
  }),
  vector('PUBLISH 5.0 for three subscriptions', MQTT_5, '30 10 | 00 03 "a/b" 08 0b 01 0b 80 01 0b ff 7f | "hi"', {
    ...plainPublish,
    properties: { subscriptionIdentifiers: [1, 128, 16_383] },
  }),
  vector('MQTT-1.5.4-3 a byte order mark stays', MQTT_311, '30 0a | 00 06 ef bb bf "a/b" | "hi"', {
    ...plainPublish,
    topicName: '\ufeffa/b',
  }),
  vector(
    'PUBLISH to the first and last character of each length of UTF-8, and around the surrogates',
    MQTT_311,
    '30 1c | 00 1a 01 7f | c2 80 df bf | e0 a0 80 ed 9f bf ee 80 80 ef bf bf | f0 90 80 80 f4 8f bf bf',
    {
      ...plainPublish,
      topicName: '\u0001\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}',
      payload: hex(''),
    },
  ),
];

/** PUBACK, PUBREC, PUBREL and PUBCOMP: two bytes, and in 5.0 the longer forms. */
export const acknowledgements: readonly PacketVector[] = (
  [
    [PacketType.puback, 'PUBACK', '40', 0x97],
    [PacketType.pubrec, 'PUBREC', '50', 0x97],
    [PacketType.pubrel, 'PUBREL', '62', 0x92],
    [PacketType.pubcomp, 'PUBCOMP', '70', 0x92],
  ] as const
).flatMap(([type, name, first, failure]) => {
  const success = { type, packetId: 0x1234, reasonCode: 0x00, properties: {} } as const;
  const code = failure.toString(16);
  return [
    ...EVERY_VERSION.map((version) => vector(`${name} (level ${version})`, version, `${first} 02 12 34`, success)),
    vector(`${name} 5.0 with a Reason Code`, MQTT_5, `${first} 03 12 34 ${code}`, { ...success, reasonCode: failure }),
    vector(`${name} 5.0 with a Reason String`, MQTT_5, `${first} 09 12 34 ${code} 05 1f 00 02 "no"`, {
      ...success,
      reasonCode: failure,
      properties: { reasonString: 'no' },
    }),
    understood(`${name} 5.0 that tells its success at length`, MQTT_5, `${first} 03 12 34 00`, success),
    understood(`${name} 5.0 with Property Length 0`, MQTT_5, `${first} 04 12 34 00 00`, success),
  ];
});
