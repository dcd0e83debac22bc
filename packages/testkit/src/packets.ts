import {
  type AcknowledgementPacket,
  type ConnectPacket,
  NO_PROPERTIES,
  PacketType,
  type PublishPacket,
  ReasonCode,
  type SubscribePacket,
  type SubscriptionRequest,
  type UnsubscribePacket,
  type WillMessage,
} from '@busbar/codec';

const utf8 = new TextEncoder();
const NO_BYTES = new Uint8Array(0);

/** A CONNECT packet: 5.0, Clean Start, no Keep Alive, Client Identifier `client`, unless told otherwise. */
export function connectPacket(packet: Partial<ConnectPacket> = {}): ConnectPacket {
  return {
    type: PacketType.connect,
    protocolVersion: 5,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientIdentifier: 'client',
    will: undefined,
    userName: undefined,
    password: undefined,
    properties: NO_PROPERTIES,
    ...packet,
  };
}

/** A Will Message: QoS 0, not retained, no payload, unless told otherwise. */
export function willMessage(topicName: string, will: Partial<WillMessage> = {}): WillMessage {
  return { topicName, payload: NO_BYTES, qos: 0, retain: false, properties: NO_PROPERTIES, ...will };
}

/** A PUBLISH packet: QoS 0, not retained, unless told otherwise. @param payload A text stands for its UTF-8. */
export function publishPacket(
  topicName: string,
  payload: string | Uint8Array = NO_BYTES,
  packet: Partial<PublishPacket> = {},
): PublishPacket {
  return {
    type: PacketType.publish,
    dup: false,
    qos: 0,
    retain: false,
    topicName,
    packetId: 0,
    properties: NO_PROPERTIES,
    payload: typeof payload === 'string' ? utf8.encode(payload) : payload,
    ...packet,
  };
}

/** A Topic Filter with Subscription Options: QoS 0 and the standard's defaults, unless told otherwise. */
export function subscriptionTo(topicFilter: string, options: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  return { topicFilter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options };
}

/** A SUBSCRIBE packet for one Topic Filter. */
export function subscribePacket(
  packetId: number,
  topicFilter: string,
  options: Partial<SubscriptionRequest> = {},
  properties: SubscribePacket['properties'] = NO_PROPERTIES,
): SubscribePacket {
  return { type: PacketType.subscribe, packetId, subscriptions: [subscriptionTo(topicFilter, options)], properties };
}

export function unsubscribePacket(packetId: number, ...topicFilters: string[]): UnsubscribePacket {
  return { type: PacketType.unsubscribe, packetId, topicFilters, properties: NO_PROPERTIES };
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export function acknowledgementPacket(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  packetId: number,
  reasonCode: ReasonCode = ReasonCode.success,
): AcknowledgementPacket {
  return { type: PacketType[type], packetId, reasonCode, properties: NO_PROPERTIES };
}
