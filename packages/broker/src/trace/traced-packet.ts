import type { QoS } from '@busbar/codec';

/** A message as a trace shows it: what it is called and how large it is, never what is in it. */
export interface TracedMessage {
  /** As the client names it. */
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payloadBytes: number;
}

/**
 * A Control Packet of a client that is traced, or the end of its connection: types, sizes, names and Reason Codes, and no
 * payloads, passwords, user names or values of properties, which may all be secrets.
 */
export interface TracedPacket extends Partial<TracedMessage> {
  /** When, in ISO 8601. */
  readonly at: string;
  /** `in` came from the client, `out` has been handed to its socket, `end` is the end of the connection. */
  readonly direction: 'in' | 'out' | 'end';
  /** Such as `PUBLISH`; for the end how it came: `disconnected`, `fault`, `timeout`, `ended` or `lost`. */
  readonly type: string;
  /** Where the connection comes from: a client may come back on another one. */
  readonly remote: string;
  /** Of the whole packet. */
  readonly bytes?: number;
  readonly packetId?: number;
  readonly dup?: boolean;
  readonly topicAlias?: number;
  /** CONNECT and CONNACK. */
  readonly clientIdentifier?: string;
  readonly protocolVersion?: string;
  readonly cleanStart?: boolean;
  /** Seconds. */
  readonly keepAlive?: number;
  readonly sessionExpiryInterval?: number;
  readonly hasUserName?: boolean;
  readonly hasPassword?: boolean;
  readonly will?: TracedMessage;
  readonly sessionPresent?: boolean;
  /** SUBSCRIBE and UNSUBSCRIBE: with `(QoS n)` where there is one. */
  readonly topicFilters?: readonly string[];
  /** In words and as a number, such as `success (0x00)`; of SUBACK and UNSUBACK one for each Topic Filter. */
  readonly reasons?: readonly string[];
  /** The Reason String, or why the connection has ended. */
  readonly message?: string;
  readonly authenticationMethod?: string;
  /** The names of the properties that are there. */
  readonly properties?: readonly string[];
  /** Why it is no packet. */
  readonly fault?: string;
}
