import { type ApplicationMessage, TopicTree } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Store, StoredRetained } from '../store/store.ts';
import { RetainedSearch } from './retained-search.ts';

/** Knows whose a retained message is, where its publisher's rights are asked for when it is delivered. */
export interface RetainSources {
  rememberSource(message: ApplicationMessage, identity: Identity): void;
  sourceOf(message: ApplicationMessage): Identity | undefined;
}

/**
 * The last message of each topic that was published with RETAIN (section 3.3.1.3), bounded by count and bytes.
 *
 * Expired messages are dropped when somebody comes across them.
 */
export class RetainedMessages {
  readonly #tree = new TopicTree<ApplicationMessage>();
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
      this.#put(message);
      if (source !== undefined) this.#sources.rememberSource(message, source);
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
    const previous = this.#tree.get(topicName);
    const count = this.#tree.size + (previous === undefined ? 1 : 0);
    const bytes = this.#byteLength + message.byteLength - (previous?.byteLength ?? 0);
    if (count > this.#limits.maximumRetainedMessages || bytes > this.#limits.maximumRetainedBytes) return false;
    if (this.isShut && bytes > this.#byteLength) return false;
    this.#put(message.own()); // [MQTT-3.3.1-5]
    this.#store.setRetained(message, this.#sources.sourceOf(message));
    return true;
  }

  /**
   * The messages of all topics that match, found step by step. The search may rest between two steps for any length of time;
   * what has expired meanwhile is passed over.
   */
  matching(topicFilter: string): RetainedSearch {
    return new RetainedSearch(this.#tree.matching(topicFilter), (topicName) => this.#remove(topicName));
  }

  /** All of them, those of `$` topics too. */
  *[Symbol.iterator](): Generator<ApplicationMessage, void> {
    for (const [, message] of this.#tree) yield message;
  }

  #put(message: ApplicationMessage): void {
    const previous = this.#tree.set(message.topicName, message);
    this.#byteLength += message.byteLength - (previous?.byteLength ?? 0);
  }

  #remove(topicName: string): void {
    const previous = this.#tree.delete(topicName);
    if (previous === undefined) return;
    this.#byteLength -= previous.byteLength;
    this.#store.removeRetained(topicName);
  }
}
