import { type ApplicationMessage, TopicTree } from '@busbar/protocol';
import type { BrokerLimits } from '../config/limits.ts';
import type { Store, StoredRetained } from '../store/store.ts';
import type { RetainSources } from './retain-sources.ts';
import { RetainedMessage } from './retained-message.ts';
import { RetainedSearch } from './retained-search.ts';

/**
 * The last message of each topic that was published with RETAIN (section 3.3.1.3), bounded by count and bytes.
 *
 * Expired messages are dropped when somebody comes across them.
 */
export class RetainedMessages {
  readonly #tree = new TopicTree<RetainedMessage>();
  readonly #store: Store;
  readonly #limits: BrokerLimits;
  readonly #sources: RetainSources;
  #byteLength = 0;
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
    const bytes = this.#byteLength + byteLength;
    if (!this.isShut && this.#tree.size < maximumRetainedMessages && bytes <= maximumRetainedBytes) return true;
    const previous = this.#tree.get(topicName);
    if (previous === undefined && this.#tree.size >= maximumRetainedMessages) return false;
    const rest = bytes - (previous?.byteLength ?? 0);
    return rest <= (this.isShut ? Math.min(this.#byteLength, maximumRetainedBytes) : maximumRetainedBytes);
  }

  #put(topicName: string, retained: RetainedMessage): void {
    const previous = this.#tree.set(topicName, retained);
    this.#byteLength += retained.byteLength - (previous?.byteLength ?? 0);
  }

  #remove(topicName: string): void {
    const previous = this.#tree.delete(topicName);
    if (previous === undefined) return;
    this.#byteLength -= previous.byteLength;
    this.#store.removeRetained(topicName);
  }
}
