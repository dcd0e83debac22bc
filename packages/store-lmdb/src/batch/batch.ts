import type { KeptWaiter, SessionRecord, StoredRetained, StoredSubscription } from '@busbar/broker';
import type { Flight } from '../format/outbound-format.ts';
import type { Chunk } from '../session/chunk.ts';
import type { Grave } from './grave.ts';
import type { SharedMessage } from './shared-message.ts';

/** A session as a batch writes it. */
export interface BatchedSession {
  readonly number: number;
  readonly record: SessionRecord;
  /** Packet Identifiers of the QoS 2 messages that its client has sent and not released. */
  readonly unreleased: ReadonlySet<number>;
  /** Whether the disk must have a row of it. */
  readonly isKept: boolean;
  readonly isRemoved: boolean;
  /** Whether the disk has one. */
  hasRecord: boolean;
}

/** A queue as a batch writes it. */
export interface BatchedQueue {
  readonly session: number;
  readonly head: number;
  readonly tail: number;
  readonly byteLength: number;
  readonly hasShared: boolean;
  /** What is in flight, in order. */
  readonly flights: Iterable<Flight>;
  /** Whether there is nothing to keep of it. */
  readonly isBlank: boolean;
  readonly isRemoved: boolean;
  /** Whether the disk has a row of it that says more than nothing. */
  hasRecord: boolean;
  /** A chunk is on the disk, or nothing of it was left to write. */
  handleWritten(chunk: Chunk): void;
}

/** A chunk and the queue it belongs to. */
export interface OwnedChunk {
  readonly queue: BatchedQueue;
  readonly chunk: Chunk;
}

/** What has been deleted of a grave in a batch. */
export interface GraveSlice {
  readonly grave: Grave;
  readonly keys: readonly Uint8Array[];
  /** Messages whose references are fewer now. */
  readonly released: readonly number[];
  readonly isLast: boolean;
}

/**
 * Everything that changed since the batch before began to be written: which things, not how. What is written is how they are
 * when it is written, so that what comes and goes within a batch costs nothing.
 */
export class Batch {
  readonly number: number;
  readonly waiters: KeptWaiter[] = [];
  readonly sessions = new Set<BatchedSession>();
  readonly inbounds = new Set<BatchedSession>();
  readonly queues = new Set<BatchedQueue>();
  readonly chunks: OwnedChunk[] = [];
  readonly removedChunks: OwnedChunk[] = [];
  readonly messages = new Set<SharedMessage>();
  readonly subscriptions = new Map<BatchedSession, Map<string, StoredSubscription | undefined>>();
  readonly retained = new Map<string, StoredRetained | undefined>();
  readonly graves: Grave[] = [];
  readonly slices: GraveSlice[] = [];
  /** Whether it is written in any case: for the time, or because the one before may not be synced. */
  isDue = false;

  constructor(number: number) {
    this.number = number;
  }

  get isEmpty(): boolean {
    return (
      !this.isDue &&
      this.queues.size === 0 &&
      this.sessions.size === 0 &&
      this.inbounds.size === 0 &&
      this.chunks.length === 0 &&
      this.removedChunks.length === 0 &&
      this.messages.size === 0 &&
      this.subscriptions.size === 0 &&
      this.retained.size === 0 &&
      this.graves.length === 0 &&
      this.slices.length === 0
    );
  }

  setSubscription(session: BatchedSession, topicFilter: string, subscription: StoredSubscription | undefined): void {
    let ofSession = this.subscriptions.get(session);
    if (ofSession === undefined) {
      ofSession = new Map();
      this.subscriptions.set(session, ofSession);
    }
    ofSession.set(topicFilter, subscription);
  }

  /** A batch with all that the one before, which could not be written, has, and all that this one has. */
  after(failed: Batch): Batch {
    const merged = new Batch(this.number);
    for (const batch of [failed, this]) {
      merged.waiters.push(...batch.waiters);
      for (const session of batch.sessions) merged.sessions.add(session);
      for (const session of batch.inbounds) merged.inbounds.add(session);
      for (const queue of batch.queues) merged.queues.add(queue);
      for (const message of batch.messages) merged.messages.add(message);
      merged.chunks.push(...batch.chunks);
      merged.removedChunks.push(...batch.removedChunks);
      merged.graves.push(...batch.graves);
      merged.slices.push(...batch.slices);
      for (const [session, filters] of batch.subscriptions) {
        for (const [topicFilter, subscription] of filters) merged.setSubscription(session, topicFilter, subscription);
      }
      for (const [topicName, retained] of batch.retained) merged.retained.set(topicName, retained);
      merged.isDue ||= batch.isDue;
    }
    return merged;
  }
}
