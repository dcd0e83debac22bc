import type { QoS } from '@busbar/codec';
import type { Link } from '../dialer/link.ts';

/** A message that is not acknowledged yet, because some subscriptions have no room for it. */
export class Receipt {
  /** The connection that brought it. */
  readonly link: Link;
  /** Which of the client's sessions it belongs to. */
  readonly session: number;
  readonly qos: QoS;
  readonly packetId: number;
  readonly #handleAccepted: (receipt: Receipt) => void;
  #holders = 0;

  constructor(link: Link, session: number, qos: QoS, packetId: number, handleAccepted: (receipt: Receipt) => void) {
    this.link = link;
    this.session = session;
    this.qos = qos;
    this.packetId = packetId;
    this.#handleAccepted = handleAccepted;
  }

  hold(): void {
    this.#holders++;
  }

  /** One of the holders has found room. */
  release(): void {
    this.#holders--;
    if (this.#holders === 0) this.#handleAccepted(this);
  }
}
