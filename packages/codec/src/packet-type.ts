/** The Control Packets (section 2.1.2) under their number on the wire, in the order of the standard. */
export const PacketType = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

export type PacketType = (typeof PacketType)[keyof typeof PacketType];

const NAMES = ['(reserved)', ...Object.keys(PacketType).map((name) => name.toUpperCase())];

/** The packet type's name as the standard writes it, for messages. */
export function packetTypeName(type: number): string {
  return NAMES[type] ?? `packet type ${type}`;
}

/** The low four bits of the first byte of every packet but PUBLISH (section 2.1.3): 2 for the three requests, else 0. */
export function reservedFlagsOf(type: PacketType): number {
  return type === PacketType.pubrel || type === PacketType.subscribe || type === PacketType.unsubscribe ? 0b0010 : 0;
}

/** The Protocol Version (5.0) or Protocol Level (3.1.1, 3.1) byte of CONNECT: 5 is 5.0, 4 is 3.1.1, 3 is 3.1. */
export type ProtocolVersion = 3 | 4 | 5;

/** Quality of Service (section 4.3): 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;
