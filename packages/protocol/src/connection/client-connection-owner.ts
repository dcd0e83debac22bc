import type {
  AcknowledgementProperties,
  AuthPacket,
  ConnackPacket,
  PublishPacket,
  ReasonCode,
  SubackPacket,
  UnsubackPacket,
} from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import type { InFlight } from '../session/outbound-flow.ts';
import type { Agreement } from './client-handshake.ts';
import type { Closing } from './closing.ts';
import type { LATER } from './server-connection-owner.ts';

/** What of an earlier session the server has lost, and the client therefore too [MQTT-3.2.2-5]. */
export type LostInFlight = Readonly<InFlight<MessageContent>>;

/** How a client's connection came to its end: as {@link Closing} says, or `refused` by the server's CONNACK. */
export interface ClientClosing extends Omit<Closing, 'cause'> {
  readonly cause: Closing['cause'] | 'refused';
  /** The refusing CONNACK packet. */
  readonly connack?: ConnackPacket;
  /** What went wrong with the Network Connection, as the caller of `handleConnectionLost` gave it. */
  readonly error?: unknown;
}

/**
 * Whom a {@link ClientConnection} tells what happens. Calls come from within the machine's own methods, and each may call the
 * machine again; none may throw.
 */
export interface ClientConnectionOwner {
  /**
   * The server has accepted the connection: from now on requests may be made.
   *
   * @param lost What was in flight in a session that the server no longer has, in order; empty when the session goes on.
   */
  handleConnected(agreement: Agreement, lost: readonly LostInFlight[]): void;
  /**
   * A step of enhanced authentication from the server (section 4.12): answer Reason Code 0x18 with
   * `continueAuthentication`, now or later. Reason Code 0 says that an authentication begun with `reAuthenticate` succeeded.
   */
  handleAuth(packet: AuthPacket): void;
  /**
   * An Application Message, its Topic Alias resolved. The payload is the owner's to keep: of a large one it is a view of the
   * bytes that came, of a small one a copy.
   *
   * @returns The Reason Code to acknowledge with, or `LATER` and then `acceptPublish`. At QoS 0 nobody looks at it.
   */
  handlePublish(packet: PublishPacket): ReasonCode | typeof LATER;
  /** A QoS 1 or 2 flow that `publish` began has ended, on this connection or, after a resumption, on an earlier one. */
  handlePublished(packetId: number, reasonCode: ReasonCode, properties: AcknowledgementProperties): void;
  /** PUBREC has come for a QoS 2 message: the server has it, and PUBREL is about to be written. For those who keep a store. */
  handleReceived?(packetId: number): void;
  /** PUBREL has come for a QoS 2 message that this side has accepted, and PUBCOMP is about to be written. */
  handleReleased?(packetId: number): void;
  /** The answer to a `subscribe`, as many Reason Codes as it had Topic Filters. */
  handleSuback(packet: SubackPacket): void;
  /** The answer to an `unsubscribe`; below 5.0 without Reason Codes. */
  handleUnsuback(packet: UnsubackPacket): void;
  /** A flow or a request has ended: `hasRoom` and `canRequest` may be true again. */
  handleWindow(): void;
  /** The connection is over, exactly once and last. What is still to be written should be, then the transport ended. */
  handleClosing(closing: ClientClosing): void;
}
