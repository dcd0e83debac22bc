import { PacketType, type PublishView } from '@busbar/codec';
import { Acknowledgements } from './acknowledgements.ts';
import type { Link, LinkOwner } from './link.ts';
import { PacketWindow } from './packet-window.ts';
import type { BenchPlan } from './plan.ts';
import type { RateSchedule } from './rate-schedule.ts';
import type { Train } from './train.ts';

/** What a publisher tells of acknowledgements. */
export interface PublisherOwner {
  /** The window may have opened. */
  handleProgress(): void;
  /** The broker did not take a message. */
  handleRefused(): void;
  /** An acknowledgement for nothing came. */
  handleStray(): void;
}

/** Digits that {@link Publisher.publishOwnTopics} ends topics with. */
export const TOPIC_DIGITS = 10;

/** One client that publishes numbered messages to its topic, no more under way than its window allows. */
export class Publisher implements LinkOwner {
  readonly index: number;
  readonly link: Link;
  /** The number of the next message, which is also how many were published. */
  sequence = 0;
  /** Messages that are due by the rate and have not left. */
  owed = 0;
  readonly #qos: number;
  readonly #train: Train;
  readonly #window: PacketWindow | undefined;
  readonly #acknowledgements: Acknowledgements;
  readonly #owner: PublisherOwner;

  constructor(plan: BenchPlan, index: number, link: Link, train: Train, owner: PublisherOwner) {
    this.index = index;
    this.link = link;
    this.#qos = plan.qos;
    this.#train = train;
    this.#owner = owner;
    const receiveMaximum = link.connack?.properties.receiveMaximum ?? 65_535;
    this.#window = plan.qos === 0 ? undefined : new PacketWindow(Math.min(plan.window, receiveMaximum)); // [MQTT-3.3.4-9]
    this.#acknowledgements = new Acknowledgements(link.transport);
    link.attach(this);
  }

  /** How many messages can leave in one write now. */
  get room(): number {
    if (this.link.transport.bufferedBytes > 0) return 0;
    const { length } = this.#train;
    return this.#window === undefined ? length : Math.min(length, this.#window.room);
  }

  /** Whether every message has been acknowledged and has left. */
  get isSettled(): boolean {
    return this.link.transport.bufferedBytes === 0 && (this.#window === undefined || this.#window.isEmpty);
  }

  /**
   * Publishes messages, not more than there is {@link room}.
   *
   * @param timeUs When they leave. @param schedule Knows when each should have left.
   */
  publish(count: number, timeUs: number, schedule?: RateSchedule): void {
    for (let place = 0; place < count; place++) {
      const packetId = this.#window === undefined ? 0 : this.#window.take();
      const dueUs = schedule === undefined ? timeUs : schedule.dueUs(this.index, this.sequence);
      this.#train.patch(place, packetId, this.index, this.sequence, dueUs);
      this.sequence++;
    }
    this.link.transport.write(this.#train.take(count));
  }

  /** As {@link publish}, each message to a topic that ends with its number. */
  publishOwnTopics(count: number): void {
    for (let place = 0; place < count; place++) {
      this.#train.patchTopic(place, this.sequence + place, TOPIC_DIGITS);
    }
    this.publish(count, 0);
  }

  handleAcknowledgement(type: number, packetId: number, reasonCode: number): void {
    const verdict = this.#window?.handle(type, packetId, reasonCode, this.#qos) ?? 'stray';
    if (verdict === 'release') this.#acknowledgements.add(PacketType.pubrel, packetId);
    else if (verdict === 'refused') this.#owner.handleRefused();
    else if (verdict === 'stray') this.#owner.handleStray();
  }

  handleChunkEnd(): void {
    this.#acknowledgements.flush();
    this.#owner.handleProgress();
  }

  handleWritable(): void {
    this.#owner.handleProgress();
  }

  handlePublish(_view: PublishView): void {
    this.#owner.handleStray(); // it has not subscribed to anything
  }
}
