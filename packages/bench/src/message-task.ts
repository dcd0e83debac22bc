import { Count } from './board.ts';
import { openPublishers, openSubscribers, subscribeAll } from './clients.ts';
import { nowUs } from './clock.ts';
import { copiesOf, topicNameOf } from './plan.ts';
import type { Publisher, PublisherOwner } from './publisher.ts';
import { RateSchedule } from './rate-schedule.ts';
import type { Subscriber, SubscriberOwner } from './subscriber.ts';
import { NOTHING, type Task, type TaskContext, type TaskReport } from './task.ts';
import { Train } from './train.ts';

/** What is due sooner is waited for without sleeping: a timer is late by up to a millisecond. */
const SHORTEST_SLEEP_US = 2_000;
/** How long nothing has come when the messages under way are given up, so that the window opens again. */
const STALL_US = 1_000_000;
const CHECK_MS = 250;

/**
 * One thread's part of `fan-in`, `fan-out`, `pairs` and `shared`: publishers that keep their windows full, or publish at the
 * moments of a schedule, and subscribers that account for everything.
 *
 * After each round of the event loop that has brought something, {@link #pump} sends what may be sent; the time that it read
 * the clock at is the time of all messages of that round.
 */
export class MessageTask implements Task, PublisherOwner, SubscriberOwner {
  readonly #context: TaskContext;
  readonly #copies: number;
  readonly #fromUs: number;
  readonly #toUs: number;
  #publishers: Publisher[] = [];
  #subscribers: Subscriber[] = [];
  #schedule: RateSchedule | undefined;
  /** By the rate: places of publishers that owe messages. */
  readonly #owing: number[] = [];
  #startUs = 0;
  #isRunning = false;
  #isStopping = false;
  #isPumpDue = false;
  #isAsleep = false;
  #turn = 0;
  /** When the chunk that is being read came, 0 between chunks. */
  #chunkUs = 0;
  #lastArrivalUs = 0;
  #refused = 0;
  #foreign = 0;
  #finish: () => void = () => {};
  #timers: NodeJS.Timeout[] = [];

  constructor(context: TaskContext) {
    const { plan } = context;
    this.#context = context;
    this.#copies = copiesOf(plan);
    this.#fromUs = plan.warmUpMs * 1_000;
    this.#toUs = this.#fromUs + plan.durationMs * 1_000;
  }

  async prepare(): Promise<void> {
    const { plan } = this.#context;
    this.#subscribers = await openSubscribers(this.#context, this);
    await subscribeAll(this.#context, this.#subscribers);
    this.#publishers = await openPublishers(this.#context, (index) => new Train(plan, topicNameOf(plan, index)), this);
  }

  run(startUs: number): Promise<void> {
    const { plan, thread } = this.#context;
    this.#startUs = startUs;
    if (plan.rate > 0) {
      const own = this.#publishers.map(({ index }) => index);
      this.#schedule = new RateSchedule(plan.rate, plan.publishers, own, this.#toUs);
    }
    const startsInMs = (startUs - nowUs()) / 1_000;
    this.#timers.push(setTimeout(() => this.#start(), startsInMs));
    this.#timers.push(setTimeout(() => this.#stopAt(this.#toUs), startsInMs + this.#toUs / 1_000));
    this.#timers.push(setInterval(() => this.#check(), CHECK_MS));
    // What comes to the subscribers of other threads opens windows here, and nobody tells.
    if (plan.threads > 1 && plan.rate === 0) this.#timers.push(setInterval(() => this.#pumpSoon(), 1 + (thread & 1)));
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  #start(): void {
    this.#isRunning = true;
    this.#lastArrivalUs = nowUs();
    this.#pumpSoon();
  }

  stop(): void {
    this.#stopAt(nowUs() - this.#startUs);
  }

  /** No message becomes due from this moment on; those that are owed still leave, if the broker lets them. */
  #stopAt(timeUs: number): void {
    if (this.#schedule === undefined || !this.#isRunning) return this.#end();
    this.#makeDue(this.#schedule, timeUs);
    this.#isStopping = true;
    this.#pumpDue(this.#schedule, timeUs);
  }

  #end(): void {
    this.#isRunning = false;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#finish();
  }

