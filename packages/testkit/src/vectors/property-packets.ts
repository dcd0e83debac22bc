import { type Packet, PacketType, type Properties } from '@busbar/codec';
import { frame, hex, variableByteInteger } from '../hex.ts';
import { companionsOf, type PropertyPlaceName, propertyRows } from './property-vectors.ts';
import { MQTT_5, type PacketVector } from './vector.ts';

/** The packet around a set of properties: its first byte, what stands before the Property Length, what after the set. */
const SURROUNDINGS: Readonly<Record<PropertyPlaceName, readonly [firstByte: number, before: string, after: string]>> = {
  CONNECT: [0x10, '00 04 "MQTT" 05 02 00 00', '00 01 "c"'],
  CONNACK: [0x20, '00 00', ''],
  PUBLISH: [0x30, '00 01 "t"', '"p"'],
  'Will Properties': [0x10, '00 04 "MQTT" 05 06 00 00 00 | 00 01 "c"', '00 01 "w" 00 00'],
  PUBACK: [0x40, '00 01 00', ''],
  PUBREC: [0x50, '00 01 00', ''],
  PUBREL: [0x62, '00 01 00', ''],
  PUBCOMP: [0x70, '00 01 00', ''],
  SUBSCRIBE: [0x82, '00 01', '00 01 "f" 00'],
  SUBACK: [0x90, '00 01', '00'],
  UNSUBSCRIBE: [0xa2, '00 01', '00 01 "f"'],
  UNSUBACK: [0xb0, '00 01', '00'],
  DISCONNECT: [0xe0, '00', ''],
  AUTH: [0xf0, '18', ''],
};

/** A packet of 5.0 that carries these properties. @param announced The Property Length it tells; default the right one. */
export function packetAround(
  place: PropertyPlaceName,
  properties: Uint8Array,
  announced: readonly number[] = variableByteInteger(properties.length),
): Uint8Array {
  const [firstByte, before, after] = SURROUNDINGS[place];
  return frame(firstByte, Uint8Array.of(...hex(before), ...announced, ...properties, ...hex(after)));
}

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
} as const;
const acknowledged = { packetId: 1, reasonCode: 0x00 } as const;
const requested = { topicFilter: 'f', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

/** What {@link packetAround} says. */
function packetWith(place: PropertyPlaceName, properties: Properties): Packet {
  switch (place) {
    case 'CONNECT':
      return { ...connect, properties };
    case 'Will Properties': {
      const will = { topicName: 'w', payload: hex(''), qos: 0, retain: false, properties } as const;
      return { ...connect, properties: {}, will };
    }
    case 'CONNACK':
      return { type: PacketType.connack, sessionPresent: false, reasonCode: 0x00, properties };
    case 'PUBLISH': {
      const flags = { dup: false, qos: 0, retain: false } as const;
      return { type: PacketType.publish, ...flags, topicName: 't', packetId: 0, properties, payload: hex('"p"') };
    }
    case 'PUBACK':
      return { type: PacketType.puback, ...acknowledged, properties };
    case 'PUBREC':
      return { type: PacketType.pubrec, ...acknowledged, properties };
    case 'PUBREL':
      return { type: PacketType.pubrel, ...acknowledged, properties };
    case 'PUBCOMP':
      return { type: PacketType.pubcomp, ...acknowledged, properties };
    case 'SUBSCRIBE':
      return { type: PacketType.subscribe, packetId: 1, subscriptions: [requested], properties };
    case 'SUBACK':
      return { type: PacketType.suback, packetId: 1, reasonCodes: [0x00], properties };
    case 'UNSUBSCRIBE':
      return { type: PacketType.unsubscribe, packetId: 1, topicFilters: ['f'], properties };
    case 'UNSUBACK':
      return { type: PacketType.unsuback, packetId: 1, reasonCodes: [0x00], properties };
    case 'DISCONNECT':
      return { type: PacketType.disconnect, reasonCode: 0x00, properties };
    case 'AUTH':
      return { type: PacketType.auth, reasonCode: 0x18, properties };
  }
}

/** Every property of 5.0 in every place where it may stand, with every example of its value. */
export const propertyVectors: readonly PacketVector[] = propertyRows.flatMap((row) =>
  row.places.flatMap((place) =>
    row.values.map(([bytes, value]) => {
      const [companionBytes, companions] = companionsOf(place, row.identifier);
      return {
        name: `${row.title} in ${place}: ${JSON.stringify(value)}`,
        version: MQTT_5,
        bytes: packetAround(place, Uint8Array.of(...companionBytes, row.identifier, ...bytes)),
        packet: packetWith(place, { ...companions, [row.name]: value }),
        canonical: true,
      };
    }),
  ),
);
