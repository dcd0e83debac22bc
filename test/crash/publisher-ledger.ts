/** What one publisher has sent, what was acknowledged of it, and what each subscriber has got: messages are numbered from 1. */
export class PublisherLedger {
  readonly name: string;
  readonly topicName: string;
  readonly qos: 1 | 2;
  sent = 0;
  readonly acknowledged = new Set<number>();
  /** By subscriber: how often each number came. */
  readonly #received = new Map<string, Map<number, number>>();
  /** By subscriber: numbers whose first coming was after that of a higher one. */
  readonly #late = new Map<string, number[]>();
  readonly #highest = new Map<string, number>();

  constructor(name: string, qos: 1 | 2, topicName = `${name}/${qos}`) {
    this.name = name;
    this.qos = qos;
    this.topicName = topicName;
  }

  receive(subscriber: string, number: number): void {
    const received = this.#received.get(subscriber) ?? new Map<number, number>();
    this.#received.set(subscriber, received);
    const times = received.get(number) ?? 0;
    received.set(number, times + 1);
    if (times > 0) return;
    const highest = this.#highest.get(subscriber) ?? 0;
    if (number < highest) this.#late.set(subscriber, [...(this.#late.get(subscriber) ?? []), number]);
    else this.#highest.set(subscriber, number);
  }

  /** Whether a subscriber has got everything that was acknowledged. */
  isComplete(subscriber: string): boolean {
    return this.missing(subscriber).length === 0;
  }

  /** Acknowledged, and never come. */
  missing(subscriber: string): number[] {
    const received = this.#received.get(subscriber);
    return [...this.acknowledged].filter((number) => received?.has(number) !== true);
  }

  /** What is wrong, in lines. */
  faultsAt(subscriber: string): string[] {
    const faults: string[] = [];
    const what = `${this.topicName} to ${subscriber}`;
    const missing = this.missing(subscriber);
    if (missing.length > 0)
      faults.push(`${what}: ${missing.length} acknowledged messages lost, the first is ${missing[0]}`);
    const late = this.#late.get(subscriber) ?? [];
    if (late.length > 0) faults.push(`${what}: ${late.length} out of order, the first is ${late[0]}`);
    if (this.qos === 1) return faults;
    const twice = [...(this.#received.get(subscriber) ?? [])].filter(([, times]) => times > 1);
    if (twice.length > 0) faults.push(`${what}: ${twice.length} came more than once, the first is ${twice[0]?.[0]}`);
    return faults;
  }

  receivedBy(subscriber: string): number {
    return this.#received.get(subscriber)?.size ?? 0;
  }
}
