import type { SubscriptionRequest } from '@busbar/codec';
import type { ApplicationMessage, Delivery, MessageContent, SessionState } from '@busbar/protocol';

/**
 * The store port: what the broker must not forget, and who keeps it.
 *
 * State lives in {@link SessionRecord}s that the broker works on directly; the store is told of every change, and decides
 * what of it to write where. `memory` writes nothing: the records are the state. A durable store writes each change and
 * answers {@link whenDurable} when it is synced. Wills and retained messages are told of in the same way.
 */
export interface Store {
  /** What PUBACK and PUBREC are worth: `memory` in this process, `disk` after a crash too. */
  readonly durability: 'memory' | 'disk';

  /** Everything kept from before, once, at the start of the broker. */
  load(): StoredState;

  /** A new record with an empty queue of this store's making. */
  createSession(clientIdentifier: string): SessionRecord;
  /** Expiry, end of connection or will of a record have changed. */
  updateSession(record: SessionRecord): void;
  removeSession(record: SessionRecord): void;
  setSubscription(record: SessionRecord, topicFilter: string, subscription: StoredSubscription): void;
  removeSubscription(record: SessionRecord, topicFilter: string): void;
  setRetained(message: ApplicationMessage): void;
  removeRetained(topicName: string): void;

  /**
   * Whether everything told so far is as durable as this store promises. If not, `done` is called when it is: group
   * commit, one sync for all who wait.
   */
  whenDurable(done: () => void): boolean;
  close(): void;
}

export interface StoredState {
  readonly sessions: Iterable<SessionRecord>;
  readonly retained: Iterable<ApplicationMessage>;
}

/** A subscription as a session keeps it (section 3.8.3.1). */
export interface StoredSubscription extends SubscriptionRequest {
  readonly subscriptionIdentifier: number | undefined;
}

/** A Will Message that waits, for the end of the connection or for its delay (section 3.1.2.5). */
export interface StoredWill {
  /** Its Message Expiry Interval begins when it is published (section 3.1.3.2.4). */
  readonly content: MessageContent;
  readonly delaySeconds: number;
}

/** A session as plain data (section 4.1): everything of it that outlives a connection. */
export interface SessionRecord {
  readonly clientIdentifier: string;
  /** Seconds; 4,294,967,295 never ends. */
  expiryInterval: number;
  /** When the connection ended, in milliseconds of the clock; undefined while there is one. */
  disconnectedAt: number | undefined;
  will: StoredWill | undefined;
  readonly subscriptions: Map<string, StoredSubscription>;
  readonly queue: DeliveryQueue;
  readonly flows: SessionState<Delivery>;
}

/** Deliveries that wait for one session, in order. What bounds it is the session's business. */
export interface DeliveryQueue {
  readonly length: number;
  /** Bytes of the messages that wait. */
  readonly byteLength: number;
  push(delivery: Delivery): void;
  /** The next one, which stays. */
  peek(): Delivery | undefined;
  shift(): Delivery | undefined;
  clear(): void;
}
