import type { RetainedReplay } from './retained-replay.ts';

/**
 * The retained messages that the subscriptions of one connection still bring, one subscription after the other, in the order they
 * were made. A client that does not read may owe itself those of all its subscriptions, and can make each of them anew: no step
 * takes longer for that.
 */
export class RetainedReplays {
  readonly #byFilter = new Map<string, RetainedReplay>();
  #first: RetainedReplay | undefined = undefined;

  get isEmpty(): boolean {
    return this.#byFilter.size === 0;
  }

  /** The one whose turn it is. */
  get first(): RetainedReplay | undefined {
    this.#first ??= this.#byFilter.values().next().value;
    return this.#first;
  }

  /** A newer subscription to the same filter takes the place of the one before, at the end. */
  add(replay: RetainedReplay): void {
    this.delete(replay.topicFilter);
    this.#byFilter.set(replay.topicFilter, replay);
  }

  delete(topicFilter: string): void {
    if (this.#first?.topicFilter === topicFilter) this.#first = undefined;
    this.#byFilter.delete(topicFilter);
  }
}
