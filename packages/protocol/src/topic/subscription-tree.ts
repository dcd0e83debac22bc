import { childAt, type LevelChildren, type LevelNode, ownedLevel, withChild, withoutChild } from './level-children.ts';
import { SubscriberSet } from './subscriber-set.ts';
import { hasWildcard } from './topic-filter.ts';
import { WideMap } from './wide-map.ts';

/** Called for each matching subscription; must not change the tree. */
export type SubscriptionVisitor<Subscriber, Subscription> = (
  subscriber: Subscriber,
  subscription: Subscription,
) => void;

class FilterNode<Subscriber, Subscription> implements LevelNode {
  readonly level: string;
  /** Children whose level is plain text. */
  literals: LevelChildren<FilterNode<Subscriber, Subscription>> = undefined;
  /** The child whose level is `+`. */
  single: FilterNode<Subscriber, Subscription> | undefined = undefined;
  /** Who subscribes to this level and all beneath: the filter goes on with `/#` and ends. */
  multi: SubscriberSet<Subscriber, Subscription> | undefined = undefined;
  /** Who subscribes to the filter that ends here. */
  here: SubscriberSet<Subscriber, Subscription> | undefined = undefined;

  constructor(level: string) {
    this.level = level;
  }
}

/**
 * All subscriptions of a server by Topic Filter and subscriber, and which of them match a Topic Name (section 4.7).
 *
 * Every filter stands in one map. A filter without wildcard needs nothing else: the Topic Name is its key. Filters with
 * wildcards also hang in a tree of levels, which a match walks level by level with all nodes reached so far:
 *
 *     plant/+/temp, plant/#        root - plant (multi: plant/#) - + - temp (here: plant/+/temp)
 *
 * A match costs one look-up and, for each level of the Topic Name, a step from each node whose path matches the levels before:
 * filters that part from the name cost nothing from there on. Whoever sets all 2^n mixtures of a name's first n levels and `+`
 * makes it step through them all; the bound on a session's subscriptions bounds that too. Neither setting nor matching recurses. Filters are taken as valid: limits
 * and faults are the business of `topicFilterFault`, and a Shared Subscription is set by its inner filter.
 *
 * @example
 * const tree = new SubscriptionTree<string, { qos: number }>();
 * tree.set('plant/+/temp', 'panel', { qos: 1 });
 * tree.match('plant/line1/temp', (subscriber, { qos }) => console.log(subscriber, qos)); // panel 1
 */
export class SubscriptionTree<Subscriber, Subscription extends NonNullable<unknown>> {
  readonly #filters = new WideMap<SubscriberSet<Subscriber, Subscription>>();
  readonly #root = new FilterNode<Subscriber, Subscription>('');
  #size = 0;
  #nodeCount = 0;
  #epoch = 0;

  /** Number of subscriptions: pairs of filter and subscriber. */
  get size(): number {
    return this.#size;
  }

  /** Number of different Topic Filters. */
  get filterCount(): number {
    return this.#filters.size;
  }

  /** Number of nodes that hold the filters with wildcards; 0 when there is none. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Increases with every change. What was matched while it had the same value is still right. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The subscription of a subscriber to exactly this filter. */
  get(filter: string, subscriber: Subscriber): Subscription | undefined {
    return this.#filters.get(filter)?.get(subscriber);
  }

  /** Adds a subscription or replaces the one of the same filter and subscriber, which is returned [MQTT-3.8.4-3]. */
  set(filter: string, subscriber: Subscriber, subscription: Subscription): Subscription | undefined {
    const subscribers = this.#filters.get(filter);
    const previous = subscribers?.get(subscriber);
    if (previous === subscription) return previous;

    this.#epoch++;
    if (previous === undefined) this.#size++;
    if (subscribers !== undefined) subscribers.set(subscriber, subscription);
    else this.#addFilter(filter, new SubscriberSet(subscriber, subscription));
    return previous;
  }

  /** Removes the subscription of a subscriber to exactly this filter and returns it [MQTT-3.10.4-1]. */
  delete(filter: string, subscriber: Subscriber): Subscription | undefined {
    const subscribers = this.#filters.get(filter);
    const previous = subscribers?.get(subscriber);
    if (subscribers === undefined || previous === undefined) return undefined;

    this.#epoch++;
    this.#size--;
    if (subscribers.size > 1) subscribers.delete(subscriber);
    else this.#removeFilter(filter);
    return previous;
  }

