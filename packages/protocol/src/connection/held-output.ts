import type { PacketType } from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';

/** A packet of a QoS 2 flow that may not leave before the state it stands for is kept. */
export type Held =
  | { readonly mark: number; readonly packetId: number; readonly delivery: Delivery }
  | {
      readonly mark: number;
      readonly packetId: number;
      readonly type: typeof PacketType.pubrel | typeof PacketType.pubcomp;
      readonly known: boolean;
    };

/**
 * Packets of QoS 2 flows that wait, in their order, until the session's owner has kept the change of state they tell of
 * (section 4.1): after a crash the other side must never know more of a flow than this side does.
 *
 * - PUBLISH leaves when its Packet Identifier is kept: sent again under another one, it would be taken for a new message.
 * - PUBREL leaves when the receipt is kept: otherwise PUBLISH would be sent again to a client that has forgotten it.
 * - PUBCOMP leaves when the release is kept: otherwise the client's next message of that Packet Identifier would be taken
 *   for the one before.
 *
 * Empty as long as the owner keeps everything at once.
 */
export class HeldOutput {
  #held: Held[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head === this.#held.length;
  }

  push(held: Held): void {
    this.#held.push(held);
  }

  /** The next one that may leave now that everything up to a mark is kept. */
  take(mark: number): Held | undefined {
    const next = this.#held[this.#head];
    if (next === undefined || next.mark > mark) return undefined;
    this.#head++;
    if (this.isEmpty) {
      this.#held = [];
      this.#head = 0;
    }
    return next;
  }
}
