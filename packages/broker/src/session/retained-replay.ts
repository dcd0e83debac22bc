import { Delivery } from '@busbar/protocol';
import type { RetainedSearch } from '../retained/retained-search.ts';
import type { StoredSubscription } from '../store/store.ts';

/** Topics looked at in one step, so that a filter that matches little among many topics keeps nobody waiting. */
const SEARCH_STEP = 16;

/**
 * The retained messages that a new subscription brings (section 3.3.1.3), handed out one at a time as fast as the client
 * takes them, so that any number of them arrives whole and none has to be queued. None is looked for before it can be sent:
 * meanwhile a newer one could take its place, and arrive before it.
 */
export class RetainedReplay {
  readonly topicFilter: string;
  /** Whether what it hands out may be of QoS 1 or 2, and so needs room in the client's window. */
  readonly needsWindow: boolean;
  readonly #clientIdentifier: string;
  readonly #subscription: StoredSubscription;
  readonly #search: RetainedSearch;

  /** @param clientIdentifier Whose subscription it is. */
  constructor(clientIdentifier: string, subscription: StoredSubscription, search: RetainedSearch) {
    this.topicFilter = subscription.topicFilter;
    this.needsWindow = subscription.qos > 0;
    this.#clientIdentifier = clientIdentifier;
    this.#subscription = subscription;
    this.#search = search;
  }

  /** Whether everything has been handed out. */
  get isDone(): boolean {
    return this.#search.isDone;
  }

  /** The next one, to be sent at once; undefined when a step of the search has found none for this client. */
  take(now: number): Delivery | undefined {
    const message = this.#search.next(SEARCH_STEP, now);
    if (message === undefined) return undefined;
    const { qos, noLocal, subscriptionIdentifier } = this.#subscription;
    if (noLocal && message.publisher === this.#clientIdentifier) return undefined; // [MQTT-3.8.3-3]
    const identifiers = subscriptionIdentifier === undefined ? undefined : [subscriptionIdentifier];
    return new Delivery(message, Math.min(message.qos, qos) as 0 | 1 | 2, true, identifiers); // [MQTT-3.3.1-8]
  }
}
