import { type ApplicationMessage, TopicTree } from '@busbar/protocol';
import { isReservedTopic } from '../authorization/reserved-topic.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Store, StoredRetained } from '../store/store.ts';
import type { RetainSources } from './retain-sources.ts';
import { RetainedMessage } from './retained-message.ts';
import { RetainedSearch } from './retained-search.ts';

/**
 * The last message of each topic that was published with RETAIN (section 3.3.1.3), bounded by count and bytes. What the broker says
 * of itself below `$SYS` takes nobody's room.
 *
 * Expired messages are dropped when somebody comes across them.
 */
export class RetainedMessages {
  readonly #tree = new TopicTree<RetainedMessage>();
  readonly #store: Store;
  readonly #limits: BrokerLimits;
  readonly #sources: RetainSources;
  #byteLength = 0;
  /** How many of them are the broker's own, and their bytes. */
  #ownSize = 0;
  #ownByteLength = 0;
  /** Memory is used up: nothing more is retained, and what is retained may become smaller. */
  isShut = false;

  constructor(store: Store, limits: BrokerLimits, sources: RetainSources) {
    this.#store = store;
    this.#limits = limits;
    this.#sources = sources;
  }

  get size(): number {
    return this.#tree.size;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** What of them `maximumRetainedBytes` bounds. */
  get boundedByteLength(): number {
    return this.#byteLength - this.#ownByteLength;
  }

  /** Takes up what the store kept. */
  restore(stored: Iterable<StoredRetained>): void {
    for (const { message, source } of stored) {
      this.#put(message.topicName, new RetainedMessage(message, source));
    }
  }

  /**
   * Keeps a message as the last of its topic, or forgets the topic when the payload is empty.
   *
   * @returns False when a bound is reached: the message before, if any, is still the retained one.
   */
  retain(message: ApplicationMessage): boolean {
    const { topicName } = message;
    if (message.payloadLength === 0) {
      this.#remove(topicName); // [MQTT-3.3.1-6] [MQTT-3.3.1-7]
      return true;
    }
    if (!this.#hasRoomFor(message)) return false;
    const retained = new RetainedMessage(message, this.#sources.sourceOf(message));
    this.#put(topicName, retained); // [MQTT-3.3.1-5]
    this.#store.setRetained(topicName, retained);
    return true;
  }

  /**
   * The messages of all topics that match, found step by step. The search may rest between two steps for any length of time;
   * what has expired meanwhile is passed over.
   */
  matching(topicFilter: string): RetainedSearch {
    return new RetainedSearch(this.#tree.matching(topicFilter), this.#sources, (topicName) => this.#remove(topicName));
  }

  /** All of them, those of `$` topics too. */
  *[Symbol.iterator](): Generator<ApplicationMessage, void> {
    for (const [, retained] of this.#tree) yield retained.message;
  }

  /** The message before it is looked for only where it makes the difference. */
  #hasRoomFor({ topicName, byteLength }: ApplicationMessage): boolean {
    const { maximumRetainedMessages, maximumRetainedBytes } = this.#limits;
    if (isReservedTopic(topicName)) return true;
    const size = this.#tree.size - this.#ownSize;
    const before = this.boundedByteLength;
    const bytes = before + byteLength;
    if (!this.isShut && size < maximumRetainedMessages && bytes <= maximumRetainedBytes) return true;
    const previous = this.#tree.get(topicName);
    if (previous === undefined && size >= maximumRetainedMessages) return false;
    const rest = bytes - (previous?.byteLength ?? 0);
    return rest <= (this.isShut ? Math.min(before, maximumRetainedBytes) : maximumRetainedBytes);
  }

  #put(topicName: string, retained: RetainedMessage): void {
    const previous = this.#tree.set(topicName, retained);
    this.#count(topicName, previous === undefined ? 1 : 0, retained.byteLength - (previous?.byteLength ?? 0));
  }

  #remove(topicName: string): void {
    const previous = this.#tree.delete(topicName);
    if (previous === undefined) return;
    this.#count(topicName, -1, -previous.byteLength);
    this.#store.removeRetained(topicName);
  }

  #count(topicName: string, messages: number, byteLength: number): void {
    this.#byteLength += byteLength;
    if (!isReservedTopic(topicName)) return;
    this.#ownSize += messages;
    this.#ownByteLength += byteLength;
  }
}
