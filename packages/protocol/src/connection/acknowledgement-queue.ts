import type { ReasonCode } from '@busbar/codec';
import { PacketIdMap } from '../session/packet-id-map.ts';

/** An acknowledgement that is due: PUBACK at QoS 1, PUBREC at QoS 2. */
interface Due {
  readonly qos: 1 | 2;
  readonly packetId: number;
  reasonCode: ReasonCode | undefined;
  /** What the client is told in words. */
  reason: string | undefined;
  /** Another one that is held for the same Packet Identifier. */
  next: Due | undefined;
}

/** Writes an acknowledgement of a PUBLISH, with a Reason String where there is one. */
export type WriteAcknowledgement = (
  qos: 1 | 2,
  packetId: number,
  reasonCode: ReasonCode,
  reason: string | undefined,
) => void;

/** Settled entries at the head that may stay where they are before the rest is moved up. */
const MOST_GONE = 256;

/**
 * Keeps PUBACKs and PUBRECs in the order of their PUBLISH packets when some messages take longer to be accepted than those
 * behind them [MQTT-4.6.0-2] [MQTT-4.6.0-3]. Empty as long as everything is accepted at once; however many are held, each
 * call takes the same time.
 */
export class AcknowledgementQueue {
  readonly #write: WriteAcknowledgement;
  readonly #held = new PacketIdMap<Due>();
  #due: Due[] = [];
  #first = 0;

  constructor(write: WriteAcknowledgement) {
    this.#write = write;
  }

  get isEmpty(): boolean {
    return this.#due.length === 0;
  }

  /** The message is being accepted: its acknowledgement has its place, and comes with {@link settle}. */
  hold(qos: 1 | 2, packetId: number): void {
    const due = { qos, packetId, reasonCode: undefined, reason: undefined, next: undefined };
    this.#due.push(due);
    let last = this.#held.get(packetId);
    if (last === undefined) {
      this.#held.set(packetId, due);
      return;
    }
    while (last.next !== undefined) last = last.next;
    last.next = due;
  }

  /** An acknowledgement that is known at once goes out when everything before it has. */
  push(qos: 1 | 2, packetId: number, reasonCode: ReasonCode, reason?: string): void {
    if (this.isEmpty) this.#write(qos, packetId, reasonCode, reason);
    else this.#due.push({ qos, packetId, reasonCode, reason, next: undefined });
  }

  /** Whether an acknowledgement is held for this Packet Identifier. */
  holds(packetId: number): boolean {
    return this.#held.has(packetId);
  }

  /** @returns Whether an acknowledgement was held for it: not when it belongs to an earlier connection. */
  settle(packetId: number, reasonCode: ReasonCode, reason?: string): boolean {
    const due = this.#held.get(packetId);
    if (due === undefined) return false;
    if (due.next === undefined) this.#held.delete(packetId);
    else this.#held.set(packetId, due.next);
    due.reasonCode = reasonCode;
    due.reason = reason;
    this.#writeReady();
    return true;
  }

  #writeReady(): void {
    for (let next = this.#due[this.#first]; next?.reasonCode !== undefined; next = this.#due[this.#first]) {
      this.#first++;
      this.#write(next.qos, next.packetId, next.reasonCode, next.reason);
    }
    if (this.#first === this.#due.length) {
      this.#due = [];
      this.#first = 0;
    } else if (this.#first > MOST_GONE && this.#first * 2 > this.#due.length) {
      this.#due.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
