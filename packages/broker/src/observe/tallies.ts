import { Tally } from './tally.ts';

/** The bounds that turn a Network Connection away before it has said anything. */
export const CONNECTION_REFUSALS = [
  'maximumConnections',
  'maximumConnectionsPerAddress',
  'maximumUnauthenticatedConnections',
  'connectionRate',
] as const;
export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number];

/** How connections end; see `Closing` of the protocol. */
export const CONNECTION_ENDS = ['disconnected', 'fault', 'timeout', 'ended', 'lost'] as const;

/** What rules say no to; that a client may not receive something is in the loss ledger. */
export const DENIED_ACTIONS = ['publish', 'subscribe', 'will'] as const;

/** What becomes of logins that come to nothing: refused, or not even tried because too many were, or the client flaps. */
export const LOGIN_FAILURES = ['refused', 'kept-out', 'banned'] as const;

/** What happens to clients as a whole, by reason: for metrics. What happens to messages is in counters and loss ledger. */
export class Tallies {
  readonly refusedConnections = new Tally(CONNECTION_REFUSALS);
  readonly ends = new Tally(CONNECTION_ENDS);
  readonly denials = new Tally(DENIED_ACTIONS);
  readonly loginFailures = new Tally(LOGIN_FAILURES);
  /** CONNECT packets that were refused, by Reason Code. */
  readonly refusedConnects = new Map<number, number>();
  /** How often the store has begun to fail. */
  storeFailures = 0;

  /** @param reasonCode 0x80 to 0xff; what programs that authenticate clients say beyond that counts as 0x80. */
  countRefusedConnect(reasonCode: number): void {
    const known = Number.isInteger(reasonCode) && reasonCode >= 0x80 && reasonCode <= 0xff ? reasonCode : 0x80;
    this.refusedConnects.set(known, (this.refusedConnects.get(known) ?? 0) + 1);
  }
}
