import type { Successor } from '@busbar/protocol';
import type { Batch } from '../batch/batch.ts';
import type { SharedMessages } from '../batch/shared-messages.ts';
import type { Disk } from '../disk/disk.ts';
import type { StoreTime } from '../format/store-time.ts';

/** What the queues of one store have in common. */
export interface QueueSurroundings {
  readonly disk: Disk;
  readonly messages: SharedMessages;
  readonly heap: HeapShare;
  /** Since {@link Store.load}. */
  readonly time: StoreTime;
  readonly successorOf: (sharedFilter: string) => Successor;
  /**
   * The batch that collects; it will be written.
   *
   * @param counts Whether somebody may want to wait for this change.
   */
  collect(counts: boolean): Batch;
  /** Chunks of a session, none of whose entries is on the heap, are to be deleted. */
  bury(session: number, from: number, to: number): void;
}

const LARGE_WINDOW = 256 * 1024;
const SMALL_WINDOW = 16 * 1024;

/** How much of what waits may be on the heap beside the disk: much for each queue while few need it, little when many do. */
export class HeapShare {
  readonly #budget: number;
  #used = 0;

  /** @param budget Bytes for all queues together. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get used(): number {
    return this.#used;
  }

  /** Bytes for one queue. */
  get limit(): number {
    return this.#used < this.#budget ? LARGE_WINDOW : SMALL_WINDOW;
  }

  take(byteLength: number): void {
    this.#used += byteLength;
  }
}
