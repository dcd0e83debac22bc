/**
 * Topic Aliases as their receiver keeps them (section 3.3.2.3.4): from the alias to what it stands for, for the length of
 * one connection. `Topic` is whatever the owner has made of the Topic Name.
 */
export class InboundTopicAliases<Topic> {
  readonly #topics: (Topic | undefined)[] = [];
  /** The largest alias that this side allowed, 0 to 65,535. */
  readonly maximum: number;

  constructor(maximum: number) {
    this.maximum = maximum;
  }

  /** @returns Whether the alias may be used at all; if not, Reason Code 0x94 [MQTT-3.3.2-8]. */
  isAllowed(alias: number): boolean {
    return alias >= 1 && alias <= this.maximum;
  }

  set(alias: number, topic: Topic): void {
    this.#topics[alias] = topic;
  }

  get(alias: number): Topic | undefined {
    return this.#topics[alias];
  }
}

/** The alias for a topic, and whether the receiver knows it already and needs no Topic Name. */
export interface OutboundTopicAlias {
  readonly alias: number;
  readonly isKnown: boolean;
}

/**
 * Topic Aliases as their sender gives them out: the topics used last have one. When all are given out, the topic that was
 * not used for the longest time loses its own to the new one.
 */
export class OutboundTopicAliases {
  /** In the order of use, the oldest first. */
  readonly #aliases = new Map<string, number>();
  /** Topics whose alias the receiver has not been told. */
  readonly #untold = new Set<string>();
  readonly #maximum: number;
  /** The topic used last, when its alias is told: most often it is used again. */
  #last = '';
  #lastAlias: OutboundTopicAlias | undefined;

  /** @param maximum The receiver's Topic Alias Maximum, 0 to 65,535, or less of it [MQTT-3.1.2-26] [MQTT-3.2.2-17]. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** @returns Undefined when the receiver allows no aliases. */
  use(topicName: string): OutboundTopicAlias | undefined {
    if (this.#maximum === 0) return undefined;
    if (this.#lastAlias !== undefined && topicName === this.#last) return this.#lastAlias;
    const known = this.#aliases.get(topicName);
    const alias = known ?? this.#next();
    this.#aliases.delete(topicName);
    this.#aliases.set(topicName, alias);
    const isUntold = this.#untold.size > 0 && this.#untold.delete(topicName);
    const isKnown = known !== undefined && !isUntold;
    const answer = { alias, isKnown };
    this.#last = topicName;
    this.#lastAlias = isKnown ? answer : undefined;
    return answer;
  }

  /** The packet that was to carry the Topic Name with its new alias has not been sent after all. */
  retract(topicName: string): void {
    if (this.#aliases.has(topicName)) this.#untold.add(topicName);
  }

  #next(): number {
    if (this.#aliases.size < this.#maximum) return this.#aliases.size + 1;
    const [oldest] = this.#aliases;
    if (oldest === undefined) return 1;
    this.#aliases.delete(oldest[0]);
    this.#untold.delete(oldest[0]);
    return oldest[1];
  }
}
