import {
  type ConnectPacket,
  describeReasonCode,
  type Packet,
  PacketType,
  type PublishPacket,
  packetTypeName,
  ReasonCode,
  type WillMessage,
} from '@busbar/codec';
import type { TracedMessage, TracedPacket } from './traced-packet.ts';

/** What is shown of a packet beside when, where and how large. */
export type PacketDescription = Omit<TracedPacket, 'at' | 'direction' | 'remote' | 'bytes'>;

const VERSIONS = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const;

/** Topic Filters of one packet that are shown one by one. */
const MOST_FILTERS = 100;

/** Describes a packet without anything in it that may be a secret. */
export function describePacket(packet: Packet): PacketDescription {
  return { type: packetTypeName(packet.type), ...detailsOf(packet), ...propertiesOf(packet) };
}

function detailsOf(packet: Packet): Partial<PacketDescription> {
  switch (packet.type) {
    case PacketType.connect:
      return describeConnect(packet);
    case PacketType.connack: {
      const { assignedClientIdentifier, sessionExpiryInterval } = packet.properties;
      return {
        sessionPresent: packet.sessionPresent,
        reasons: [describeReasonCode(packet.reasonCode)],
        ...(assignedClientIdentifier === undefined ? {} : { clientIdentifier: assignedClientIdentifier }),
        ...(sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval }),
      };
    }
    case PacketType.publish:
      return describePublish(packet);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return { packetId: packet.packetId, reasons: [describeReasonCode(packet.reasonCode)] };
    case PacketType.subscribe: {
      const topicFilters = packet.subscriptions.map(({ topicFilter, qos }) => `${topicFilter} (QoS ${qos})`);
      return { packetId: packet.packetId, ...shown(topicFilters) };
    }
    case PacketType.unsubscribe:
      return { packetId: packet.packetId, ...shown(packet.topicFilters) };
    case PacketType.suback:
      return { packetId: packet.packetId, reasons: packet.reasonCodes.slice(0, MOST_FILTERS).map(describeGrant) };
    case PacketType.unsuback:
      return { packetId: packet.packetId, reasons: packet.reasonCodes.slice(0, MOST_FILTERS).map(describeReasonCode) };
    case PacketType.disconnect:
      if (packet.reasonCode === ReasonCode.normalDisconnection) return { reasons: ['normal disconnection (0x00)'] };
      return { reasons: [describeReasonCode(packet.reasonCode)] };
    case PacketType.auth:
      return { reasons: [describeReasonCode(packet.reasonCode)] };
    default:
      return {};
  }
}

/** 0x00 is called success in every other packet (section 2.4). */
function describeGrant(reasonCode: ReasonCode): string {
  return reasonCode === ReasonCode.grantedQoS0 ? 'granted QoS 0 (0x00)' : describeReasonCode(reasonCode);
}

function describeConnect(packet: ConnectPacket): Partial<PacketDescription> {
  const { sessionExpiryInterval } = packet.properties;
  return {
    clientIdentifier: packet.clientIdentifier,
    protocolVersion: VERSIONS[packet.protocolVersion],
    cleanStart: packet.cleanStart,
    keepAlive: packet.keepAlive,
    hasUserName: packet.userName !== undefined,
    hasPassword: packet.password !== undefined,
    ...(sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval }),
    ...(packet.will === undefined ? {} : { will: messageOf(packet.will) }),
  };
}

function describePublish(packet: PublishPacket): Partial<PacketDescription> {
  const { topicAlias } = packet.properties;
  return {
    ...messageOf(packet),
    ...(packet.qos === 0 ? {} : { packetId: packet.packetId, dup: packet.dup }),
    ...(topicAlias === undefined ? {} : { topicAlias }),
  };
}

function messageOf({ topicName, qos, retain, payload }: WillMessage | PublishPacket): TracedMessage {
  return { topicName, qos, retain, payloadBytes: payload.length };
}

function shown(topicFilters: readonly string[]): Partial<PacketDescription> {
  const rest = topicFilters.length - MOST_FILTERS;
  if (rest <= 0) return { topicFilters };
  return { topicFilters: [...topicFilters.slice(0, MOST_FILTERS), `and ${rest} more`] };
}

/** The names of the properties; of those that say why, also the text. */
function propertiesOf(packet: Packet): Partial<PacketDescription> {
  if (!('properties' in packet)) return {};
  const given = Object.entries(packet.properties).filter(([, value]) => value !== undefined);
  const { reasonString, authenticationMethod } = packet.properties as Readonly<Record<string, unknown>>;
  return {
    ...(given.length === 0 ? {} : { properties: given.map(([name]) => name) }),
    ...(typeof reasonString === 'string' ? { message: reasonString } : {}),
    ...(typeof authenticationMethod === 'string' ? { authenticationMethod } : {}),
  };
}
