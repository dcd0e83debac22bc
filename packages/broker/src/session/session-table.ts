import { ReasonCode, RetainHandling, type SubscriptionRequest } from '@busbar/codec';
import { isSharedSubscription, WideMap } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import type { Clock } from '../clock/clock.ts';
import { Alarm, type TimerWheel } from '../clock/timer-wheel.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import type { SessionRecord, Store, StoredSubscription } from '../store/store.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';
import { EndedSubscriptions } from './ended-subscriptions.ts';
import { RetainedReplay } from './retained-replay.ts';
import { Session } from './session.ts';
import type { SessionSurroundings } from './session-surroundings.ts';
import { refusalOf } from './subscription-refusal.ts';

/** A Session Expiry Interval of this many seconds never ends (section 3.1.2.11.2). */
export const NEVER_EXPIRES = 0xffff_ffff;

/** What becomes of one subscription of a SUBSCRIBE packet. */
export interface SubscribeAnswer {
  readonly reasonCode: ReasonCode;
  readonly refused?: SubscriptionRefused | undefined;
}

/** A Topic Filter that was refused, and why, in a line that may be sent and logged. */
export interface SubscriptionRefused {
  readonly topicFilter: string;
  readonly message: string;
  /** The rule that denies it, for the log. */
  readonly rule?: string | undefined;
}

/** What the table needs of the rooms around it. */
export interface SessionTableRooms {
  readonly store: Store;
  readonly subscriptions: SubscriptionTable;
  readonly retained: RetainedMessages;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly around: SessionSurroundings;
}

/**
 * All sessions by Client Identifier: begins, resumes, expires and ends them, and keeps their subscriptions (sections 3.1.2.4,
 * 3.1.2.11.2, 3.8.4).
 */
export class SessionTable {
  readonly #rooms: SessionTableRooms;
  readonly #sessions = new WideMap<Session>();
  readonly #expiries = new Map<Session, Alarm>();
  /** Sessions without a connection, the one that has been away for longest first. */
  readonly #away = new Set<Session>();
  readonly #endedSubscriptions: EndedSubscriptions;
  /**
   * Told when a session ends, before its record is removed: a Will that waited is due then.
   *
   * @returns Whether the record stays in the store, because its Will does.
   */
  onEnd: (session: Session) => boolean = () => false;
  /** Told when a session is over; undefined where nobody wants to know. */
  onOver: ((session: Session, kind: 'expired' | 'ended') => void) | undefined = undefined;

