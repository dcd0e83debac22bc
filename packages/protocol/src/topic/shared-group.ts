/** One member of a {@link SharedGroup}: who subscribed, and with what. */
export interface SharedMember<Member, Subscription> {
  readonly member: Member;
  readonly subscription: Subscription;
}

/**
 * How a {@link SharedGroup} chooses among the members that can take a message.
 *
 * - `roundRobin`: each in turn.
 * - `random`: each with the same probability; `random` gives numbers from 0 up to, not including, 1.
 * - `sticky`: the same one until it cannot.
 * - `leastInFlight`: the one with the smallest `measure` (for instance its unacknowledged messages); equals in turn. At most
 *   {@link LEAST_IN_FLIGHT_SAMPLE} candidates are measured for a message.
 * - `hash`: the same one for the same key (for instance the Topic Name or the publisher's Client Identifier), as long as the
 *   group does not change; when a member leaves or joins, only its share of the keys and, on leaving, that of the latest
 *   member move.
 */
export type SharedStrategy<Member> =
  | { readonly name: 'roundRobin' | 'sticky' | 'hash' }
  | { readonly name: 'random'; readonly random: () => number }
  | { readonly name: 'leastInFlight'; readonly measure: (member: Member) => number };

/** Most candidates that `leastInFlight` measures for one message; smaller groups are measured entirely. */
export const LEAST_IN_FLIGHT_SAMPLE = 16;

/** Whether a member qualifies for the message at hand. */
export type MemberTest<Member, Subscription> = (member: Member, subscription: Subscription) => boolean;

interface Place<Member, Subscription> {
  readonly member: Member;
  subscription: Subscription;
  index: number;
}

/**
 * The sessions that share one subscription, and the choice of the one that gets the next message (section 4.8.2).
 *
 * It owns the members and the order of turns. What a member can take is the caller's knowledge, asked for at each choice;
 * delivering, and keeping the message with the chosen member until it reconnects [MQTT-4.8.2-4], are the caller's as well.
 * A choice costs one test per member passed over, a join or leave is O(1).
 *
 * The members before `#cursor` have had their turn in this round:
 *
 *     had their turn | still to come
 *     0 .. cursor-1  | cursor .. size-1
 */
export class SharedGroup<Member, Subscription extends NonNullable<unknown>> {
  readonly #strategy: SharedStrategy<Member>;
  readonly #takesTurns: boolean;
  readonly #places: Place<Member, Subscription>[] = [];
  readonly #byMember = new Map<Member, Place<Member, Subscription>>();
  #cursor = 0;
  #latest: Place<Member, Subscription> | undefined;

  /** @param strategy Default: `roundRobin`. */
  constructor(strategy: SharedStrategy<Member> = { name: 'roundRobin' }) {
    this.#strategy = strategy;
    this.#takesTurns = strategy.name === 'roundRobin' || strategy.name === 'leastInFlight';
  }

  /** Number of members. */
  get size(): number {
    return this.#places.length;
  }

  /** The subscription of a member, `undefined` when it is none. */
  get(member: Member): Subscription | undefined {
    return this.#byMember.get(member)?.subscription;
  }

