import { FIRST_FAILURE, type QoS, ReasonCode } from '@busbar/codec';
import type { Link } from '../dialer/link.ts';

/** Where a message came from: whom its acknowledgement concerns. */
export interface Origin {
  /** The connection that brought it. */
  readonly link: Link;
  /** Which of the client's sessions it belongs to. */
  readonly session: number;
}

/** A message of QoS 1 or 2 that is not acknowledged yet, because not everybody who gets it is done with it. */
export class Receipt {
  readonly origin: Origin;
  readonly qos: QoS;
  readonly packetId: number;
  readonly #handleAccepted: (receipt: Receipt) => void;
  #holders = 0;
  #reasonCode: ReasonCode = ReasonCode.success;

  constructor(origin: Origin, qos: QoS, packetId: number, handleAccepted: (receipt: Receipt) => void) {
    this.origin = origin;
    this.qos = qos;
    this.packetId = packetId;
    this.#handleAccepted = handleAccepted;
  }

  /** What to acknowledge with: the first refusal, if there was any. */
  get reasonCode(): ReasonCode {
    return this.#reasonCode;
  }

  hold(): this {
    this.#holders++;
    return this;
  }

  /** One of the holders is done with the message. */
  release(reasonCode: ReasonCode = ReasonCode.success): void {
    if (reasonCode >= FIRST_FAILURE && this.#reasonCode < FIRST_FAILURE) this.#reasonCode = reasonCode;
    this.#holders--;
    if (this.#holders === 0) this.#handleAccepted(this);
  }

  /** Whoever brought the message has brought it to all. @returns Whether all of them are done with it already. */
  isDoneAfterDelivery(): boolean {
    this.#holders--;
    return this.#holders === 0;
  }
}

/** Gives the receipt of the message that is being delivered to those who are not done with it at once. */
export interface ReceiptSource {
  readonly receipt: Receipt;
}
