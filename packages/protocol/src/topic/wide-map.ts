/** Entries of one part at most, by default: a `Map` of this size takes about 2 ms to grow on the way there. */
const PART_SIZE = 16_384;

/** Parts are divided by one bit of the hash each level; what has the same hash in all of them stays together. */
const HASH_BITS = 32;

type Part<Value> = Map<string, Value> | Fork<Value>;

/** A part that became too large: its entries stand in two by the next bit of their hash. */
class Fork<Value> {
  zero: Part<Value>;
  one: Part<Value>;

  constructor(zero: Part<Value>, one: Part<Value>) {
    this.zero = zero;
    this.one = one;
  }
}

/**
 * A `Map` by text that never makes anybody wait while it grows. A `Map` of a million entries is laid out anew as a whole when it
 * doubles, in which time (0.15 s) no packet moves; this one is made of maps of bounded size, of which one at a time is divided.
 * Below that size it is one `Map` and costs a field more.
 *
 *     fork - zero: Map of the keys whose hash ends in 0
 *          \ one:  fork - zero: Map of those whose hash ends in 01, one: Map of those in 11
 *
 * @example
 * const sessions = new WideMap<Session>();
 * sessions.set('press-7', session);
 */
export class WideMap<Value> {
  readonly #partSize: number;
  #root: Part<Value> = new Map();
  #size = 0;

  /** @param partSize Entries of one part at most. Default: 16,384. */
  constructor(partSize = PART_SIZE) {
    this.#partSize = partSize;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const root = this.#root;
    return root instanceof Map ? root.get(key) : this.#partOf(root, key).get(key);
  }

  has(key: string): boolean {
    const root = this.#root;
    return root instanceof Map ? root.has(key) : this.#partOf(root, key).has(key);
  }

  set(key: string, value: Value): this {
    const root = this.#root;
    const part = root instanceof Map ? root : this.#partOf(root, key);
    const before = part.size;
    part.set(key, value);
    if (part.size === before) return this;
    this.#size++;
    if (part.size > this.#partSize) this.#divide(key);
    return this;
  }

  delete(key: string): boolean {
    const root = this.#root;
    const part = root instanceof Map ? root : this.#partOf(root, key);
    if (!part.delete(key)) return false;
    this.#size--;
    if (part !== root && part.size <= this.#partSize / 8) this.#join(key);
    return true;
  }

  clear(): void {
    this.#root = new Map();
    this.#size = 0;
  }

  /** The values, with the guarantees of {@link entries}. */
  *values(): IterableIterator<Value> {
    for (const part of this.#parts()) yield* part.values();
  }

  /**
   * The entries, in no order that means anything. It may rest while the map changes: what stays is seen exactly once; what is
   * added or deleted meanwhile may be seen or not; what is replaced may be seen as it was.
   */
  *entries(): IterableIterator<[key: string, value: Value]> {
    for (const part of this.#parts()) yield* part;
  }

  [Symbol.iterator](): IterableIterator<[key: string, value: Value]> {
    return this.entries();
  }

  /** In the order of the hashes' bits, so that the halves of a part that is divided stand where the part stood. */
  *#parts(): IterableIterator<Map<string, Value>> {
    const waiting: Part<Value>[] = [this.#root];
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      if (part instanceof Map) yield part;
      else waiting.push(part.one, part.zero);
    }
  }

  #partOf(root: Fork<Value>, key: string): Map<string, Value> {
    let hash = hashOf(key);
    let part: Part<Value> = root;
    while (!(part instanceof Map)) {
      part = (hash & 1) === 0 ? part.zero : part.one;
      hash >>>= 1;
    }
    return part;
  }

  /** Divides the part of a key in two. Who is iterating over it goes on with the part as it was. */
  #divide(key: string): void {
    const { parent, isOne, part, depth } = this.#placeOf(key);
    if (depth >= HASH_BITS) return;
    const zero = new Map<string, Value>();
    const one = new Map<string, Value>();
    for (const [own, value] of part) ((hashOf(own) >>> depth) & 1 ? one : zero).set(own, value);
    this.#replace(parent, isOne, new Fork<Value>(zero, one));
  }

  /** Makes the part of a key and its other half one again when both have become small. */
  #join(key: string): void {
    const { grandparent, isParentOne, parent } = this.#placeOf(key);
    if (parent === undefined || !(parent.zero instanceof Map) || !(parent.one instanceof Map)) return;
    if (parent.zero.size + parent.one.size > this.#partSize / 4) return;
    this.#replace(grandparent, isParentOne, new Map([...parent.zero, ...parent.one]));
  }

  #replace(fork: Fork<Value> | undefined, isOne: boolean, part: Part<Value>): void {
    if (fork === undefined) this.#root = part;
    else if (isOne) fork.one = part;
    else fork.zero = part;
  }

  #placeOf(key: string) {
    const hash = hashOf(key);
    let grandparent: Fork<Value> | undefined;
    let isParentOne = false;
    let parent: Fork<Value> | undefined;
    let isOne = false;
    let part = this.#root;
    let depth = 0;
    for (; !(part instanceof Map); depth++) {
      grandparent = parent;
      isParentOne = isOne;
      parent = part;
      isOne = ((hash >>> depth) & 1) === 1;
      part = isOne ? part.one : part.zero;
    }
    return { grandparent, isParentOne, parent, isOne, part, depth };
  }
}

/** FNV-1a over the UTF-16 code units, its upper half mixed into the lower. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
