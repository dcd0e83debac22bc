import { Count } from './board.ts';
import { openPublishers, openSubscribers, subscribeAll } from './clients.ts';
import { nowUs } from './clock.ts';
import { until } from './connect-task.ts';
import { type BenchPlan, baseTopicOf, sizeOfShare } from './plan.ts';
import { Publisher, type PublisherOwner, TOPIC_DIGITS } from './publisher.ts';
import type { Subscriber, SubscriberOwner } from './subscriber.ts';
import { NOTHING, type Task, type TaskContext, type TaskReport } from './task.ts';
import { Train } from './train.ts';

const CHECK_MS = 20;
/** How soon to look again whether the socket has taken what it was given: without acknowledgements nobody tells. */
const SOCKET_CHECK_MS = 2;

/**
 * One thread's part of `retained`: its publishers publish retained messages, each on a topic of its own; when all threads have
 * done so, its subscribers subscribe to them all and wait until everything has come. At the end the messages are cleared.
 */
export class RetainedTask implements Task, PublisherOwner, SubscriberOwner {
  readonly #context: TaskContext;
  #publishers: Publisher[] = [];
  #subscribers: Subscriber[] = [];
  #publishedUs = 0;
  #startUs = 0;
  #chunkUs = 0;
  #lastArrivalUs = 0;
  #refused = 0;
  #foreign = 0;
  #isStopped = false;
  #publishing: Promise<void> = Promise.resolve();
  #handleProgress: () => void = () => {};

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async prepare(): Promise<void> {
    const { plan } = this.#context;
    this.#subscribers = await openSubscribers(this.#context, this);
    this.#publishers = await openPublishers(this.#context, (index) => trainFor(plan, index), this);
    const beganUs = nowUs();
    this.#publishing = this.#publishAll(
      this.#publishers,
      ({ index }) => messagesOf(plan, index),
      () => this.#isStopped,
    );
    await this.#publishing;
    this.#publishedUs = nowUs() - beganUs;
  }

  /** Publishes each publisher's messages and waits until the broker has them. */
  async #publishAll(
    publishers: readonly Publisher[],
    countOf: (publisher: Publisher) => number,
    isStopped: () => boolean,
  ): Promise<void> {
    const { board } = this.#context;
    let waiting = [...publishers];
    while (waiting.length > 0) {
      if (isStopped()) return;
      if (waiting.some(({ link }) => link.isEnded)) return; // why is told already
      const progress = new Promise<void>((resolve) => {
        this.#handleProgress = resolve;
      });
      let hasPublished = false;
      for (const publisher of waiting) {
        const count = Math.min(publisher.room, countOf(publisher) - publisher.sequence);
        if (count <= 0) continue;
        publisher.publishOwnTopics(count);
        board.add(Count.sent, count);
        hasPublished = true;
      }
      waiting = waiting.filter((each) => each.sequence < countOf(each) || !each.isSettled);
      // Between two rounds acknowledgements come in; without any, what the socket has not taken holds the next one up.
      await (hasPublished ? new Promise(setImmediate) : Promise.race([progress, wait(SOCKET_CHECK_MS)]));
    }
    await Promise.all(publishers.map(({ link }) => link.ping()));
  }

  async run(startUs: number): Promise<void> {
    const { plan, board } = this.#context;
    await until(startUs);
    this.#startUs = nowUs();
    this.#lastArrivalUs = this.#startUs;
    await subscribeAll(this.#context, this.#subscribers);
    const expected = plan.messages * this.#subscribers.length;
    while (board.get(Count.distinct) < expected && !this.#isStopped) {
      await wait(CHECK_MS);
      if (nowUs() - this.#lastArrivalUs > plan.patienceMs * 1_000) return;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  sent(): ReadonlyMap<number, number> {
    return new Map(this.#publishers.map(({ index, sequence }) => [index, sequence]));
  }

  report(sent: readonly number[]): TaskReport {
    let lost = 0;
    let duplicates = 0;
    for (const { proofs } of this.#subscribers) {
      proofs.forEach((proof, publisher) => {
        lost += proof.lostOf(sent[publisher] ?? 0);
        duplicates += proof.duplicates;
      });
    }
    const spentUs = this.#lastArrivalUs - this.#startUs;
    const { refused, foreign } = { refused: this.#refused, foreign: this.#foreign };
    return { ...NOTHING, lost, duplicates, refused, foreign, spentUs, publishedUs: this.#publishedUs };
  }

  /** Clears the messages, so that the broker is as it was. */
  async end(): Promise<void> {
    const { plan } = this.#context;
    for (const { link } of this.#subscribers) link.end();
    this.#isStopped = true;
    await this.#publishing.catch(() => {}); // why is told already
    const clearing = { ...plan, size: 0, qos: 0 } as const;
    const open = this.#publishers.filter(({ link }) => !link.isEnded);
    const cleaners = open.map(
      ({ index, link }) => new Publisher(clearing, index, link, trainFor(clearing, index), this),
    );
    const published = this.sent();
    const countOf = ({ index }: Publisher) => published.get(index) ?? 0;
    await this.#publishAll(cleaners, countOf, () => false).catch(() => {}); // the broker has gone, and the messages with it
    for (const { link } of this.#publishers) link.end();
  }

  handleDelivery(_publisher: number, _advance: number, isNew: boolean): void {
    const { board } = this.#context;
    if (this.#chunkUs === 0) this.#chunkUs = nowUs();
    board.add(Count.received, 1);
    board.add(Count.receivedMeasured, 1);
    if (isNew) board.add(Count.distinct, 1);
    board.latency.record(this.#chunkUs - this.#startUs);
  }

  handleDeliveriesEnd(): void {
    this.#lastArrivalUs = this.#chunkUs || this.#lastArrivalUs;
    this.#chunkUs = 0;
  }

  handleProgress(): void {
    this.#handleProgress();
  }

  handleRefused(): void {
    this.#refused++;
  }

  handleStray(): void {
    this.#foreign++;
  }

  handleForeign(): void {
    this.#foreign++;
  }
}

/** How many of the messages a publisher has. */
function messagesOf({ messages, publishers }: BenchPlan, publisher: number): number {
  return sizeOfShare(messages, publisher, publishers);
}

function trainFor(plan: BenchPlan, publisher: number): Train {
  return new Train(plan, `${baseTopicOf(plan)}/line${publisher}/${'0'.repeat(TOPIC_DIGITS)}`, true);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
