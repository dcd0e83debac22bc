import type {
  AuthPacket,
  ConnectPacket,
  PublishView,
  QoS,
  ReasonCode,
  SubscribePacket,
  UnsubscribePacket,
} from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import type { Closing } from './closing.ts';

/**
 * Answer to a PUBLISH whose message takes time to be accepted: the Reason Code comes with `acceptPublish`.
 *
 * @example
 * const handlePublish = ({ qos, packetId }: PublishPacket) => {
 *   if (qos !== 0) setTimeout(() => machine.acceptPublish(qos, packetId), 10);
 *   return LATER;
 * };
 */
export const LATER = -1;

/**
 * What a {@link ServerConnection} asks of the server it belongs to. Each question may be answered within the call or any
 * time later; the connection waits for none of them, and a connection that has closed meanwhile ignores the answer.
 */
export interface ServerConnectionOwner {
  /** Answer with `acceptConnect`, `refuseConnect` or, for enhanced authentication, `continueAuthentication`. */
  handleConnect(packet: ConnectPacket): void;
  /** The client's next step of enhanced authentication, before the CONNACK or to authenticate again (section 4.12). */
  handleAuth(packet: AuthPacket): void;
  /**
   * An Application Message. The view is valid during this call only.
   *
   * @returns The Reason Code to acknowledge with, or {@link LATER}. At QoS 0 nobody looks at it.
   */
  handlePublish(view: PublishView): ReasonCode | typeof LATER;
  /** What the client is told in words about the PUBLISH that `handlePublish` has just refused. Default: nothing. */
  readonly refusal?: string | undefined;
  /**
   * Whether so much time has gone into this turn that what else came should wait: asked now and then between two packets. If so,
   * {@link ServerConnection.readOn} is to be called in the next turn. Default: never.
   */
  readonly isTurnOver?: boolean;
  /** Answer with `acceptSubscribe`. */
  handleSubscribe(packet: SubscribePacket): void;
  /** Answer with `acceptUnsubscribe`. */
  handleUnsubscribe(packet: UnsubscribePacket): void;
  /**
   * What changes now in the session's flows is kept by the store when {@link ServerConnection.handleKept} comes with a mark at
   * least as high; 0 where nothing has to be waited for. Packets of QoS 2 flows are held back as long.
   */
  readonly keepMark: number;
  /** The client has taken over responsibility for a delivery of QoS 1 or 2, or has refused it with a Reason Code. */
  handleDelivered(delivery: Delivery, reasonCode: ReasonCode, packetId: number): void;
  /** The flow of a QoS 2 delivery that the client has taken over before is complete: its Packet Identifier is free. */
  handleCompleted(packetId: number): void;
  /** The client has released a QoS 2 message of its own: its Packet Identifier is free. */
  handleReleased(packetId: number): void;
  /** A delivery of QoS 1 or 2 that was due again cannot be sent on this connection: it is larger than the client takes. */
  handleUndeliverable(delivery: Delivery, packetId: number): void;
  /** The client's acknowledgements have opened the window: more may be sent. */
  handleWindow(): void;
  /** The connection is over, exactly once and last. */
  handleClosing(closing: Closing): void;
}

/** Bounds of a connection, each one's default in the broker's configuration. */
export interface ServerConnectionLimits {
  /** Milliseconds from the Network Connection to the end of CONNECT. */
  readonly connectTimeoutMs: number;
  /** Bytes of a whole packet from the client. */
  readonly maximumPacketSize: number;
  /** Bytes of a packet from a client that is not let in yet, if that is less. Default: as afterwards. */
  readonly maximumConnectSize?: number;
  /** QoS 1 and 2 publications from the client that may be unacknowledged at a time, 1 to 65,535. */
  readonly receiveMaximum: number;
  /** Highest QoS that the client may publish with. */
  readonly maximumQoS: QoS;
  /** Whether the client may publish with RETAIN. */
  readonly retainAvailable: boolean;
  /** Topic Aliases that the client may use, 0 to 65,535. */
  readonly topicAliasMaximum: number;
  /** Topic Aliases that this side uses at most towards a client that allows them, 0 to 65,535. */
  readonly outboundTopicAliasMaximum: number;
  /** QoS 1 and 2 deliveries to the client that may be unacknowledged at a time, however many it allows. */
  readonly maximumInFlight: number;
  /**
   * Whether answers are as bare as can be: no Reason Strings, no User Properties, and of the QoS 2 handshake nothing but success
   * where a Reason Code of success would say more (sections 3.5.2.1, 3.6.2.1, 3.7.2.1). Default: false.
   */
  readonly plainAnswers?: boolean;
}
