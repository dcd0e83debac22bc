import type { SubscriptionRequest } from '@busbar/codec';

/** A subscription as a session keeps it (section 3.8.3.1). */
export interface StoredSubscription extends SubscriptionRequest {
  readonly subscriptionIdentifier: number | undefined;
}

const NO_SUBSCRIPTIONS: ReadonlyMap<string, StoredSubscription> = new Map();

/** The subscriptions of one session by their Topic Filters, in the order they were made. Without any they cost nothing. */
export class SessionSubscriptions {
  #byFilter: Map<string, StoredSubscription> | undefined = undefined;

  get size(): number {
    return this.#byFilter?.size ?? 0;
  }

  get(topicFilter: string): StoredSubscription | undefined {
    return this.#byFilter?.get(topicFilter);
  }

  has(topicFilter: string): boolean {
    return this.#byFilter?.has(topicFilter) ?? false;
  }

  set(topicFilter: string, subscription: StoredSubscription): void {
    this.#byFilter ??= new Map();
    this.#byFilter.set(topicFilter, subscription);
  }

  /** @returns Whether there was one. */
  delete(topicFilter: string): boolean {
    return this.#byFilter?.delete(topicFilter) ?? false;
  }

  keys(): IterableIterator<string> {
    return (this.#byFilter ?? NO_SUBSCRIPTIONS).keys();
  }

  values(): IterableIterator<StoredSubscription> {
    return (this.#byFilter ?? NO_SUBSCRIPTIONS).values();
  }

  [Symbol.iterator](): IterableIterator<[string, StoredSubscription]> {
    return (this.#byFilter ?? NO_SUBSCRIPTIONS)[Symbol.iterator]();
  }
}