  constructor(rooms: SessionTableRooms) {
    this.#rooms = rooms;
    this.#endedSubscriptions = new EndedSubscriptions(rooms.subscriptions, rooms.clock);
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(clientIdentifier: string): Session | undefined {
    return this.#sessions.get(clientIdentifier);
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** Takes up what the store kept; of sessions that ended with the broker it kept no more than their Wills. */
  restore(records: Iterable<SessionRecord>): void {
    const now = this.#rooms.clock.now();
    const since = ({ disconnectedAt = now }: SessionRecord): number => disconnectedAt;
    for (const record of [...records].sort((one, other) => since(one) - since(other))) {
      if (!record.isLasting) continue;
      const session = new Session(record, this.#rooms.around);
      this.#sessions.set(record.clientIdentifier, session);
      for (const [topicFilter, subscription] of record.subscriptions) {
        this.#rooms.subscriptions.set(session, topicFilter, subscription);
      }
      if (record.disconnectedAt === undefined) {
        record.disconnectedAt = now;
        this.#rooms.store.updateSession(record);
      }
      this.#awaitReturn(session, record.disconnectedAt);
    }
  }

  /**
   * The session of a Client Identifier, resumed if there is one and it is wanted, otherwise new.
   *
   * @returns Undefined when there are as many sessions as may be, and all of them are connected.
   */
  open(
    clientIdentifier: string,
    cleanStart: boolean,
    isLasting: boolean,
  ): { session: Session; isResumed: boolean } | undefined {
    const known = this.#sessions.get(clientIdentifier);
    known?.takeOver();
    // Taking over may have ended it: a session that expires with its connection.
    const present = this.#sessions.get(clientIdentifier);
    if (present !== undefined && !cleanStart) {
      this.#handleReturn(present);
      return { session: present, isResumed: true }; // [MQTT-3.1.2-5]
    }
    if (present !== undefined) this.end(present); // [MQTT-3.1.2-4]
    if (!this.#makeRoom()) return undefined;
    const session = new Session(this.#rooms.store.createSession(clientIdentifier, isLasting), this.#rooms.around); // [MQTT-3.1.2-6]
    this.#sessions.set(clientIdentifier, session);
    return { session, isResumed: false };
  }

  /** A session has been disconnected: it ends with its connection or waits for the next one. */
  handleDisconnected(session: Session): void {
    this.#rooms.store.updateSession(session.record);
    this.#awaitReturn(session, this.#rooms.clock.now());
  }

  /** Ends a session and forgets it. */
  end(session: Session, kind: 'expired' | 'ended' = 'ended'): void {
    const { clientIdentifier } = session.record;
    this.#handleReturn(session);
    if (this.#sessions.get(clientIdentifier) === session) this.#sessions.delete(clientIdentifier);
    session.end(this.#rooms.clock.now());
    this.#endedSubscriptions.remove(session);
    this.onOver?.(session, kind);
    if (!this.onEnd(session)) this.#rooms.store.removeSession(session.record);
  }

  // --- rights ----------------------------------------------------------------------------------------------------------

  /** The client of a session has said who it is. */
  identify(session: Session, identity: Identity): void {
    if (session.identify(identity) && session.record.subscriptions.size > 0) this.#rooms.subscriptions.touch();
  }

  /** The rules have changed: subscriptions that they no longer allow end, and who receives what is found out anew. */
  handleRulesChanged(): void {
    for (const session of this.#sessions.values()) {
      const { rights } = session;
      if (rights === undefined) continue;
      const filters = [...session.record.subscriptions.keys()];
      const denied = filters.filter((topicFilter) => !rights.subscribe(topicFilter).isAllowed);
      for (const topicFilter of denied) this.unsubscribe(session, topicFilter);
    }
    this.#rooms.subscriptions.touch();
  }

  // --- subscriptions ---------------------------------------------------------------------------------------------------

  /** Makes one subscription of a SUBSCRIBE packet, which may have many, each for itself [MQTT-3.8.4-6]. */
  subscribe(session: Session, subscription: StoredSubscription): SubscribeAnswer {
    const { around } = this.#rooms;
    const refused = refusalOf(subscription, session.record.subscriptions, around, session.rights);
    if (refused === undefined) return { reasonCode: this.#subscribe(session, subscription) };
    const { reasonCode, message, rule, limit } = refused;
    if (limit !== undefined)
      around.limitWatch.handleReached(limit, { client: session.clientIdentifier, reason: message });
    return { reasonCode, refused: { topicFilter: subscription.topicFilter, message, rule } };
  }

  unsubscribe(session: Session, topicFilter: string): ReasonCode {
    if (!session.record.subscriptions.delete(topicFilter)) return ReasonCode.noSubscriptionExisted;
    this.#rooms.subscriptions.delete(session, topicFilter); // [MQTT-3.10.4-2]
    this.#rooms.store.removeSubscription(session.record, topicFilter);
    session.stopReplay(topicFilter);
    return ReasonCode.success;
  }

  #subscribe(session: Session, requested: StoredSubscription): ReasonCode {
    const { maximumQoS } = this.#rooms.around.capabilities;
    const subscription = requested.qos <= maximumQoS ? requested : { ...requested, qos: maximumQoS }; // [MQTT-3.2.2-10]
    const { topicFilter, qos } = subscription;
    const { subscriptions } = session.record;
    const isNew = !subscriptions.has(topicFilter);
    subscriptions.set(topicFilter, subscription);
    this.#rooms.subscriptions.set(session, topicFilter, subscription);
    this.#rooms.store.setSubscription(session.record, topicFilter, subscription);
    if (bringsRetained(subscription, isNew)) this.#replay(session, subscription);
    return qos;
  }

  #replay(session: Session, subscription: StoredSubscription): void {
    const { retained } = this.#rooms;
    if (retained.size === 0) return;
    const search = retained.matching(subscription.topicFilter);
    session.replay(new RetainedReplay(session.clientIdentifier, subscription, search));
  }

  // --- expiry ----------------------------------------------------------------------------------------------------------

  /** One more session than may be ends the one that nobody has used for longest. */
  #makeRoom(): boolean {
    if (this.#sessions.size < this.#rooms.around.limits.maximumSessions) return true;
    const [oldest] = this.#away;
    if (oldest === undefined) return false;
    const { limits, limitWatch } = this.#rooms.around;
    const fields = { ended: oldest.clientIdentifier, allowed: limits.maximumSessions };
    limitWatch.handleReached('maximumSessions', fields);
    this.#expire(oldest);
    return true;
  }

  #awaitReturn(session: Session, since: number): void {
    const { expiryInterval } = session.record;
    if (expiryInterval === 0) {
      this.end(session);
      return;
    }
    this.#away.add(session);
    if (expiryInterval === NEVER_EXPIRES) return;
    const alarm = new Alarm(() => this.#expire(session));
    this.#expiries.set(session, alarm);
    this.#rooms.wheel.set(alarm, since + expiryInterval * 1000);
  }

  #expire(session: Session): void {
    this.#rooms.around.counters.sessionsExpired++;
    this.end(session, 'expired'); // [MQTT-4.1.0-2]
  }

  #handleReturn(session: Session): void {
    this.#away.delete(session);
    const alarm = this.#expiries.get(session);
    if (alarm === undefined) return;
    this.#rooms.wheel.clear(alarm);
    this.#expiries.delete(session);
  }
}

/** Retain Handling (section 3.8.3.1); a Shared Subscription brings none (section 4.8.2). */
function bringsRetained({ retainHandling, topicFilter }: SubscriptionRequest, isNew: boolean): boolean {
  if (isSharedSubscription(topicFilter)) return false;
  if (retainHandling === RetainHandling.atSubscribe) return true; // [MQTT-3.3.1-9]
  return retainHandling === RetainHandling.atNewSubscribe && isNew; // [MQTT-3.3.1-10] [MQTT-3.3.1-11]
}
