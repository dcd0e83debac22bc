import type { Delivery } from '@busbar/protocol';
import type { BrokerLimits } from '../config/limits.ts';
import type { DeliveryQueue } from '../store/store.ts';

/** What bounds what waits for a session. */
export type QueueLimit = 'memoryLimit' | 'maximumQueuedMessages' | 'maximumQueuedBytes' | 'maximumQueuedBytesInAll';

/** Bytes of the messages that wait in all sessions of a broker. */
export class QueueAccount {
  byteLength = 0;
  /** Memory is used up: nothing more waits in it. */
  isShut = false;
}

/**
 * The messages that wait for one session, in the order they are to leave, bounded by count and bytes, and all sessions of the
 * broker together by bytes.
 *
 * QoS 0 does not wait for the client's window and may pass those of QoS 1 and 2 that do; but not others of QoS 0, which wait
 * because the socket did not take them (section 4.6).
 */
export class WaitingMessages {
  readonly #queue: DeliveryQueue;
  readonly #limits: BrokerLimits;
  readonly #account: QueueAccount;
  /** Deliveries that leave before the last one of QoS 0 has: as long, others of QoS 0 stay behind it. */
  #untilQos0HasLeft: number;

  constructor(queue: DeliveryQueue, limits: BrokerLimits, account: QueueAccount) {
    this.#queue = queue;
    this.#limits = limits;
    this.#account = account;
    account.byteLength += queue.byteLength;
    // What a store kept may be of any QoS.
    this.#untilQos0HasLeft = queue.length;
  }

  get length(): number {
    return this.#queue.length;
  }

  /** Whether a message of QoS 0 may leave before those that wait. */
  get lets0Pass(): boolean {
    return this.#untilQos0HasLeft === 0;
  }

  /** Whether another message of a size finds room without another one giving way. */
  hasRoomFor(byteLength: number): boolean {
    return this.limitAgainst(byteLength) === undefined;
  }

  /** The bound that another message of a size is over, where none gives way; undefined when it finds room. */
  limitAgainst(byteLength: number): QueueLimit | undefined {
    const { maximumQueuedMessages, maximumQueuedBytes, maximumQueuedBytesInAll } = this.#limits;
    if (this.#account.isShut && this.#queue.isOnDisk !== true) return 'memoryLimit';
    if (this.#queue.length >= maximumQueuedMessages) return 'maximumQueuedMessages';
    if (this.#queue.byteLength + byteLength > maximumQueuedBytes) return 'maximumQueuedBytes';
    return this.#account.byteLength + byteLength > maximumQueuedBytesInAll ? 'maximumQueuedBytesInAll' : undefined;
  }

  /** Whether a message of a size would find room if all others gave way: if not, none of them should. */
  couldHold(byteLength: number): boolean {
    const { maximumQueuedBytes, maximumQueuedBytesInAll } = this.#limits;
    const ofOthers = this.#account.byteLength - this.#queue.byteLength;
    return byteLength <= maximumQueuedBytes && ofOthers + byteLength <= maximumQueuedBytesInAll;
  }

  push(delivery: Delivery): void {
    const before = this.#queue.byteLength;
    this.#queue.push(delivery);
    this.#account.byteLength += this.#queue.byteLength - before;
    if (delivery.qos === 0) this.#untilQos0HasLeft = this.#queue.length;
  }

  /** The next one, which stays. */
  peek(): Delivery | undefined {
    return this.#queue.peek();
  }

  /** The next one leaves for good. */
  drop(): Delivery | undefined {
    const before = this.#queue.byteLength;
    const delivery = this.#queue.drop();
    this.#handleLeaving(before);
    return delivery;
  }

  /** The next one leaves and is in flight from now on. */
  send(packetId: number): void {
    const before = this.#queue.byteLength;
    this.#queue.send(packetId);
    this.#handleLeaving(before);
  }

  /**
   * Everything leaves.
   *
   * @param giveAway Told each one that another session may take over; those of which that is not known are told, too.
   * @returns How many nobody was told of, and the Topic Name of one of them.
   */
  clear(giveAway: (delivery: Delivery) => void): { count: number; topicName: string } {
    if (this.#queue.hasShared) {
      for (let next = this.drop(); next !== undefined; next = this.drop()) giveAway(next);
    }
    const left = { count: this.#queue.length, topicName: this.#queue.peek()?.message.topicName ?? '' };
    this.#account.byteLength -= this.#queue.byteLength;
    this.#untilQos0HasLeft = 0;
    this.#queue.clear();
    return left;
  }

  #handleLeaving(byteLengthBefore: number): void {
    if (this.#untilQos0HasLeft > 0) this.#untilQos0HasLeft--;
    this.#account.byteLength -= byteLengthBefore - this.#queue.byteLength;
  }
}
