import { isUtf8 } from 'node:buffer';
import { type ConnackProperties, type ConnectPacket, ReasonCode, type WillMessage } from '@busbar/codec';
import { topicNameFault } from '@busbar/protocol';
import { isReservedTopic } from '../authorization/reserved-topic.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { ReachedLimit } from '../observe/limit-watch.ts';
import { NEVER_EXPIRES } from '../session/session-table.ts';

/** Why a CONNECT is refused. */
export interface Refusal {
  readonly reasonCode: ReasonCode;
  readonly message: string;
  readonly serverReference?: string;
  /** The limit that the client has come up against. */
  readonly limit?: ReachedLimit;
  /** When it should come again. */
  readonly retryAfterSeconds?: number;
}

/** What can be said against a CONNECT packet before anybody is asked; undefined when nothing can. */
export function refusalOf(
  packet: ConnectPacket,
  limits: BrokerLimits,
  capabilities: Capabilities,
): Refusal | undefined {
  const { redirection } = capabilities;
  if (redirection !== undefined) {
    const reasonCode = redirection.isPermanent === true ? ReasonCode.serverMoved : ReasonCode.useAnotherServer;
    const { serverReference } = redirection;
    return { reasonCode, message: `clients are sent to ${serverReference}`, serverReference };
  }
  if (packet.clientIdentifier === '' && !mayBeAnonymous(packet)) {
    const message = 'expected a Client Identifier, none came';
    return { reasonCode: ReasonCode.clientIdentifierNotValid, message }; // [MQTT311-3.1.3-8]
  }
  const maximumLength = limits.maximumClientIdentifierLength;
  if (packet.clientIdentifier.length > maximumLength) {
    const message = `expected a Client Identifier of at most ${maximumLength} characters, ${packet.clientIdentifier.length} came`;
    return { reasonCode: ReasonCode.clientIdentifierNotValid, message, limit: 'maximumClientIdentifierLength' };
  }
  const { will, protocolVersion } = packet;
  if (will !== undefined && will.payload.length > limits.maximumPayloadSize) {
    const message = `expected a Will Payload of at most ${limits.maximumPayloadSize} bytes, ${will.payload.length} came`;
    const reasonCode = protocolVersion === 5 ? ReasonCode.packetTooLarge : ReasonCode.notAuthorized;
    return { reasonCode, message, limit: 'maximumPayloadSize' };
  }
  return will === undefined ? undefined : refusalOfWill(will, limits, capabilities);
}

function refusalOfWill(will: WillMessage, limits: BrokerLimits, capabilities: Capabilities): Refusal | undefined {
  if (will.qos > capabilities.maximumQoS) {
    const message = `expected a Will QoS of at most ${capabilities.maximumQoS}, ${will.qos} came`;
    return { reasonCode: ReasonCode.qosNotSupported, message }; // [MQTT-3.2.2-12]
  }
  if (will.retain && !capabilities.retainAvailable) {
    return { reasonCode: ReasonCode.retainNotSupported, message: 'expected a Will without RETAIN' }; // [MQTT-3.2.2-13]
  }
  if (capabilities.checkPayloadFormat && will.properties.payloadFormatIndicator === 1 && !isUtf8(will.payload)) {
    const message = 'the Will Payload says it is UTF-8 text, and is not';
    return { reasonCode: ReasonCode.payloadFormatInvalid, message };
  }
  if (isReservedTopic(will.topicName)) {
    return { reasonCode: ReasonCode.notAuthorized, message: 'expected a Will Topic outside of $SYS' };
  }
  const fault = topicNameFault(will.topicName, { maxLevels: limits.maximumTopicLevels });
  if (Buffer.byteLength(will.topicName) > limits.maximumTopicLength) {
    const message = `expected a Will Topic of at most ${limits.maximumTopicLength} bytes`;
    return { reasonCode: ReasonCode.topicNameInvalid, message, limit: 'maximumTopicLength' };
  }
  return fault === undefined ? undefined : { reasonCode: ReasonCode.topicNameInvalid, message: `Will: ${fault}` };
}

