import type { ApplicationMessage, Delivery, MessageContent, SessionState, Successor } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import type { SessionSubscriptions, StoredSubscription } from './session-subscriptions.ts';

export type { StoredSubscription } from './session-subscriptions.ts';

/**
 * The store port: what the broker must not forget, and who keeps it.
 *
 * State lives in {@link SessionRecord}s that the broker works on directly; the store is told of every change within the turn of
 * the event loop in which it happens, and decides what of it to write where. `memory` writes nothing: the records are the
 * state. A durable store gathers the changes of a turn, and of the turns that pass while it writes, into one batch:
 *
 *     changes --> batch N collects --> batch N is written and synced, N + 1 collects --> keptMark is N
 *
 * A change is part of the batch that collects when it is told; `mark` is that batch's number.
 */
export interface Store {
  /** What PUBACK and PUBREC are worth: `memory` in this process, `disk` after a crash too. */
  readonly durability: 'memory' | 'disk';

  /** Changes told so far: a caller that sees no difference between two moments has nothing to wait for. */
  readonly changes: number;
  /** The number of the batch that changes told now belong to; 0 in a store that keeps everything at once. */
  readonly mark: number;
  /** Everything up to this batch is as durable as the store promises. */
  readonly keptMark: number;
  /** Calls the waiter once, when the batch that collects now is kept, and never within this call. */
  whenKept(waiter: KeptWaiter): void;
  /**
   * Why nothing can be kept at the moment, for the log; undefined when all is well. As long, batches wait and are tried again,
   * and the broker takes in nothing that would have to be kept.
   */
  readonly failure: string | undefined;

  /** Everything kept from before, once, at the start of the broker. */
  load(start: StoreStart): StoredState;

  /**
   * A new record with an empty queue of this store's making.
   *
   * @param isLasting Whether the session may outlive its connection. Of one that may not, only a Will is kept.
   */
  createSession(clientIdentifier: string, isLasting: boolean): SessionRecord;
  /** Expiry, end of connection or will of a record have changed. */
  updateSession(record: SessionRecord): void;
  removeSession(record: SessionRecord): void;
  setSubscription(record: SessionRecord, topicFilter: string, subscription: StoredSubscription): void;
  removeSubscription(record: SessionRecord, topicFilter: string): void;
  /** @param retained The last message of a topic; a store that reads it at once or later gets the same. */
  setRetained(topicName: string, retained: StoredRetained): void;
  removeRetained(topicName: string): void;

  /** Keeps what it was told and lets go of everything. */
  close(): void | Promise<void>;
}

/** Somebody who waits for a batch. */
export interface KeptWaiter {
  /** {@link Store.keptMark} has risen. */
  handleKept(): void;
}

/** What a store needs to know of the broker that begins to work on it. */
export interface StoreStart {
  /** Milliseconds of the broker's clock; times in records are of this clock. */
  now(): number;
  /** Calls back when everything that arrived in this turn of the event loop has been worked on. */
  endOfTurn(callback: () => void): void;
  /** Who takes deliveries of a Shared Subscription over: `$share/{ShareName}/{filter}`. */
  successorOf(sharedFilter: string): Successor;
  /** {@link Store.failure} has come or gone. */
  handleFailure(failure: string | undefined): void;
  /** A durable store has written and synced what it had gathered. */
  handleCommit(commit: StoreCommit): void;
}

/** What a durable store has written at a stretch. */
export interface StoreCommit {
  /** From the beginning of the write to the end of the sync. */
  readonly durationMs: number;
  /** Rows that were written or removed. */
  readonly rows: number;
  readonly byteLength: number;
}

export interface StoredState {
  readonly sessions: Iterable<SessionRecord>;
  readonly retained: Iterable<StoredRetained>;
}

/** A retained message. */
export interface StoredRetained {
  /** Perhaps made anew each time it is read. */
  readonly message: ApplicationMessage;
  /** Whose rights to publish it depends on as long as it is retained; undefined where nobody asks. */
  readonly source?: Identity | undefined;
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
  /** Whether the session may outlive its connection. */
  readonly isLasting: boolean;
  /** Seconds; 4,294,967,295 never ends. */
  expiryInterval: number;
  /** When the connection ended, in milliseconds of the clock; undefined while there is one, or when it ended with the broker. */
  disconnectedAt: number | undefined;
  will: StoredWill | undefined;
  /** Who its client is, for the rules that messages are judged by while it is away; undefined for one without a name. */
  identity?: Identity | undefined;
  readonly subscriptions: SessionSubscriptions;
  readonly queue: DeliveryQueue;
  readonly flows: SessionState<Delivery>;
  readonly journal: FlowJournal;
}

/** Deliveries that wait for one session, in order. What bounds it is the session's business. */
export interface DeliveryQueue {
  readonly length: number;
  /** Bytes of the messages that wait. */
  readonly byteLength: number;
  /** Whether one that waits may be another's to take over; only then somebody looks at them one by one when the session ends. */
  readonly hasShared: boolean;
  /** Whether what waits is on disk, and takes no memory however much it is. Default: false. */
  readonly isOnDisk?: boolean;
  push(delivery: Delivery): void;
  /** The next one, which stays. */
  peek(): Delivery | undefined;
  /** The next one leaves for good: it was sent at QoS 0, has expired, is lost. */
  drop(): Delivery | undefined;
  /** The next one leaves and is in flight from now on. */
  send(packetId: number): Delivery | undefined;
  /** Everything that waits leaves for good. */
  clear(): void;
}

/** What a store is told of a session's flows (sections 4.3 and 4.4), which the protocol's machines change. */
export interface FlowJournal {
  /** A delivery of QoS 1 or 2 that did not wait in the queue is in flight. */
  sent(packetId: number, delivery: Delivery): void;
  /** The client has taken a QoS 2 delivery over: its message is no longer needed, its Packet Identifier still is. */
  received(packetId: number): void;
  /** A delivery in flight is done, one way or another. */
  finished(packetId: number): void;
  /** A QoS 2 message of the client has been accepted. */
  accepted(packetId: number): void;
  /** The client has released a QoS 2 message: its Packet Identifier is free again. */
  released(packetId: number): void;
}
