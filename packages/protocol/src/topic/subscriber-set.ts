/**
 * The subscribers of one Topic Filter with their subscriptions. Never empty: the first one is kept in the object itself,
 * because most filters have one subscriber and a `Map` for each of a million filters would cost more than all the rest.
 */
export class SubscriberSet<Subscriber, Subscription> {
  #subscriber: Subscriber;
  #subscription: Subscription;
  #others: Map<Subscriber, Subscription> | undefined = undefined;

  constructor(subscriber: Subscriber, subscription: Subscription) {
    this.#subscriber = subscriber;
    this.#subscription = subscription;
  }

  get size(): number {
    return 1 + (this.#others?.size ?? 0);
  }

  get(subscriber: Subscriber): Subscription | undefined {
    return subscriber === this.#subscriber ? this.#subscription : this.#others?.get(subscriber);
  }

  set(subscriber: Subscriber, subscription: Subscription): void {
    if (subscriber === this.#subscriber) {
      this.#subscription = subscription;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(subscriber, subscription);
  }

  /** Removes a subscriber beside whom there are others. */
  delete(subscriber: Subscriber): void {
    const others = this.#others;
    if (others === undefined) return;
    if (subscriber === this.#subscriber) {
      const [first] = others;
      if (first === undefined) return;
      [this.#subscriber, this.#subscription] = first;
      others.delete(this.#subscriber);
    } else others.delete(subscriber);
    if (others.size === 0) this.#others = undefined;
  }

  visit(visit: (subscriber: Subscriber, subscription: Subscription) => void): void {
    visit(this.#subscriber, this.#subscription);
    if (this.#others === undefined) return;
    for (const [subscriber, subscription] of this.#others) visit(subscriber, subscription);
  }

  *[Symbol.iterator](): IterableIterator<[Subscriber, Subscription]> {
    yield [this.#subscriber, this.#subscription];
    if (this.#others !== undefined) yield* this.#others;
  }
}
