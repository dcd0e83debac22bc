import {
  isSharedSubscription,
  parseSharedSubscription,
  SharedGroup,
  type SharedStrategy,
  type SharedSubscriptionParts,
  SubscriptionTree,
} from '@busbar/protocol';
import type { StoredSubscription } from '../store/store.ts';
import { NOBODY, Receiver, type Subscriber } from './receiver.ts';

/** Sessions that share one subscription: the group stands in the tree as one subscriber. */
export type ShareGroup = SharedGroup<Subscriber, StoredSubscription>;

/** A group that matches, with the Shared Subscription it is of. */
export interface SharedMatch {
  readonly group: ShareGroup;
  /** `$share/{ShareName}/{filter}`. */
  readonly sharedFilter: string;
}

/** Who is to receive the messages of one Topic Name. */
export interface Matches {
  readonly receivers: readonly Receiver[];
  /** Each group gets the message once, through one of its members (section 4.8.2). */
  readonly groups: readonly SharedMatch[];
}

/** All subscriptions of all sessions, shared ones among them, and which of them match a Topic Name (section 4.7, 4.8). */
export class SubscriptionTable {
  readonly #subscribers = new SubscriptionTree<Subscriber, StoredSubscription>();
  readonly #groups = new SubscriptionTree<ShareGroup, SharedMatch>();
  readonly #groupByFilter = new Map<string, ShareGroup>();
  readonly #strategy: SharedStrategy<Subscriber>;
  #sharedSize = 0;
  #touches = 0;

  /** @param strategy Who of a group gets the next message. Default: each in turn. */
  constructor(strategy: SharedStrategy<Subscriber> = { name: 'roundRobin' }) {
    this.#strategy = strategy;
  }

  /** Subscriptions, shared ones included. */
  get size(): number {
    return this.#subscribers.size + this.#sharedSize;
  }

  get sharedSize(): number {
    return this.#sharedSize;
  }

  /** Rises with every change of who receives what. */
  get epoch(): number {
    return this.#subscribers.epoch + this.#groups.epoch + this.#touches;
  }

  /** Who receives what has changed without a change of subscriptions: somebody's rights have. */
  touch(): void {
    this.#touches++;
  }

  /** Adds or replaces the subscription of a subscriber to a valid filter [MQTT-3.8.4-3]. @returns The one before. */
  set(subscriber: Subscriber, topicFilter: string, subscription: StoredSubscription): StoredSubscription | undefined {
    const shared = sharedParts(topicFilter);
    if (shared === undefined) return this.#subscribers.set(topicFilter, subscriber, subscription);
    let group = this.#groupByFilter.get(topicFilter);
    if (group === undefined) {
      group = new SharedGroup(this.#strategy);
      this.#groupByFilter.set(topicFilter, group);
      this.#groups.set(shared.topicFilter, group, { group, sharedFilter: topicFilter });
    }
    const previous = group.set(subscriber, subscription);
    if (previous === undefined) this.#sharedSize++;
    return previous;
  }

  /** @returns The subscription that was removed, undefined when there was none. */
  delete(subscriber: Subscriber, topicFilter: string): StoredSubscription | undefined {
    const shared = sharedParts(topicFilter);
    if (shared === undefined) return this.#subscribers.delete(topicFilter, subscriber);
    const group = this.#groupByFilter.get(topicFilter);
    const previous = group?.delete(subscriber);
    if (group === undefined || previous === undefined) return undefined;
    this.#sharedSize--;
    if (group.size === 0) {
      this.#groupByFilter.delete(topicFilter);
      this.#groups.delete(shared.topicFilter, group);
    }
    return previous;
  }

  /** The members of a Shared Subscription, `$share/{ShareName}/{filter}`, as they are now. */
  group(sharedFilter: string): ShareGroup | undefined {
    return this.#groupByFilter.get(sharedFilter);
  }

  match(topicName: string): Matches {
    // Most topics that nobody has published to before nobody has subscribed to either: nothing is made for them.
    let receivers: Map<Subscriber, Receiver> | undefined;
    this.#subscribers.match(topicName, (subscriber, subscription) => {
      receivers ??= new Map();
      let receiver = receivers.get(subscriber);
      if (receiver === undefined) {
        receiver = new Receiver(subscriber);
        receivers.set(subscriber, receiver);
      }
      receiver.add(subscription);
    });
    let groups: SharedMatch[] | undefined;
    this.#groups.match(topicName, (_, match) => {
      if (groups === undefined) groups = [match];
      else groups.push(match);
    });
    return { receivers: receivers === undefined ? NOBODY : [...receivers.values()], groups: groups ?? NOBODY };
  }
}

function sharedParts(topicFilter: string): SharedSubscriptionParts | undefined {
  return isSharedSubscription(topicFilter) ? parseSharedSubscription(topicFilter) : undefined;
}
