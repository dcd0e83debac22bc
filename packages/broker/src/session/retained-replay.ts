import { Delivery } from '@busbar/protocol';
import type { RetainedSearch } from '../retained/retained-search.ts';
import type { StoredSubscription } from '../store/store.ts';

/** Topics looked at in one step, so that a filter that matches little among many topics keeps nobody waiting. */
const SEARCH_STEP = 16;

/**
 * The retained messages that a new subscription brings (section 3.3.1.3), handed out one at a time as fast as the client
 * takes them, so that any number of them arrives whole and none has to be queued.
 */
export class RetainedReplay {
  readonly topicFilter: string;
  readonly #subscription: StoredSubscription;
  readonly #search: RetainedSearch;
  #next: Delivery | undefined = undefined;

  constructor(subscription: StoredSubscription, search: RetainedSearch) {
    this.topicFilter = subscription.topicFilter;
    this.#subscription = subscription;
    this.#search = search;
  }

  /** Whether everything has been handed out. */
  get isDone(): boolean {
    return this.#next === undefined && this.#search.isDone;
  }

  /** The next one, which stays until {@link advance}; undefined when a step of the search has found none. */
  peek(now: number): Delivery | undefined {
    if (this.#next !== undefined) return this.#next;
    const message = this.#search.next(SEARCH_STEP, now);
    if (message === undefined) return undefined;
    const { qos, subscriptionIdentifier } = this.#subscription;
    const identifiers = subscriptionIdentifier === undefined ? undefined : [subscriptionIdentifier];
    this.#next = new Delivery(message, Math.min(message.qos, qos) as 0 | 1 | 2, true, identifiers); // [MQTT-3.3.1-8]
    return this.#next;
  }

  advance(): void {
    this.#next = undefined;
  }
}
