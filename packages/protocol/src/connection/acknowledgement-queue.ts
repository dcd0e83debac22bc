import type { ReasonCode } from '@busbar/codec';

/** An acknowledgement that is due: PUBACK at QoS 1, PUBREC at QoS 2. */
interface Due {
  readonly qos: 1 | 2;
  readonly packetId: number;
  reasonCode: ReasonCode | undefined;
}

/**
 * Keeps PUBACKs and PUBRECs in the order of their PUBLISH packets when some messages take longer to be accepted than those
 * behind them [MQTT-4.6.0-2] [MQTT-4.6.0-3]. Empty as long as everything is accepted at once.
 */
export class AcknowledgementQueue {
  readonly #write: (qos: 1 | 2, packetId: number, reasonCode: ReasonCode) => void;
  #due: Due[] = [];

  constructor(write: (qos: 1 | 2, packetId: number, reasonCode: ReasonCode) => void) {
    this.#write = write;
  }

  get isEmpty(): boolean {
    return this.#due.length === 0;
  }

  /** The message is being accepted: its acknowledgement has its place, and comes with {@link settle}. */
  hold(qos: 1 | 2, packetId: number): void {
    this.#due.push({ qos, packetId, reasonCode: undefined });
  }

  /** An acknowledgement that is known at once goes out when everything before it has. */
  push(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (this.isEmpty) this.#write(qos, packetId, reasonCode);
    else this.#due.push({ qos, packetId, reasonCode });
  }

  /** Whether an acknowledgement is held for this Packet Identifier. */
  holds(packetId: number): boolean {
    return this.#due.some((due) => due.packetId === packetId && due.reasonCode === undefined);
  }

  /** @returns Whether an acknowledgement was held for it: not when it belongs to an earlier connection. */
  settle(packetId: number, reasonCode: ReasonCode): boolean {
    const due = this.#due.find((each) => each.packetId === packetId && each.reasonCode === undefined);
    if (due === undefined) return false;
    due.reasonCode = reasonCode;
    const ready = this.#due.findIndex((each) => each.reasonCode === undefined);
    const settled = this.#due.splice(0, ready < 0 ? this.#due.length : ready);
    for (const each of settled) this.#write(each.qos, each.packetId, each.reasonCode ?? reasonCode);
    return true;
  }
}
