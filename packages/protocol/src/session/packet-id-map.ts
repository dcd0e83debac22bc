import { NONE } from './none.ts';

const FIRST_CAPACITY = 8;
/** What most sessions have most of the time. */
const NO_PACKET_IDS = new Uint16Array(2);
/** 2 to the power of 32, divided by the golden ratio. */
const SPREAD = 0x9e37_79b1;

/**
 * Values by Packet Identifier (section 2.2.1), for tables in which entries come and go with each message.
 *
 * A `Map` would do, but not for long: V8 gives it a new table whenever enough entries have been deleted, and the old one points
 * to the new one. Once one of them has grown old, every table after it, and all that was ever in it, grows old too, and is not
 * freed before the next full collection. Here a deleted value is forgotten at once, and nothing is allocated while entries come
 * and go.
 *
 * Open addressing with linear probing; a table is at most half full. Senders count identifiers up: the hash (Fibonacci's) lays
 * neighbours far apart, so that there are no long rows to search. The worst choice of them that a peer could make costs some
 * thousand steps each, for there are no more than 65,535.
 */
export class PacketIdMap<Value> {
  /** 0 where there is none: no Packet Identifier is 0 [MQTT-2.2.1-3]. */
  #packetIds = NO_PACKET_IDS;
  #values: (Value | undefined)[] = NONE;
  #mask = 1;
  /** Bits of a hash that are not part of a place. */
  #shift = 31;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(packetId: number): Value | undefined {
    return this.#values[this.#find(packetId)];
  }

  has(packetId: number): boolean {
    return this.#packetIds[this.#find(packetId)] !== 0;
  }

  set(packetId: number, value: Value): void {
    let at = this.#find(packetId);
    if (this.#packetIds[at] !== packetId) {
      if (this.#size * 2 >= this.#values.length) {
        this.#grow();
        at = this.#find(packetId);
      }
      this.#packetIds[at] = packetId;
      this.#size++;
    }
    this.#values[at] = value;
  }

  /** @returns Whether there was one. */
  delete(packetId: number): boolean {
    const [packetIds, values, mask] = [this.#packetIds, this.#values, this.#mask];
    let hole = this.#find(packetId);
    if (packetIds[hole] === 0) return false;
    this.#size--;
    // What lies behind because its own place was taken moves up, or the hole would hide it.
    for (let at = (hole + 1) & mask; packetIds[at] !== 0; at = (at + 1) & mask) {
      const next = packetIds[at] as number;
      if (((at - this.#home(next)) & mask) < ((at - hole) & mask)) continue;
      packetIds[hole] = next;
      values[hole] = values[at];
      hole = at;
    }
    packetIds[hole] = 0;
    values[hole] = undefined;
    return true;
  }

  clear(): void {
    this.#packetIds = NO_PACKET_IDS;
    this.#values = NONE;
    this.#mask = 1;
    this.#shift = 31;
    this.#size = 0;
  }

  /** Those that there are, in no order. */
  *packetIds(): IterableIterator<number> {
    for (const packetId of this.#packetIds) if (packetId !== 0) yield packetId;
  }

  /** In no order. */
  *values(): IterableIterator<Value> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  /** Where it is, or would be. */
  #find(packetId: number): number {
    const packetIds = this.#packetIds;
    const mask = this.#mask;
    let at = this.#home(packetId);
    for (let there = packetIds[at]; there !== packetId && there !== 0; there = packetIds[at]) at = (at + 1) & mask;
    return at;
  }

  #home(packetId: number): number {
    return Math.imul(packetId, SPREAD) >>> this.#shift;
  }

  #grow(): void {
    const [packetIds, values] = [this.#packetIds, this.#values];
    const capacity = values.length * 2 || FIRST_CAPACITY;
    this.#packetIds = new Uint16Array(capacity);
    this.#values = new Array<Value | undefined>(capacity).fill(undefined);
    this.#mask = capacity - 1;
    this.#shift = 32 - Math.log2(capacity);
    for (const [at, packetId] of packetIds.entries()) {
      if (packetId === 0) continue;
      const place = this.#find(packetId);
      this.#packetIds[place] = packetId;
      this.#values[place] = values[at];
    }
  }
}
