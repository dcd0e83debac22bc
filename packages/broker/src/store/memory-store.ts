import { WideMap } from '@busbar/protocol';
import type { SessionRecord, StoredRetained, StoredState } from './store.ts';
import { VolatileStore } from './volatile-store.ts';

/**
 * Keeps everything on the heap, for as long as the process lives: a broker that is stopped and one that is started on the
 * same store go on with the same sessions and retained messages.
 */
export class MemoryStore extends VolatileStore {
  readonly #sessions = new WideMap<SessionRecord>();
  readonly #retained = new WideMap<StoredRetained>();

  override load(): StoredState {
    return { sessions: [...this.#sessions.values()], retained: [...this.#retained.values()] };
  }

  override createSession(clientIdentifier: string, isLasting: boolean): SessionRecord {
    const record = super.createSession(clientIdentifier, isLasting);
    this.#sessions.set(clientIdentifier, record);
    return record;
  }

  override removeSession(record: SessionRecord): void {
    if (this.#sessions.get(record.clientIdentifier) === record) this.#sessions.delete(record.clientIdentifier);
  }

  override setRetained(topicName: string, retained: StoredRetained): void {
    this.#retained.set(topicName, retained);
  }

  override removeRetained(topicName: string): void {
    this.#retained.delete(topicName);
  }
}
