import type { QoS } from '@busbar/codec';
import type { ApplicationMessage, Delivery } from '@busbar/protocol';
import type { StoredSubscription } from '../store/store.ts';

/** Who receives messages, as the rooms below the sessions see it. */
export interface Subscriber {
  readonly clientIdentifier: string;
  /** Whether a message would leave at once. */
  readonly isReady: boolean;
  /** Whether the store keeps its messages. */
  readonly isLasting: boolean;
  /** Whether a message would wait for the client rather than be lost. */
  readonly canQueue: boolean;
  /** Deliveries that it has not taken over yet. */
  readonly inFlight: number;
  /** Whether the rules let it have messages of this topic. */
  mayReceive(topicName: string): boolean;
  /** Whether its queue has no room for a message, and the policy is to refuse the message's publisher then. */
  mustRefuse(message: ApplicationMessage, qos: QoS): boolean;
  deliver(delivery: Delivery, now: number): void;
}

/** What most topics are matched with. Not frozen: on the road of every message, V8 would tell it from other arrays. */
export const NOBODY: readonly never[] = [];

/**
 * One subscriber of a Topic Name, with all its matching subscriptions taken together: the message goes to it once, with the
 * highest QoS granted and every Subscription Identifier (section 3.3.4).
 */
export class Receiver {
  readonly subscriber: Subscriber;
  /** The highest QoS granted. */
  qos: 0 | 1 | 2 = 0;
  retainAsPublished = false;
  /** Whether some subscription does not want the client's own messages, so that its own look different. */
  hasNoLocal = false;
  subscriptionIdentifiers: number[] | undefined = undefined;
  readonly #subscriptions: StoredSubscription[] = [];

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber;
  }

  add(subscription: StoredSubscription): void {
    this.#subscriptions.push(subscription);
    if (subscription.qos > this.qos) this.qos = subscription.qos;
    if (subscription.retainAsPublished) this.retainAsPublished = true;
    if (subscription.noLocal) this.hasNoLocal = true;
    if (subscription.subscriptionIdentifier !== undefined) {
      this.subscriptionIdentifiers ??= [];
      this.subscriptionIdentifiers.push(subscription.subscriptionIdentifier);
    }
  }

  /** The receiver of its own messages: without the subscriptions that set No Local; undefined when none is left [MQTT-3.8.3-3]. */
  forOwnMessages(): Receiver | undefined {
    const own = new Receiver(this.subscriber);
    for (const subscription of this.#subscriptions) if (!subscription.noLocal) own.add(subscription);
    return own.#subscriptions.length === 0 ? undefined : own;
  }
}
