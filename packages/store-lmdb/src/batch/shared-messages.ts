import type { ApplicationMessage } from '@busbar/protocol';
import type { Entry } from '../session/chunk.ts';
import type { Batch } from './batch.ts';
import { SharedMessage } from './shared-message.ts';

/** Messages that have been read and may be wanted by the next session, too. */
const MOST_REMEMBERED = 1024;
const LARGEST_REMEMBERED = 4096;

/**
 * Finds out which messages enter several queues, without keeping count of all that there are: a message that is routed enters
 * its queues one after the other, so the one before is all that has to be remembered.
 */
export class SharedMessages {
  readonly #known = new WeakMap<ApplicationMessage, SharedMessage>();
  readonly #remembered = new Map<number, SharedMessage>();
  #lastMessage: ApplicationMessage | undefined = undefined;
  #lastEntry: Entry | undefined = undefined;
  #lastShared: SharedMessage | undefined = undefined;

  /** A delivery enters a queue. */
  enter(entry: Entry, message: ApplicationMessage, batch: Batch): void {
    if (message !== this.#lastMessage) {
      this.#lastMessage = message;
      this.#lastEntry = undefined;
      this.#lastShared = this.#known.get(message);
    } else if (this.#lastShared === undefined) this.#lastShared = this.#share(message, batch);
    if (this.#lastShared === undefined) this.#lastEntry = entry;
    else this.#use(entry, this.#lastShared, batch);
  }

  /** The message of an entry is no longer needed. */
  leave(entry: Entry, batch: Batch): void {
    const { shared } = entry;
    if (shared === undefined) return;
    entry.shared = undefined;
    shared.change--;
    batch.messages.add(shared);
  }

  /** Batches do not share what has no record yet. */
  handleBatch(): void {
    this.#lastMessage = undefined;
    this.#lastEntry = undefined;
    this.#lastShared = undefined;
  }

  /** The message has got a record. */
  handleNumbered(shared: SharedMessage): void {
    this.#known.set(shared.message, shared);
  }

  /** The message of a number, from memory or as `read` finds it. */
  open(number: number, read: () => ApplicationMessage): SharedMessage {
    const known = this.#remembered.get(number);
    if (known !== undefined) return known;
    const shared = new SharedMessage(read(), number);
    this.#known.set(shared.message, shared);
    if (shared.message.byteLength <= LARGEST_REMEMBERED) this.#remember(shared);
    return shared;
  }

  #remember(shared: SharedMessage): void {
    if (this.#remembered.size >= MOST_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(shared.number, shared);
  }

  /** The second entry of a message: the first one gets to know that it is not alone, unless it is written or gone. */
  #share(message: ApplicationMessage, batch: Batch): SharedMessage | undefined {
    const first = this.#lastEntry;
    if (first === undefined || !first.chunk.collects || first.delivery === undefined) return undefined;
    const shared = new SharedMessage(message);
    this.#use(first, shared, batch);
    return shared;
  }

  #use(entry: Entry, shared: SharedMessage, batch: Batch): void {
    entry.shared = shared;
    shared.change++;
    batch.messages.add(shared);
  }
}
