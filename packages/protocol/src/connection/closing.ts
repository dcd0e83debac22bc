import type { DisconnectPacket, ReasonCode } from '@busbar/codec';

/**
 * How a connection came to its end, as a value: nobody throws because of a peer.
 *
 * - `disconnected`: the peer said DISCONNECT.
 * - `fault`: the peer broke the wire format or the rules; it has been told the Reason Code where its version knows how.
 * - `timeout`: the peer was silent too long, or did not finish its CONNECT in time.
 * - `ended`: this side ended it: take-over, shutdown, refusal.
 * - `lost`: the Network Connection went away without a word.
 */
export interface Closing {
  readonly cause: 'disconnected' | 'fault' | 'timeout' | 'ended' | 'lost';
  readonly reasonCode: ReasonCode;
  /** One line for people: what was expected and what came. */
  readonly message: string;
  /** The peer's DISCONNECT packet, where it sent one. */
  readonly disconnect?: DisconnectPacket;
}
