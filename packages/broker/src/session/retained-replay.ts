import { type ApplicationMessage, Delivery } from '@busbar/protocol';
import type { StoredSubscription } from '../store/store.ts';

/**
 * The retained messages that a new subscription brings (section 3.3.1.3), handed out one at a time as fast as the client
 * takes them, so that any number of them arrives whole and none has to be queued.
 */
export class RetainedReplay {
  readonly topicFilter: string;
  readonly #subscription: StoredSubscription;
  readonly #messages: Iterator<ApplicationMessage>;
  #next: Delivery | undefined = undefined;

  constructor(topicFilter: string, subscription: StoredSubscription, messages: Iterator<ApplicationMessage>) {
    this.topicFilter = topicFilter;
    this.#subscription = subscription;
    this.#messages = messages;
  }

  /** The next one, which stays until {@link advance}; undefined after the last. */
  peek(): Delivery | undefined {
    if (this.#next !== undefined) return this.#next;
    const { value, done } = this.#messages.next();
    if (done === true || value === undefined) return undefined;
    const { qos, subscriptionIdentifier } = this.#subscription;
    const identifiers = subscriptionIdentifier === undefined ? undefined : [subscriptionIdentifier];
    this.#next = new Delivery(value, Math.min(value.qos, qos) as 0 | 1 | 2, true, identifiers); // [MQTT-3.3.1-8]
    return this.#next;
  }

  advance(): void {
    this.#next = undefined;
  }
}