/** Whether a Keep Alive is longer than may be; 0 is none at all, longer than any other. Below 5.0 the client cannot be told of another. */
export function isKeepAliveTooLong(
  { protocolVersion, keepAlive }: ConnectPacket,
  { maximumKeepAlive }: BrokerLimits,
): boolean {
  if (protocolVersion === 5 || maximumKeepAlive === 0) return false;
  return keepAlive === 0 || keepAlive > maximumKeepAlive;
}

/** 5.0 clients may leave the name to the server; 3.1.1 clients only for a session that ends with the connection. */
function mayBeAnonymous(packet: ConnectPacket): boolean {
  if (packet.protocolVersion === 5) return true; // [MQTT-3.1.3-6]
  return packet.protocolVersion === 4 && packet.cleanStart; // [MQTT311-3.1.3-7]
}

/** Seconds that the session outlives its connection; below 5.0 Clean Session says it (section 3.1.2.11.2). */
export function sessionExpiryOf(packet: ConnectPacket, limits: BrokerLimits): number {
  const belowVersion5 = packet.cleanStart ? 0 : NEVER_EXPIRES;
  const wanted = packet.protocolVersion === 5 ? (packet.properties.sessionExpiryInterval ?? 0) : belowVersion5;
  return Math.min(wanted, limits.maximumSessionExpiryInterval);
}

/** Seconds of Keep Alive that hold on this connection. */
export function keepAliveOf(packet: ConnectPacket, limits: BrokerLimits): number {
  const { maximumKeepAlive } = limits;
  // Below 5.0 the client cannot be told of another Keep Alive than its own: one that is too long is refused.
  if (maximumKeepAlive === 0 || packet.protocolVersion !== 5) return packet.keepAlive;
  return packet.keepAlive === 0 ? maximumKeepAlive : Math.min(packet.keepAlive, maximumKeepAlive);
}

/** What a 5.0 client must be told because it differs from what it asked for (section 3.2.2.3). */
export function connackPropertiesOf(
  packet: ConnectPacket,
  granted: { assignedIdentifier: string | undefined; sessionExpiry: number; keepAlive: number },
  capabilities: Capabilities,
): ConnackProperties {
  const { assignedIdentifier } = granted;
  const asked = packet.properties.sessionExpiryInterval ?? 0;
  return {
    ...(assignedIdentifier === undefined ? {} : { assignedClientIdentifier: assignedIdentifier }), // [MQTT-3.2.2-16]
    ...(granted.sessionExpiry === asked ? {} : { sessionExpiryInterval: granted.sessionExpiry }),
    ...(granted.keepAlive === packet.keepAlive ? {} : { serverKeepAlive: granted.keepAlive }), // [MQTT-3.2.2-21]
    ...missingCapabilities(capabilities),
    ...responseInformationFor(packet, capabilities),
  };
}

/** Only what is missing is said: everything else is the default of the standard. */
function missingCapabilities(capabilities: Capabilities): ConnackProperties {
  return {
    ...(capabilities.maximumQoS === 2 ? {} : { maximumQoS: capabilities.maximumQoS }), // [MQTT-3.2.2-9]
    ...(capabilities.retainAvailable ? {} : { retainAvailable: false }),
    ...(capabilities.wildcardSubscriptionAvailable ? {} : { wildcardSubscriptionAvailable: false }),
    ...(capabilities.sharedSubscriptionAvailable ? {} : { sharedSubscriptionAvailable: false }),
    ...(capabilities.subscriptionIdentifiersAvailable ? {} : { subscriptionIdentifiersAvailable: false }),
  };
}

function responseInformationFor(packet: ConnectPacket, { responseInformation }: Capabilities): ConnackProperties {
  const isWanted = packet.properties.requestResponseInformation === true; // [MQTT-3.1.2-28]
  return isWanted && responseInformation !== undefined ? { responseInformation } : {};
}
