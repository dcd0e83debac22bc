import type { LinkGate } from '../dialer/link.ts';
import type { RecordStore, StoreChange } from './record-store.ts';

/**
 * Gathers changes and writes them in groups: while one write is under way, what comes makes the next one. What depends on
 * changes being stored passes its gate when they are.
 */
export class GroupCommit implements LinkGate {
  readonly #store: RecordStore;
  readonly #handleFailed: (error: unknown) => void;
  #changes: StoreChange[] = [];
  /** Those who wait for the changes that are gathered. */
  #waiting: (() => void)[] = [];
  #isWriting = false;
  #isDue = false;
  #hasFailed = false;
  #tellFailed: () => void = () => {};

  /** @param handleFailed Told once of a write that failed; nothing passes the gate any more. */
  constructor(store: RecordStore, handleFailed: (error: unknown) => void) {
    this.#store = store;
    this.#handleFailed = handleFailed;
  }

  get isShut(): boolean {
    return this.#isWriting || this.#hasFailed || this.#changes.length > 0;
  }

  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  put(key: string, value: Uint8Array | undefined): void {
    if (this.#hasFailed) return;
    this.#changes.push({ key, value });
    this.#begin();
  }

  pass(callback: () => void): void {
    if (this.#hasFailed) return;
    this.#waiting.push(callback);
    this.#begin();
  }

  /** Resolves when everything up to now is stored; never when that fails. */
  flushed(): Promise<void> {
    if (!this.isShut) return Promise.resolve();
    return new Promise((resolve) => this.pass(resolve));
  }

  /** Resolves when everything up to now is stored, or when the store has failed. */
  async settled(): Promise<void> {
    const hasFailed = new Promise<void>((resolve) => {
      this.#tellFailed = resolve;
    });
    if (!this.#hasFailed) await Promise.race([this.flushed(), hasFailed]);
  }

  /** The changes of one turn make one group. */
  #begin(): void {
    if (this.#isWriting || this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#isWriting || this.#hasFailed) return;
    this.#isWriting = true;
    try {
      while (this.#changes.length > 0 || this.#waiting.length > 0) {
        const changes = this.#changes;
        const waiting = this.#waiting;
        this.#changes = [];
        this.#waiting = [];
        if (changes.length > 0) await this.#store.write(changes);
        for (const callback of waiting) callback();
      }
    } catch (error) {
      this.#hasFailed = true;
      this.#tellFailed();
      this.#handleFailed(error);
    }
    this.#isWriting = false;
  }
}