  sent(): ReadonlyMap<number, number> {
    return new Map(this.#publishers.map(({ index, sequence }) => [index, sequence]));
  }

  report(sent: readonly number[]): TaskReport {
    const { plan, board } = this.#context;
    const isGroup = plan.workload === 'shared';
    // The members of a group have their proofs in common.
    const accounts = isGroup ? this.#subscribers.slice(0, 1) : this.#subscribers;
    let lost = 0;
    let duplicates = 0;
    let reordered = 0;
    for (const { proofs, firstPublisher } of accounts) {
      proofs.forEach((proof, at) => {
        lost += proof.lostOf(sent[firstPublisher + at] ?? 0);
        duplicates += proof.duplicates;
        if (!isGroup) reordered += proof.reordered;
      });
    }
    for (const subscriber of this.#subscribers) reordered += subscriber.reordered;
    const { refused, foreign } = { refused: this.#refused, foreign: this.#foreign };
    return { ...NOTHING, lost, duplicates, reordered, refused, foreign, unsent: board.get(Count.owed) };
  }

  async end(): Promise<void> {
    this.#end();
    for (const { link } of [...this.#publishers, ...this.#subscribers]) link.end();
  }

  handleDelivery(publisher: number, advance: number, isNew: boolean, timeUs: number): void {
    const { board, deliveries, thread } = this.#context;
    if (this.#chunkUs === 0) this.#chunkUs = nowUs();
    const relativeUs = this.#chunkUs - this.#startUs;
    const { counts } = board;
    counts[Count.received] = (counts[Count.received] as number) + 1;
    if (isNew) counts[Count.distinct] = (counts[Count.distinct] as number) + 1;
    if (advance > 0) deliveries.add(thread, publisher, advance);
    if (timeUs >= this.#fromUs && timeUs < this.#toUs) board.latency.record(relativeUs - timeUs);
    if (relativeUs >= this.#fromUs && relativeUs < this.#toUs) board.add(Count.receivedMeasured, 1);
  }

  handleDeliveriesEnd(): void {
    this.#lastArrivalUs = this.#chunkUs || this.#lastArrivalUs;
    this.#chunkUs = 0;
    this.#pumpSoon();
  }

  handleProgress(): void {
    this.#pumpSoon();
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

  #pumpSoon(): void {
    if (this.#isPumpDue || !this.#isRunning) return;
    this.#isPumpDue = true;
    setImmediate(this.#pump);
  }

  readonly #pump = (): void => {
    this.#isPumpDue = false;
    if (!this.#isRunning) return;
    const timeUs = nowUs() - this.#startUs;
    if (this.#schedule !== undefined) this.#pumpDue(this.#schedule, timeUs);
    else if (timeUs < this.#toUs) this.#pumpWindows(timeUs);
  };

  /** Every publisher in turn fills its window, by one write at the most. */
  #pumpWindows(timeUs: number): void {
    const publishers = this.#publishers;
    const { length } = publishers;
    let isMoreDue = false;
    for (let step = 0; step < length; step++) {
      const publisher = publishers[(this.#turn + step) % length] as Publisher;
      const { room } = publisher;
      if (room === 0) continue;
      const allowed = this.#context.plan.window - this.#underWay(publisher);
      if (allowed <= 0) continue;
      this.#publish(publisher, Math.min(room, allowed), timeUs);
      isMoreDue ||= allowed > room;
    }
    if (isMoreDue) this.#pumpSoon();
    this.#turn = (this.#turn + 1) % Math.max(1, length);
  }

  /** Messages of a publisher that have not come everywhere. */
  #underWay({ sequence, index }: Publisher): number {
    const { deliveries, thread } = this.#context;
    const missing = (Math.imul(sequence, this.#copies) - deliveries.of(index)) | 0;
    // More than was sent can have come where messages had been given up: from now on count on without them.
    if (missing < 0) deliveries.add(thread, index, missing);
    return Math.max(0, Math.ceil(missing / this.#copies));
  }

  #makeDue(schedule: RateSchedule, timeUs: number): void {
    schedule.advance(timeUs, (place) => {
      const publisher = this.#publishers[place] as Publisher;
      if (publisher.owed++ === 0) this.#owing.push(place);
      this.#context.board.add(Count.owed, 1);
    });
  }

  /** Every publisher that owes messages sends what it may, by one write at the most. */
  #pumpDue(schedule: RateSchedule, timeUs: number): void {
    if (!this.#isStopping) this.#makeDue(schedule, timeUs);
    const owing = this.#owing;
    const publishers = this.#publishers;
    const { board } = this.#context;
    let kept = 0;
    for (const place of owing) {
      const publisher = publishers[place] as Publisher;
      const count = Math.min(publisher.owed, publisher.room);
      if (count > 0) {
        this.#publish(publisher, count, timeUs, schedule);
        publisher.owed -= count;
        board.add(Count.owed, -count);
      }
      if (publisher.owed > 0) owing[kept++] = place;
    }
    owing.length = kept;
    if (this.#isStopping && kept === 0) return this.#end();
    if (this.#isStopping) return; // the socket or an acknowledgement says when it goes on
    this.#sleepUntil(schedule.nextUs - timeUs);
  }

  #sleepUntil(dueInUs: number): void {
    if (dueInUs < SHORTEST_SLEEP_US) return this.#pumpSoon();
    if (dueInUs === Number.POSITIVE_INFINITY || this.#isAsleep) return;
    this.#isAsleep = true;
    const wake = () => {
      this.#isAsleep = false;
      this.#pumpSoon();
    };
    setTimeout(wake, (dueInUs - SHORTEST_SLEEP_US) / 1_000).unref();
  }

  #publish(publisher: Publisher, count: number, timeUs: number, schedule?: RateSchedule): void {
    const { board } = this.#context;
    publisher.publish(count, timeUs, schedule);
    board.add(Count.sent, count);
    if (timeUs >= this.#fromUs && timeUs < this.#toUs) board.add(Count.sentMeasured, count);
  }

  /** Opens windows that lost messages keep shut, and ends a run whose owed messages the broker does not take. */
  #check(): void {
    const timeUs = nowUs();
    if (!this.#isRunning) return;
    const { plan, deliveries, thread } = this.#context;
    if (timeUs - this.#startUs > this.#toUs + plan.patienceMs * 1_000) return this.#end();
    if (this.#schedule !== undefined || timeUs - this.#lastArrivalUs < STALL_US) return;
    this.#lastArrivalUs = timeUs;
    for (const publisher of this.#publishers) {
      deliveries.add(thread, publisher.index, this.#underWay(publisher) * this.#copies);
    }
    this.#pumpSoon();
  }
}
