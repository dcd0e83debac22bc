import type { ClientConnection } from '@busbar/protocol';

/** A message of QoS 1 or 2 that is not acknowledged yet, because some subscriptions have no room for it. */
export class Receipt {
  /** The connection that brought it. */
  readonly machine: ClientConnection;
  /** Which of the client's sessions it belongs to. */
  readonly session: number;
  readonly qos: 1 | 2;
  readonly packetId: number;
  readonly #handleAccepted: (receipt: Receipt) => void;
  #holders = 0;

  constructor(
    machine: ClientConnection,
    session: number,
    qos: 1 | 2,
    packetId: number,
    handleAccepted: (receipt: Receipt) => void,
  ) {
    this.machine = machine;
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
