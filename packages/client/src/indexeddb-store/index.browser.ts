import { ClientStore } from '../store/client-store.ts';
import type { StoreChange } from '../store/record-store.ts';

const RECORDS = 'records';

/**
 * A client's store in a browser: a database of IndexedDB, which survives a reload of the page and the end of the browser. It
 * belongs to one client of one page at a time; others wait until that page is gone.
 *
 * @example
 * import { IndexedDbStore } from '@busbar/client/indexeddb-store';
 * const client = createClient('wss://broker.example/mqtt', { store: new IndexedDbStore('dashboard') });
 */
export class IndexedDbStore extends ClientStore {
  readonly #name: string;
  #database: IDBDatabase | undefined;
  #releaseLock: () => void = () => {};
  #waitForLock = new AbortController();
  /** Resolves when it has been loaded or cannot be. */
  #loading: Promise<unknown> | undefined;

  /** @param name The database's; one for each client. */
  constructor(name: string) {
    super();
    this.#name = `busbar-client-${name}`;
  }

  load(): Promise<Iterable<readonly [string, Uint8Array]>> {
    const loaded = this.#load();
    this.#loading = loaded.catch(() => this.#releaseLock());
    return loaded;
  }

  async #load(): Promise<Iterable<readonly [string, Uint8Array]>> {
    await this.#lock();
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(RECORDS);
    this.#database = await resultOf(opening);
    const records = this.#database.transaction(RECORDS).objectStore(RECORDS);
    const [keys, values] = await Promise.all([resultOf(records.getAllKeys()), resultOf(records.getAll())]);
    return keys.map((key, at) => [String(key), values[at] as Uint8Array] as const);
  }

  write(changes: readonly StoreChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const database = this.#database;
      if (database === undefined) throw new Error(`the database ${this.#name} is not open`);
      const transaction = database.transaction(RECORDS, 'readwrite', { durability: 'strict' });
      const records = transaction.objectStore(RECORDS);
      for (const { key, value } of changes) {
        if (value === undefined) records.delete(key);
        else records.put(value, key);
      }
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }

  async close(): Promise<void> {
    this.#waitForLock.abort();
    await this.#loading; // a client that is ended as it starts would leave its lock behind
    this.#database?.close();
    this.#database = undefined;
    this.#releaseLock();
  }

  /** Web Locks end with the page, however it ends. */
  async #lock(): Promise<void> {
    if (navigator.locks === undefined) return;
    this.#waitForLock = new AbortController();
    const { signal } = this.#waitForLock;
    await new Promise<void>((resolve, reject) => {
      const hold = () => {
        resolve();
        return new Promise<void>((release) => {
          this.#releaseLock = release;
        });
      };
      navigator.locks.request(this.#name, { signal }, hold).catch(reject);
    });
  }
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
