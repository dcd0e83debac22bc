import type { ProtocolVersion, QoS } from '@busbar/codec';
import { lengthPrefixed, numberBytes, variableByteInteger } from './property-list.ts';

/** What CONNECT says. */
export interface ConnectContent {
  readonly version: ProtocolVersion;
  readonly clientIdentifier: string;
  readonly cleanStart: boolean;
  readonly keepAlive: number;
  readonly userName: string | undefined;
  readonly password: string | undefined;
  readonly will: WillContent | undefined;
  /** Encoded, without their length. */
  readonly properties: Uint8Array;
}

export interface WillContent {
  readonly topicName: string;
  readonly payload: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Uint8Array;
}

/** A message on its way out. */
export interface PublishContent {
  /** Empty when a Topic Alias stands for it. */
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Uint8Array;
}

/** One Topic Filter and its Subscription Options as the wire has them. */
export interface Subscription {
  readonly topicFilter: string;
  readonly options: number;
}

/*
 * The packets that mosquitto's tools write, byte for byte: properties stand in the order in which they were typed, which is
 * why they come here encoded.
 */

export function connectPacket(content: ConnectContent): Uint8Array {
  const { version, will, userName, password } = content;
  const flags =
    (userName === undefined ? 0 : 0x80) |
    (password === undefined ? 0 : 0x40) |
    (will?.retain ? 0x20 : 0) |
    (will === undefined ? 0 : (will.qos << 3) | 0x04) |
    (content.cleanStart ? 0x02 : 0);
  return packet(0x10, [
    lengthPrefixed(version === 3 ? 'MQIsdp' : 'MQTT'),
    Uint8Array.of(version, flags),
    numberBytes(2, content.keepAlive),
    ...propertiesOf(version, content.properties),
    lengthPrefixed(content.clientIdentifier),
    ...(will === undefined
      ? []
      : [...propertiesOf(version, will.properties), lengthPrefixed(will.topicName), lengthPrefixed(will.payload)]),
    ...(userName === undefined ? [] : [lengthPrefixed(userName)]),
    ...(password === undefined ? [] : [lengthPrefixed(password)]),
  ]);
}

/** @param packetId 0 at QoS 0. */
export function publishPacket(version: ProtocolVersion, content: PublishContent, packetId: number): Uint8Array {
  const { qos, retain, topicName, payload, properties } = content;
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), [
    lengthPrefixed(topicName),
    ...(qos === 0 ? [] : [numberBytes(2, packetId)]),
    ...propertiesOf(version, properties),
    payload,
  ]);
}

export function subscribePacket(
  version: ProtocolVersion,
  packetId: number,
  subscriptions: readonly Subscription[],
  properties: Uint8Array,
): Uint8Array {
  const filters = subscriptions.flatMap(({ topicFilter, options }) => [
    lengthPrefixed(topicFilter),
    // Below 5.0 there is the QoS alone.
    Uint8Array.of(version === 5 ? options : options & 0b11),
  ]);
  return packet(0x82, [numberBytes(2, packetId), ...propertiesOf(version, properties), ...filters]);
}

export function unsubscribePacket(
  version: ProtocolVersion,
  packetId: number,
  topicFilter: string,
  properties: Uint8Array,
): Uint8Array {
  return packet(0xa2, [numberBytes(2, packetId), ...propertiesOf(version, properties), lengthPrefixed(topicFilter)]);
}

/** PUBACK, PUBREC, PUBREL and PUBCOMP that say nothing but yes. */
export function acknowledgementPacket(firstByte: 0x40 | 0x50 | 0x62 | 0x70, packetId: number): Uint8Array {
  return packet(firstByte, [numberBytes(2, packetId)]);
}

export function disconnectPacket(version: ProtocolVersion, reasonCode: number, properties: Uint8Array): Uint8Array {
  if (version !== 5 || (reasonCode === 0 && properties.length === 0)) return packet(0xe0, []);
  if (properties.length === 0) return packet(0xe0, [Uint8Array.of(reasonCode)]);
  return packet(0xe0, [Uint8Array.of(reasonCode), variableByteInteger(properties.length), properties]);
}

function propertiesOf(version: ProtocolVersion, properties: Uint8Array): Uint8Array[] {
  return version === 5 ? [variableByteInteger(properties.length), properties] : [];
}

function packet(firstByte: number, parts: readonly Uint8Array[]): Uint8Array {
  const byteLength = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(firstByte), variableByteInteger(byteLength), ...parts]);
}
