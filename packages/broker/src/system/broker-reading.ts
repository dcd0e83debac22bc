import type { OverloadReading } from '../overload/overload.ts';

/** What a broker tells of itself at one moment. Totals count from its start. */
export interface BrokerReading {
  /** Clients that are connected. */
  readonly clients: number;
  /** Most clients that were connected at a time. */
  readonly clientsMaximum: number;
  readonly sessions: number;
  readonly sessionsExpired: number;
  readonly subscriptions: number;
  readonly sharedSubscriptions: number;
  readonly retained: number;
  readonly retainedBytes: number;
  /** Network Connections accepted. */
  readonly connectionsAccepted: number;
  /** CONNECT packets accepted. */
  readonly connectsAccepted: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Deliveries that did not take place, in all and by reason. */
  readonly messagesDropped: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly heapBytes: number;
  /** How often limits were reached, by the names of their settings. */
  readonly limitsReached: Readonly<Record<string, number>>;
  /** Whether clients that connect are let in slowly, or refused. */
  readonly isOverloaded: boolean;
  readonly overload: OverloadReading;
}
