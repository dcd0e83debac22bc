import type { Entry } from './chunk.ts';
import type { HeapShare } from './queue-surroundings.ts';

const MOST_ENTRIES = 512;
/** Entries taken from the front before the array is shortened. */
const COMPACT_AT = 256;

/** The front of a queue, on the heap: entries that follow each other without a gap. */
export class QueueWindow {
  readonly #heap: HeapShare;
  #entries: (Entry | undefined)[] = [];
  #at = 0;
  #byteLength = 0;

  constructor(heap: HeapShare) {
    this.#heap = heap;
  }

  get isEmpty(): boolean {
    return this.#at === this.#entries.length;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#at];
  }

  get takesMore(): boolean {
    return this.#entries.length - this.#at < MOST_ENTRIES && this.#byteLength < this.#heap.limit;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#count(entry.delivery?.message.byteLength ?? 0);
  }

  take(): Entry | undefined {
    const entry = this.#entries[this.#at];
    if (entry === undefined) return undefined;
    this.#entries[this.#at++] = undefined;
    this.#count(-(entry.delivery?.message.byteLength ?? 0));
    if (this.isEmpty) {
      this.#entries = [];
      this.#at = 0;
    } else if (this.#at >= COMPACT_AT) {
      this.#entries = this.#entries.slice(this.#at);
      this.#at = 0;
    }
    return entry;
  }

  clear(): void {
    this.#entries = [];
    this.#at = 0;
    this.#count(-this.#byteLength);
  }

  #count(byteLength: number): void {
    this.#byteLength += byteLength;
    this.#heap.take(byteLength);
  }
}