  /** Visits every subscription that matches, a subscriber once for each of its matching filters (section 3.3.4). */
  match(topicName: string, visit: SubscriptionVisitor<Subscriber, Subscription>): void {
    this.#filters.get(topicName)?.visit(visit);
    if (this.#nodeCount > 0 || this.#root.multi !== undefined) this.#matchWildcards(topicName, visit);
  }

  /** All subscriptions as `[filter, subscriber, subscription]`, in no particular order. */
  *[Symbol.iterator](): IterableIterator<[string, Subscriber, Subscription]> {
    for (const [filter, subscribers] of this.#filters) {
      for (const [subscriber, subscription] of subscribers) yield [filter, subscriber, subscription];
    }
  }

  #matchWildcards(topicName: string, visit: SubscriptionVisitor<Subscriber, Subscription>): void {
    let start = 0;
    let first: FilterNode<Subscriber, Subscription> | undefined = this.#root;
    if (topicName.startsWith('$')) {
      const end = endOfLevel(topicName, 0);
      first = childAt(first.literals, topicName.slice(0, end)); // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]
      if (first === undefined) return;
      start = end + 1;
    }

    const reached = [first];
    let from = 0; // the nodes from here on are those of the current level
    while (start <= topicName.length) {
      const end = endOfLevel(topicName, start);
      const to = reached.length;
      if (from === to) return;
      let level: string | undefined;
      for (; from < to; from++) {
        const node = reached[from];
        if (node === undefined) continue;
        node.multi?.visit(visit);
        if (node.single !== undefined) reached.push(node.single);
        if (node.literals === undefined) continue;
        level ??= topicName.slice(start, end);
        const child = childAt(node.literals, level); // [MQTT-4.7.3-4] [MQTT311-4.7.3-4]
        if (child !== undefined) reached.push(child);
      }
      start = end + 1;
    }

    for (; from < reached.length; from++) {
      reached[from]?.multi?.visit(visit); // `sport/#` matches `sport`, section 4.7.1.2
      reached[from]?.here?.visit(visit);
    }
  }

  #addFilter(filter: string, subscribers: SubscriberSet<Subscriber, Subscription>): void {
    this.#filters.set(filter, subscribers);
    if (!hasWildcard(filter)) return;
    let node = this.#root;
    for (const level of filter.split('/')) {
      if (level === '#') {
        node.multi = subscribers;
        return;
      }
      node = this.#childOf(node, level) ?? this.#addChild(node, ownedLevel(level, filter));
    }
    node.here = subscribers;
  }

  #removeFilter(filter: string): void {
    this.#filters.delete(filter);
    if (!hasWildcard(filter)) return;
    const path = this.#pathOf(filter);
    const last = path.at(-1);
    if (last === undefined) return;
    if (filter.endsWith('#')) last.multi = undefined;
    else last.here = undefined;

    for (let depth = path.length - 1; depth > 0; depth--) {
      const node = path[depth];
      const parent = path[depth - 1];
      if (node === undefined || parent === undefined || !isEmpty(node)) return;
      this.#nodeCount--;
      if (node === parent.single) parent.single = undefined;
      else parent.literals = withoutChild(parent.literals, node.level);
    }
  }

  /** The nodes from the root to the one that holds the filter's subscribers. */
  #pathOf(filter: string): FilterNode<Subscriber, Subscription>[] {
    let node: FilterNode<Subscriber, Subscription> | undefined = this.#root;
    const path = [node];
    for (const level of filter.split('/')) {
      if (level === '#') break;
      node = this.#childOf(node, level);
      if (node === undefined) return [];
      path.push(node);
    }
    return path;
  }

  #childOf(
    node: FilterNode<Subscriber, Subscription>,
    level: string,
  ): FilterNode<Subscriber, Subscription> | undefined {
    return level === '+' ? node.single : childAt(node.literals, level);
  }

  #addChild(node: FilterNode<Subscriber, Subscription>, level: string): FilterNode<Subscriber, Subscription> {
    const child = new FilterNode<Subscriber, Subscription>(level);
    this.#nodeCount++;
    if (level === '+') node.single = child;
    else node.literals = withChild(node.literals, child);
    return child;
  }
}

function endOfLevel(topicName: string, start: number): number {
  const end = topicName.indexOf('/', start);
  return end === -1 ? topicName.length : end;
}

function isEmpty<Subscriber, Subscription>(node: FilterNode<Subscriber, Subscription>): boolean {
  return (
    node.here === undefined && node.multi === undefined && node.single === undefined && node.literals === undefined
  );
}
