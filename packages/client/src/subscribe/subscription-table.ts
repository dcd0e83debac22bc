import type { PublishPacket, SubscribeProperties, SubscriptionRequest } from '@busbar/codec';
import { matchesTopicFilter, parseSharedSubscription } from '@busbar/protocol';
import type { ActiveSubscription } from './subscription.ts';

/** All that this client has subscribed to with one Topic Filter: to the server it is one subscription. */
export class FilterEntry {
  readonly topicFilter: string;
  /** The filter that Topic Names are matched with: of a Shared Subscription the inner one. */
  readonly matchedFilter: string;
  /** The Subscription Identifier, where the server has them. */
  readonly identifier: number;
  readonly subscriptions: ActiveSubscription[] = [];
  request: SubscriptionRequest;
  properties: SubscribeProperties;
  /** Whether a SUBSCRIBE for all that is asked for has been granted in this session. */
  isGranted = false;
  /** The Packet Identifier of the latest SUBSCRIBE. */
  awaitedPacketId = 0;

  constructor(identifier: number, request: SubscriptionRequest, properties: SubscribeProperties) {
    this.identifier = identifier;
    this.topicFilter = request.topicFilter;
    this.matchedFilter = parseSharedSubscription(request.topicFilter)?.topicFilter ?? request.topicFilter;
    this.request = request;
    this.properties = properties;
  }
}

/** Topic Names whose entries are remembered; when there are more, all are found anew. */
const KNOWN_TOPICS = 1_000;

/**
 * What is subscribed to, and whom a message is for: by its Subscription Identifiers, which say it exactly, otherwise by its
 * Topic Name. Identifiers count only in a session that this client began: in one of an earlier process they may belong to
 * other filters.
 */
export class SubscriptionTable {
  /** Whether the Subscription Identifiers of this session are this table's. */
  hasOwnIdentifiers = false;
  readonly #byFilter = new Map<string, FilterEntry>();
  /** Those that every Topic Name is matched with; the others are found by it, however many there are. */
  readonly #patterns = new Set<FilterEntry>();
  readonly #byIdentifier = new Map<number, FilterEntry>();
  readonly #byTopic = new Map<string, readonly FilterEntry[]>();
  #lastIdentifier = 0;

  get entries(): Iterable<FilterEntry> {
    return this.#byFilter.values();
  }

  get(topicFilter: string): FilterEntry | undefined {
    return this.#byFilter.get(topicFilter);
  }

  /** The entry of a request; where there is one already, the higher QoS and otherwise the newer request hold for all. */
  ensure(request: SubscriptionRequest, properties: SubscribeProperties): FilterEntry {
    const known = this.#byFilter.get(request.topicFilter);
    if (known !== undefined) {
      known.request = { ...request, qos: request.qos > known.request.qos ? request.qos : known.request.qos };
      known.properties = properties;
      known.isGranted = false;
      return known;
    }
    const entry = new FilterEntry(++this.#lastIdentifier, request, properties);
    this.#byFilter.set(entry.topicFilter, entry);
    if (/[+#]|^\$share/.test(entry.topicFilter)) this.#patterns.add(entry);
    this.#byIdentifier.set(entry.identifier, entry);
    this.#byTopic.clear();
    return entry;
  }

  delete(entry: FilterEntry): void {
    this.#byFilter.delete(entry.topicFilter);
    this.#patterns.delete(entry);
    this.#byIdentifier.delete(entry.identifier);
    this.#byTopic.clear();
  }

  entriesFor({ topicName, properties }: PublishPacket): readonly FilterEntry[] {
    const identifiers = properties.subscriptionIdentifiers;
    if (identifiers === undefined || !this.hasOwnIdentifiers) return this.#matching(topicName);
    const [first] = identifiers;
    if (identifiers.length > 1 || first === undefined) return this.#identified(identifiers);
    const entry = this.#byIdentifier.get(first);
    return entry === undefined ? [] : [entry];
  }

  #identified(identifiers: readonly number[]): FilterEntry[] {
    return [...new Set(identifiers)].flatMap((identifier) => this.#byIdentifier.get(identifier) ?? []);
  }

  #matching(topicName: string): readonly FilterEntry[] {
    const known = this.#byTopic.get(topicName);
    if (known !== undefined) return known;
    const found = [this.#byFilter.get(topicName), ...this.#patterns].filter(
      (entry) => entry && matchesTopicFilter(entry.matchedFilter, topicName),
    ) as FilterEntry[]; // an entry that the Topic Name finds is no pattern
    if (this.#byTopic.size >= KNOWN_TOPICS) this.#byTopic.clear();
    this.#byTopic.set(topicName, found);
    return found;
  }
}
