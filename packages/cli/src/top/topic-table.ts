/** What is known of a topic. */
export interface TopicEntry {
  readonly topicName: string;
  count: number;
  byteLength: number;
  /** Messages a second, smoothed. */
  rate: number;
  lastAt: number;
  qos: number;
  retain: boolean;
  /** The beginning of the last payload. */
  preview: Uint8Array;
  payloadLength: number;
  /** Messages since the last second was over. */
  fresh: number;
}

/** What the table may be ordered by. */
export const ORDERS = ['rate', 'messages', 'bytes', 'age', 'topic'] as const;
export type Order = (typeof ORDERS)[number];

const PREVIEW_LENGTH = 160;
/** How fast a rate follows: half of what changed, each second. */
const SMOOTHING = 0.5;
/** Below this a topic counts as quiet. */
const QUIET = 0.01;

/**
 * The topics that have been seen, and how busy they are. A message costs one look-up, a second only the topics that were
 * busy lately, and a picture one pass over all: a hundred thousand topics are no trouble.
 */
export class TopicTable {
  readonly #topics = new Map<string, TopicEntry>();
  /** Topics whose rate is not 0. */
  readonly #warm = new Set<TopicEntry>();
  messages = 0;
  bytes = 0;

  get size(): number {
    return this.#topics.size;
  }

  find(topicName: string): TopicEntry | undefined {
    return this.#topics.get(topicName);
  }

  /** Takes a message. */
  add(topicName: string, payload: Uint8Array, qos: number, retain: boolean, now: number): TopicEntry {
    let entry = this.#topics.get(topicName);
    if (entry === undefined) {
      entry = {
        topicName,
        count: 0,
        byteLength: 0,
        rate: 0,
        lastAt: now,
        qos,
        retain,
        preview: payload,
        payloadLength: 0,
        fresh: 0,
      };
      this.#topics.set(topicName, entry);
    }
    entry.count += 1;
    entry.fresh += 1;
    entry.byteLength += payload.length;
    entry.lastAt = now;
    entry.qos = qos;
    entry.retain = retain;
    entry.preview = payload.slice(0, PREVIEW_LENGTH);
    entry.payloadLength = payload.length;
    this.#warm.add(entry);
    this.messages += 1;
    this.bytes += payload.length;
    return entry;
  }

  /** A second is over. */
  tick(): void {
    for (const entry of this.#warm) {
      entry.rate += SMOOTHING * (entry.fresh - entry.rate);
      entry.fresh = 0;
      if (entry.rate >= QUIET) continue;
      entry.rate = 0;
      this.#warm.delete(entry);
    }
  }

  /** The first so many in an order, of those whose topic contains a text. */
  first(count: number, order: Order, filter: string): TopicEntry[] {
    const compare = COMPARISONS[order];
    const best: TopicEntry[] = [];
    if (count <= 0) return best;
    for (const entry of this.#topics.values()) {
      if (filter !== '' && !entry.topicName.includes(filter)) continue;
      const last = best.at(-1);
      if (best.length === count && last !== undefined && compare(entry, last) >= 0) continue;
      insert(best, entry, compare);
      if (best.length > count) best.pop();
    }
    return best;
  }

  clear(): void {
    this.#topics.clear();
    this.#warm.clear();
    this.messages = 0;
    this.bytes = 0;
  }
}

type Comparison = (one: TopicEntry, other: TopicEntry) => number;

const byTopic: Comparison = (one, other) =>
  one.topicName < other.topicName ? -1 : Number(one.topicName > other.topicName);
const COMPARISONS: Readonly<Record<Order, Comparison>> = {
  rate: (one, other) => other.rate - one.rate || other.count - one.count || byTopic(one, other),
  messages: (one, other) => other.count - one.count || byTopic(one, other),
  bytes: (one, other) => other.byteLength - one.byteLength || byTopic(one, other),
  age: (one, other) => other.lastAt - one.lastAt || byTopic(one, other),
  topic: byTopic,
};

function insert(sorted: TopicEntry[], entry: TopicEntry, compare: Comparison): void {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = sorted[middle];
    if (at !== undefined && compare(entry, at) < 0) high = middle;
    else low = middle + 1;
  }
  sorted.splice(low, 0, entry);
}
