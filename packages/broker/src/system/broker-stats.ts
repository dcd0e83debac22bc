import type { Counters } from '../observe/counters.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { LossLedger, LossReason } from '../observe/loss-ledger.ts';
import { readProcessMemory } from '../observe/process-memory.ts';
import type { Overload, OverloadReading } from '../overload/overload.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { SessionTable } from '../session/session-table.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';

/** What goes on in a broker at one moment, as plain numbers. Totals count from its start. */
export interface BrokerStats {
  /** Network Connections that are open, CONNECT or not. */
  readonly connections: number;
  /** Network Connections accepted. */
  readonly connectionsAccepted: number;
  /** Network Connections that were closed at once because of a bound on connections or on their rate. */
  readonly connectionsRefused: number;
  /** Network Connections that ended before they carried MQTT: TLS, WebSocket or PROXY header. */
  readonly handshakesFailed: number;
  /** Clients that are connected. */
  readonly clients: number;
  /** Most clients that were connected at a time. */
  readonly clientsMaximum: number;
  /** CONNECT packets accepted. */
  readonly connectsAccepted: number;
  readonly sessions: number;
  readonly sessionsExpired: number;
  readonly subscriptions: number;
  readonly sharedSubscriptions: number;
  readonly retained: number;
  readonly retainedBytes: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Pairs of message and matching session: what should be delivered. */
  readonly messagesMatched: number;
  /** Deliveries that are done: QoS 0 written, QoS 1 and 2 taken over by the client. */
  readonly messagesDelivered: number;
  /** Deliveries that did not take place. */
  readonly messagesDropped: number;
  /** Messages that were not delivered, by reason. */
  readonly dropped: Partial<Record<LossReason, number>>;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly heapBytes: number;
  /** How often limits were reached, by the names of their settings. */
  readonly limitsReached: Readonly<Record<string, number>>;
  /** Whether clients that connect are let in slowly, or refused. */
  readonly isOverloaded: boolean;
  readonly overload: OverloadReading;
}

/** What {@link BrokerStats} are read from. */
export interface BrokerStatsRooms {
  readonly counters: Counters;
  readonly sessions: SessionTable;
  readonly subscriptions: SubscriptionTable;
  readonly retained: RetainedMessages;
  readonly ledger: LossLedger;
  readonly limitWatch: LimitWatch;
  readonly overload: Overload;
}

export function statsOf(rooms: BrokerStatsRooms): BrokerStats {
  const { counters, sessions, subscriptions, retained, ledger, limitWatch, overload } = rooms;
  return {
    ...counters,
    sessions: sessions.size,
    subscriptions: subscriptions.size,
    sharedSubscriptions: subscriptions.sharedSize,
    retained: retained.size,
    retainedBytes: retained.byteLength,
    messagesDropped: ledger.total,
    dropped: ledger.toPlain(),
    heapBytes: readProcessMemory().heapUsed,
    limitsReached: limitWatch.toPlain(),
    isOverloaded: overload.isOverloaded,
    overload: overload.read(),
  };
}
