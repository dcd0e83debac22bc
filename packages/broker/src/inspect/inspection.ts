import type { QoS } from '@busbar/codec';
import type { Clock } from '../clock/clock.ts';
import type { LossLedger, LossReport } from '../observe/loss-ledger.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { Router } from '../router/router.ts';
import type { ClientDescription } from '../session/outlet.ts';
import type { Session } from '../session/session.ts';
import type { SessionTable } from '../session/session-table.ts';

/** A client that is connected. */
export interface InspectedClient extends ClientDescription {
  readonly clientIdentifier: string;
  readonly userName: string | undefined;
  readonly subscriptions: number;
  /** Messages that wait for it, and those that it has not acknowledged. */
  readonly queued: number;
  readonly inFlight: number;
}

/** A session, with a connection or without. */
export interface InspectedSession {
  readonly clientIdentifier: string;
  readonly userName: string | undefined;
  readonly isConnected: boolean;
  /** Seconds; 4,294,967,295 never ends. */
  readonly expiryInterval: number;
  /** Seconds since its connection ended; undefined while there is one. */
  readonly awaySeconds: number | undefined;
  readonly subscriptions: number;
  readonly queued: number;
  readonly queuedBytes: number;
  /** Deliveries of QoS 1 and 2 that the client has not taken over yet. */
  readonly inFlight: number;
  readonly hasWill: boolean;
}

/** A subscription of a session. */
export interface InspectedSubscription {
  readonly clientIdentifier: string;
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: number;
  readonly subscriptionIdentifier: number | undefined;
}

/** A retained message, without its payload. */
export interface InspectedRetained {
  readonly topicName: string;
  readonly qos: QoS;
  readonly payloadBytes: number;
  readonly publisher: string;
  /** Seconds; undefined for one that does not expire. */
  readonly expiresInSeconds: number | undefined;
}

/** A topic that messages went to lately. */
export interface InspectedTopic {
  readonly topicName: string;
  /** Sessions that receive its messages, a Shared Subscription counted once. */
  readonly receivers: number;
}

/** What it looks into. */
export interface InspectedRooms {
  readonly clock: Clock;
  readonly sessions: SessionTable;
  readonly retained: RetainedMessages;
  readonly router: Router;
  readonly ledger: LossLedger;
}

/**
 * Looks into a running broker, as plain data and one thing after the other: what is asked for may be long, and whoever asks may
 * rest between two of them. What comes or goes meanwhile may or may not be seen.
 *
 * @example for (const { clientIdentifier, queued } of broker.inspect.sessions()) console.log(clientIdentifier, queued);
 */
export class Inspection {
  readonly #rooms: InspectedRooms;

  constructor(rooms: InspectedRooms) {
    this.#rooms = rooms;
  }

  *clients(): Generator<InspectedClient, void> {
    for (const session of this.#rooms.sessions) {
      const described = session.describeClient();
      if (described === undefined) continue;
      const { clientIdentifier, subscriptions, queue } = session.record;
      const { userName } = session.identity;
      const { inFlight } = session;
      yield {
        clientIdentifier,
        userName,
        ...described,
        subscriptions: subscriptions.size,
        queued: queue.length,
        inFlight,
      };
    }
  }

  *sessions(): Generator<InspectedSession, void> {
    for (const session of this.#rooms.sessions) yield this.#describe(session);
  }

  *subscriptions(): Generator<InspectedSubscription, void> {
    for (const { clientIdentifier, record } of this.#rooms.sessions) {
      for (const subscription of record.subscriptions.values()) yield { clientIdentifier, ...subscription };
    }
  }

  *retained(): Generator<InspectedRetained, void> {
    const now = this.#rooms.clock.now();
    for (const message of this.#rooms.retained) {
      if (message.isExpired(now)) continue;
      const { topicName, qos, payloadLength, publisher, expiresAt } = message;
      const expiresInSeconds = expiresAt === Number.POSITIVE_INFINITY ? undefined : message.remainingExpirySeconds(now);
      yield { topicName, qos, payloadBytes: payloadLength, publisher, expiresInSeconds };
    }
  }

  /** At the most as many as the broker remembers routes (`maximumRoutes`). */
  *topics(): Generator<InspectedTopic, void> {
    for (const { topicName, receivers, groups } of this.#rooms.router.routes()) {
      yield { topicName, receivers: receivers.length + groups.length };
    }
  }

  losses(): LossReport {
    return this.#rooms.ledger.report();
  }

  #describe(session: Session): InspectedSession {
    const { clientIdentifier, expiryInterval, disconnectedAt, subscriptions, queue, flows, will } = session.record;
    const isAway = disconnectedAt !== undefined && !session.isConnected;
    let inFlight = 0;
    for (const { message } of flows.outbound.inFlight) if (message !== undefined) inFlight++;
    return {
      clientIdentifier,
      userName: session.identity.userName,
      isConnected: session.isConnected,
      expiryInterval,
      awaySeconds: isAway ? Math.floor((this.#rooms.clock.now() - disconnectedAt) / 1000) : undefined,
      subscriptions: subscriptions.size,
      queued: queue.length,
      queuedBytes: queue.byteLength,
      inFlight,
      hasWill: will !== undefined,
    };
  }
}
