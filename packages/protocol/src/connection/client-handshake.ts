import {
  type ConnackPacket,
  type ConnackProperties,
  type ConnectPacket,
  type ConnectProperties,
  NO_PROPERTIES,
  PacketType,
  type ProtocolVersion,
  UsageError,
  type WillMessage,
} from '@busbar/codec';
import { topicNameFault } from '../topic/topic-name.ts';
import { type ProtocolFault, protocolFault } from './client-fault.ts';

/** What a client says of itself in CONNECT (section 3.1), and its own bounds. */
export interface ClientConnectionOptions {
  /** 5 is 5.0 (default), 4 is 3.1.1, 3 is 3.1. */
  readonly protocolVersion?: ProtocolVersion | undefined;
  /** Default `''`: the server chooses one. */
  readonly clientIdentifier?: string | undefined;
  /** Whether to begin a new session, Clean Session below 5.0; default true. */
  readonly cleanStart?: boolean | undefined;
  /** Seconds, 0 to 65,535; 0 turns it off; default 60. A 5.0 server may decide otherwise. */
  readonly keepAlive?: number | undefined;
  readonly userName?: string | undefined;
  readonly password?: Uint8Array | undefined;
  readonly will?: WillMessage | undefined;
  /**
   * Properties of the CONNECT packet; only 5.0 sends them. `receiveMaximum`, `maximumPacketSize` and `topicAliasMaximum` are
   * also kept: a server that goes beyond is disconnected. `maximumPacketSize` holds in every version.
   */
  readonly properties?: ConnectProperties | undefined;
  /** Milliseconds from the Network Connection to the CONNACK, enhanced authentication included; default 30,000. */
  readonly connackTimeoutMs?: number | undefined;
  /** Milliseconds that a PINGRESP may take while nothing else comes; default 10,000, and at most the Keep Alive. */
  readonly pingrespTimeoutMs?: number | undefined;
  /**
   * Messages of QoS 1 and 2 that are unacknowledged at the most, however many the server allows; 1 to 65,535. Default 65,535
   * in 5.0; 20 below, where servers cannot say how many they take and some drop what is too much for them.
   */
  readonly maximumInFlight?: number | undefined;
  /** Topic Aliases given out automatically at the most, as far as the server allows; 0 to 65,535, default 0. */
  readonly topicAliases?: number | undefined;
}

/** What client and server have agreed on with CONNECT and CONNACK, always of MQTT 5 shape. */
export interface Agreement {
  readonly protocolVersion: ProtocolVersion;
  /** Whether the server goes on with an earlier session. 3.1 cannot say; there a session that was asked for is assumed. */
  readonly sessionPresent: boolean;
  /** The client's own, or the one that the server assigned. */
  readonly clientIdentifier: string;
  /** Seconds; 0 is off. */
  readonly keepAlive: number;
  /** Seconds that the session outlives the connection; 4,294,967,295 is for ever. */
  readonly sessionExpiryInterval: number;
  /** QoS 1 and 2 publications that the server takes unacknowledged; 65,535 below 5.0, where it does not say. */
  readonly receiveMaximum: number;
  readonly maximumQoS: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** Bytes of a whole packet; Infinity when the server names no limit. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly wildcardSubscriptionAvailable: boolean;
  /** False below 5.0. */
  readonly subscriptionIdentifiersAvailable: boolean;
  /** True below 5.0, where servers do not say. */
  readonly sharedSubscriptionAvailable: boolean;
  /** Everything that the CONNACK said. */
  readonly properties: Readonly<ConnackProperties>;
}

const FOR_EVER = 0xffff_ffff;
const DEFAULT_KEEP_ALIVE = 60;

/** The CONNECT packet that the options ask for. @throws {UsageError} A will or a Client Identifier that the standard forbids. */
export function connectPacketOf(options: ClientConnectionOptions): ConnectPacket {
  const { protocolVersion = 5, clientIdentifier = '', cleanStart = true, will } = options;
  if (clientIdentifier === '' && (protocolVersion === 3 || (protocolVersion === 4 && !cleanStart))) {
    const message = 'an empty Client Identifier needs MQTT 5.0, or 3.1.1 with a clean session';
    throw new UsageError('client-identifier-missing', message); // [MQTT311-3.1.3-7]
  }
  const willFault = will === undefined ? undefined : topicNameFault(will.topicName);
  if (willFault !== undefined) throw new UsageError('topic-name-invalid', `the will: ${willFault}`);
  return {
    type: PacketType.connect,
    protocolVersion,
    bridge: false,
    cleanStart,
    keepAlive: options.keepAlive ?? DEFAULT_KEEP_ALIVE,
    clientIdentifier,
    will,
    userName: options.userName,
    password: options.password,
    properties: options.properties ?? NO_PROPERTIES,
  };
}

/** What follows from an accepting CONNACK, or which rule it breaks. */
export function agree(connect: ConnectPacket, connack: ConnackPacket): Agreement | ProtocolFault {
  const { protocolVersion, cleanStart } = connect;
  const { properties } = connack;
  if (cleanStart && connack.sessionPresent) {
    return protocolFault('CONNACK has Session Present set although Clean Start was asked for [MQTT-3.2.2-2]');
  }
  if (properties.authenticationMethod !== connect.properties.authenticationMethod) {
    const statement = connect.properties.authenticationMethod === undefined ? 'MQTT-4.12.0-6' : 'MQTT-4.12.0-5';
    return protocolFault(`CONNACK has another Authentication Method than CONNECT [${statement}]`);
  }
  const isVersion5 = protocolVersion === 5;
  const asked = isVersion5 ? (connect.properties.sessionExpiryInterval ?? 0) : cleanStart ? 0 : FOR_EVER;
  return {
    protocolVersion,
    sessionPresent: protocolVersion === 3 ? !cleanStart : connack.sessionPresent,
    clientIdentifier: properties.assignedClientIdentifier ?? connect.clientIdentifier,
    keepAlive: properties.serverKeepAlive ?? connect.keepAlive, // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
    sessionExpiryInterval: properties.sessionExpiryInterval ?? asked,
    receiveMaximum: properties.receiveMaximum ?? 65_535,
    maximumQoS: properties.maximumQoS ?? 2,
    retainAvailable: properties.retainAvailable ?? true,
    maximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0, // [MQTT-3.2.2-18]
    wildcardSubscriptionAvailable: properties.wildcardSubscriptionAvailable ?? true,
    subscriptionIdentifiersAvailable: isVersion5 && (properties.subscriptionIdentifiersAvailable ?? true),
    sharedSubscriptionAvailable: properties.sharedSubscriptionAvailable ?? true,
    properties,
  };
}
