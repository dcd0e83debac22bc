import { NONE } from '../session/none.ts';

/** Entries that are gone and may stay where they are before the rest is moved up. */
const MOST_GONE = 256;

/**
 * What waits, in order, until everything up to a mark of its own is kept: the store keeps changes in batches, and counts them.
 *
 * Empty as long as everything is kept at once, and then it costs its owner no more than itself.
 *
 * @example
 * const unkept = new MarkQueue<Unkept>();
 * unkept.push({ mark: store.mark, packetId });
 * for (let next = unkept.take(store.keptMark); next !== undefined; next = unkept.take(store.keptMark)) acknowledge(next);
 */
export class MarkQueue<Entry extends { readonly mark: number }> {
  #entries: Entry[] = NONE;
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  /** The one that has waited longest. */
  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  push(entry: Entry): void {
    if (this.#entries === NONE) this.#entries = [entry];
    else this.#entries.push(entry);
  }

  /** The next one, now that everything up to a mark is kept; Infinity takes it in any case. */
  take(keptMark: number): Entry | undefined {
    const next = this.first;
    if (next === undefined || next.mark > keptMark) return undefined;
    this.#head++;
    if (this.isEmpty) {
      this.#entries = NONE;
      this.#head = 0;
    } else if (this.#head > MOST_GONE && this.#head * 2 > this.#entries.length) {
      // Under a steady load there is always one that waits, and the queue is never empty.
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    return next;
  }
}
