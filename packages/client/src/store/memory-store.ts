import { ClientStore } from './client-store.ts';
import type { StoreChange } from './record-store.ts';

/**
 * A store that lives as long as its object: for tests, and for a client that is to find what an earlier one in the same
 * program has left.
 *
 * @example const client = createClient(url, { cleanStart: false, sessionExpiryInterval: 3_600, store: new MemoryStore() });
 */
export class MemoryStore extends ClientStore {
  readonly #records = new Map<string, Uint8Array>();

  async load(): Promise<Iterable<readonly [string, Uint8Array]>> {
    return [...this.#records];
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    for (const { key, value } of changes) {
      if (value === undefined) this.#records.delete(key);
      else this.#records.set(key, value);
    }
  }

  async close(): Promise<void> {}
}
