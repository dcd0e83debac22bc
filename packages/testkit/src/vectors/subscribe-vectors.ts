import { PacketType, type SubscriptionRequest } from '@busbar/codec';
import { MQTT_5, MQTT_31, MQTT_311, type PacketVector, understood, vector } from './vector.ts';

const atMostOnce: SubscriptionRequest = {
  topicFilter: 'a',
  qos: 0,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
};

/** SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK. */
export const subscriptions: readonly PacketVector[] = [
  ...([MQTT_31, MQTT_311] as const).flatMap((version) => [
    vector(`SUBSCRIBE (level ${version})`, version, '82 0e | 00 0a | 00 01 "a" 00 | 00 01 "#" 01 | 00 01 "+" 02', {
      type: PacketType.subscribe,
      packetId: 10,
      subscriptions: [
        atMostOnce,
        { ...atMostOnce, topicFilter: '#', qos: 1 },
        { ...atMostOnce, topicFilter: '+', qos: 2 },
      ],
      properties: {},
    }),
    vector(`SUBACK (level ${version})`, version, '90 06 | 00 0a | 00 01 02 80', {
      type: PacketType.suback,
      packetId: 10,
      reasonCodes: [0x00, 0x01, 0x02, 0x80],
      properties: {},
    }),
    vector(`UNSUBSCRIBE (level ${version})`, version, 'a2 08 | 00 0a | 00 01 "a" | 00 01 "#"', {
      type: PacketType.unsubscribe,
      packetId: 10,
      topicFilters: ['a', '#'],
      properties: {},
    }),
    vector(`UNSUBACK (level ${version})`, version, 'b0 02 00 0a', {
      type: PacketType.unsuback,
      packetId: 10,
      reasonCodes: [],
      properties: {},
    }),
  ]),
  vector('SUBSCRIBE 5.0', MQTT_5, '82 0f | 00 0a 00 | 00 01 "a" 00 | 00 01 "b" 1d | 00 01 "c" 22', {
    type: PacketType.subscribe,
    packetId: 10,
    subscriptions: [
      atMostOnce,
      { topicFilter: 'b', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 1 },
      { topicFilter: 'c', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 2 },
    ],
    properties: {},
  }),
  vector('SUBACK 5.0', MQTT_5, '90 06 | 00 0a 00 | 01 8f a2', {
    type: PacketType.suback,
    packetId: 10,
    reasonCodes: [0x01, 0x8f, 0xa2],
    properties: {},
  }),
  vector('UNSUBSCRIBE 5.0', MQTT_5, 'a2 09 | 00 0a 00 | 00 01 "a" | 00 01 "#"', {
    type: PacketType.unsubscribe,
    packetId: 10,
    topicFilters: ['a', '#'],
    properties: {},
  }),
  vector('UNSUBACK 5.0', MQTT_5, 'b0 05 | 00 0a 00 | 00 11', {
    type: PacketType.unsuback,
    packetId: 10,
    reasonCodes: [0x00, 0x11],
    properties: {},
  }),
  understood('3.1: the bits beside the Requested QoS are not used', MQTT_31, '82 06 | 00 0a | 00 01 "a" fc', {
    type: PacketType.subscribe,
    packetId: 10,
    subscriptions: [atMostOnce],
    properties: {},
  }),
  understood('3.1: SUBSCRIBE sent again with DUP', MQTT_31, '8a 06 | 00 0a | 00 01 "a" 00', {
    type: PacketType.subscribe,
    packetId: 10,
    subscriptions: [atMostOnce],
    properties: {},
  }),
];