  /** Lets a member join, or replaces its subscription and leaves its turn as it is. Returns the previous subscription. */
  set(member: Member, subscription: Subscription): Subscription | undefined {
    const place = this.#byMember.get(member);
    if (place !== undefined) {
      const previous = place.subscription;
      place.subscription = subscription;
      return previous;
    }
    const joining = { member, subscription, index: this.#places.length };
    this.#places.push(joining);
    this.#byMember.set(member, joining);
    return undefined;
  }

  /** Lets a member leave; nobody else's turn is lost or doubled. Returns its subscription. */
  delete(member: Member): Subscription | undefined {
    const place = this.#byMember.get(member);
    if (place === undefined) return undefined;
    this.#byMember.delete(member);
    if (this.#latest === place) this.#latest = undefined;

    let hole = place.index;
    if (hole < this.#cursor) {
      this.#cursor--;
      this.#move(this.#cursor, hole);
      hole = this.#cursor;
    }
    this.#move(this.#places.length - 1, hole);
    this.#places.pop();
    if (this.#cursor === this.#places.length) this.#cursor = 0;
    return place.subscription;
  }

  /**
   * Chooses the member for one message: among those that can take it now or, when there is none, among those that can
   * queue it (offline, with a session that persists). `undefined` when nobody can; the message is then for the loss ledger.
   *
   * @param canTakeNow Usually: online with room in its window.
   * @param canQueue Usually: the session survives the connection and its queue has room.
   * @param key What the `hash` strategy hashes; others ignore it.
   */
  choose(
    canTakeNow: MemberTest<Member, Subscription>,
    canQueue: MemberTest<Member, Subscription>,
    key = '',
  ): SharedMember<Member, Subscription> | undefined {
    const chosen = this.#find(canTakeNow, key) ?? this.#find(canQueue, key);
    if (chosen === undefined) return undefined;
    this.#latest = chosen;
    if (this.#takesTurns) this.#cursor = (chosen.index + 1) % this.#places.length;
    return chosen;
  }

  /** The members in no particular order. */
  *[Symbol.iterator](): IterableIterator<SharedMember<Member, Subscription>> {
    yield* this.#places;
  }

  #find(test: MemberTest<Member, Subscription>, key: string): Place<Member, Subscription> | undefined {
    switch (this.#strategy.name) {
      case 'roundRobin':
        return this.#findFrom(this.#cursor, test);
      case 'sticky':
        return this.#findFrom(this.#latest?.index ?? 0, test);
      case 'hash':
        return this.#findFrom(bucketOf(key, this.#places.length), test);
      case 'random':
        return this.#findRandom(this.#strategy.random, test);
      case 'leastInFlight':
        return this.#findLeast(this.#strategy.measure, test);
    }
  }

  #findFrom(start: number, test: MemberTest<Member, Subscription>): Place<Member, Subscription> | undefined {
    const places = this.#places;
    for (let i = 0; i < places.length; i++) {
      const place = places[(start + i) % places.length];
      if (place !== undefined && test(place.member, place.subscription)) return place;
    }
    return undefined;
  }

  /** Draws without putting back, so that who cannot take it does not double the chance of a neighbour. */
  #findRandom(random: () => number, test: MemberTest<Member, Subscription>): Place<Member, Subscription> | undefined {
    const places = this.#places;
    for (let drawn = 0; drawn < places.length; drawn++) {
      this.#swap(drawn, drawn + Math.floor(random() * (places.length - drawn)));
      const place = places[drawn];
      if (place !== undefined && test(place.member, place.subscription)) return place;
    }
    return undefined;
  }

  #findLeast(
    measure: (member: Member) => number,
    test: MemberTest<Member, Subscription>,
  ): Place<Member, Subscription> | undefined {
    const places = this.#places;
    let least: Place<Member, Subscription> | undefined;
    let leastMeasure = Number.POSITIVE_INFINITY;
    let candidates = 0;
    for (let i = 0; i < places.length && candidates < LEAST_IN_FLIGHT_SAMPLE; i++) {
      const place = places[(this.#cursor + i) % places.length];
      if (place === undefined || !test(place.member, place.subscription)) continue;
      candidates++;
      const measured = measure(place.member);
      if (least !== undefined && measured >= leastMeasure) continue;
      least = place;
      leastMeasure = measured;
    }
    return least;
  }

  #swap(a: number, b: number): void {
    const place = this.#places[a];
    this.#move(b, a);
    if (place !== undefined) this.#put(place, b);
  }

  #move(from: number, to: number): void {
    const place = this.#places[from];
    if (place !== undefined) this.#put(place, to);
  }

  #put(place: Place<Member, Subscription>, index: number): void {
    this.#places[index] = place;
    place.index = index;
  }
}

/**
 * Spreads keys evenly over `buckets`, and moves to a new bucket only the keys it takes over (jump consistent hashing,
 * Lamping and Veach 2014, here with a 32-bit generator).
 */
function bucketOf(key: string, buckets: number): number {
  let state = fnv1a(key);
  let bucket = 0;
  for (let next = 0; next < buckets; ) {
    bucket = next;
    state = mix(state);
    next = Math.floor((bucket + 1) * (2 ** 32 / (state + 1)));
  }
  return bucket;
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** One step of a generator whose every bit depends on every bit before (the finalizer of MurmurHash3 on a Weyl sequence). */
function mix(state: number): number {
  let bits = (state + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
