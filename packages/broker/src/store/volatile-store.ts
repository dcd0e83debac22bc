import { type Delivery, SessionState } from '@busbar/protocol';
import { MemoryQueue } from './memory-queue.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';
import type { FlowJournal, SessionRecord, Store, StoredRetained, StoredState } from './store.ts';

/** For records that are the state themselves: there is nothing to write. */
export const SILENT_JOURNAL: FlowJournal = { sent() {}, received() {}, finished() {}, accepted() {}, released() {} };

/** A record that lives on the heap and nowhere else. */
export function memoryRecord(clientIdentifier: string, isLasting: boolean): SessionRecord {
  return {
    clientIdentifier,
    isLasting,
    expiryInterval: 0,
    disconnectedAt: undefined,
    will: undefined,
    subscriptions: new SessionSubscriptions(),
    queue: new MemoryQueue(),
    flows: new SessionState<Delivery>(),
    journal: SILENT_JOURNAL,
  };
}

/** Keeps nothing: sessions and retained messages are the broker's, and end with it. */
export class VolatileStore implements Store {
  readonly durability: 'memory' | 'disk' = 'memory';
  readonly changes: number = 0;
  readonly mark: number = 0;
  readonly keptMark: number = 0;
  readonly failure: string | undefined = undefined;

  load(): StoredState {
    return { sessions: [], retained: [] };
  }

  createSession(clientIdentifier: string, isLasting: boolean): SessionRecord {
    return memoryRecord(clientIdentifier, isLasting);
  }

  // The records are the state: there is nothing to write.
  updateSession(): void {}
  removeSession(_record: SessionRecord): void {}
  setSubscription(): void {}
  removeSubscription(): void {}
  setRetained(_topicName: string, _retained: StoredRetained): void {}
  removeRetained(_topicName: string): void {}

  /** Nobody has to wait. */
  whenKept(): void {}

  close(): void {}
}
