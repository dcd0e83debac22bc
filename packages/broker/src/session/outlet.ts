import type { ReasonCode } from '@busbar/codec';
import type { Delivery } from '@busbar/protocol';

/** What is known of a connection. */
export interface ClientDescription {
  /** Where it comes from, as the log has it. */
  readonly remote: string;
  /** `3.1`, `3.1.1` or `5.0`. */
  readonly protocolVersion: string;
  /** Seconds since its CONNECT was accepted. */
  readonly connectedSeconds: number;
  /** Bytes that wait in its socket. */
  readonly bufferedBytes: number;
}

/** A connected client as its session sees it: what can be sent now. Made by the entrance; the session holds no socket (law 6). */
export interface Outlet {
  /** False while so much waits in the socket that further messages should wait in the session. */
  readonly isWritable: boolean;
  /** Whether the client's Receive Maximum leaves room for another QoS 1 or 2 delivery. */
  readonly hasRoom: boolean;
  /** Whether the client takes a packet of this size. */
  accepts(delivery: Delivery): boolean;
  /** Sends; leaves with everything else of this turn. @returns The Packet Identifier; 0 at QoS 0. */
  deliver(delivery: Delivery, now: number): number;
  /** Asks for another {@link Session.pump} in the next turn. */
  pumpLater(): void;
  /**
   * A QoS 2 message that an earlier connection brought has been accepted: this client may have sent it again.
   *
   * @returns False before its CONNACK: then the session has to take note of it.
   */
  acceptPublish(packetId: number, reasonCode: ReasonCode): boolean;
  /** What is known of the connection. */
  describe(): ClientDescription;
  /** The operator ends the connection. */
  kick(message: string): void;
  /** More messages wait for the client than may: it is cut off rather than waited for. */
  cutOff(): void;
  /** Another connection has taken the session over [MQTT-3.1.4-3]. */
  takeOver(): void;
}
