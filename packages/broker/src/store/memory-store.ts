import { type ApplicationMessage, type Delivery, SessionState, WideMap } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import { MemoryQueue } from './memory-queue.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';
import type { FlowJournal, SessionRecord, Store, StoredState } from './store.ts';

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

/**
 * Keeps everything on the heap, for as long as the process lives: a broker that is stopped and one that is started on the
 * same store go on with the same sessions and retained messages.
 */
export class MemoryStore implements Store {
  readonly durability: 'memory' | 'disk' = 'memory';
  readonly changes: number = 0;
  readonly mark: number = 0;
  readonly keptMark: number = 0;
  readonly failure: string | undefined = undefined;
  readonly #sessions = new WideMap<SessionRecord>();
  readonly #retained = new WideMap<ApplicationMessage>();
  readonly #sources = new WeakMap<ApplicationMessage, Identity>();

  load(): StoredState {
    const retained = [...this.#retained.values()].map((message) => ({ message, source: this.#sources.get(message) }));
    return { sessions: [...this.#sessions.values()], retained };
  }

  createSession(clientIdentifier: string, isLasting: boolean): SessionRecord {
    const record = memoryRecord(clientIdentifier, isLasting);
    this.#sessions.set(clientIdentifier, record);
    return record;
  }

  removeSession(record: SessionRecord): void {
    if (this.#sessions.get(record.clientIdentifier) === record) this.#sessions.delete(record.clientIdentifier);
  }

  // The records are the state: there is nothing to write.
  updateSession(): void {}
  setSubscription(): void {}
  removeSubscription(): void {}

  setRetained(message: ApplicationMessage, source?: Identity): void {
    this.#retained.set(message.topicName, message);
    if (source !== undefined) this.#sources.set(message, source);
  }

  removeRetained(topicName: string): void {
    this.#retained.delete(topicName);
  }

  /** Everything is kept: nobody has to wait. */
  whenKept(): void {}

  close(): void {}
}
