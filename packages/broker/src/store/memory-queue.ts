import { type Delivery, NONE } from '@busbar/protocol';
import type { DeliveryQueue } from './store.ts';

/** Messages taken from the front before the array is shortened: keeps `drop` cheap for queues of any length. */
const COMPACT_AT = 1024;

/** A queue on the heap. Messages take memory of their own as they enter, so that no chunk of input stays alive for them. */
export class MemoryQueue implements DeliveryQueue {
  #deliveries: (Delivery | undefined)[] = NONE;
  #head = 0;
  #byteLength = 0;
  #hasShared = false;

  get hasShared(): boolean {
    return this.#hasShared;
  }

  get length(): number {
    return this.#deliveries.length - this.#head;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  push(delivery: Delivery): void {
    delivery.message.own();
    this.#byteLength += delivery.message.byteLength;
    if (delivery.successor !== undefined) this.#hasShared = true;
    if (this.#deliveries === NONE) this.#deliveries = [delivery];
    else this.#deliveries.push(delivery);
  }

  peek(): Delivery | undefined {
    return this.#deliveries[this.#head];
  }

  drop(): Delivery | undefined {
    const delivery = this.#deliveries[this.#head];
    if (delivery === undefined) return undefined;
    this.#deliveries[this.#head++] = undefined;
    this.#byteLength -= delivery.message.byteLength;
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#deliveries.length) {
      this.#deliveries = this.#deliveries.slice(this.#head);
      this.#head = 0;
    }
    return delivery;
  }

  send(): Delivery | undefined {
    return this.drop();
  }

  clear(): void {
    this.#deliveries = NONE;
    this.#head = 0;
    this.#byteLength = 0;
    this.#hasShared = false;
  }
}
