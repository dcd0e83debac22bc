import { FIRST_FAILURE, type PublishPacket, type QoS, ReasonCode } from '@busbar/codec';
import { type Agreement, LATER } from '@busbar/protocol';
import type { Tally } from '../counters.ts';
import type { Link } from '../dialer/link.ts';
import { Message } from '../message.ts';
import { type Origin, Receipt, type ReceiptSource } from './receipt.ts';
import type { SubscriptionTable } from './subscription-table.ts';

type Answer = ReasonCode | typeof LATER;

/** A message that came before the program could say what to do with it. */
interface Early {
  readonly packet: PublishPacket;
  readonly origin: Origin;
}

/** What a {@link Receiver} works with. */
export interface ReceiverParts {
  readonly table: SubscriptionTable;
  readonly tally: Tally;
  /** Answers whether there was any. */
  readonly tellListeners: (message: Message) => boolean;
  /** A message of QoS 2 is this side's: PUBREC is about to leave. */
  readonly handleAccepted: (packetId: number) => void;
}

/**
 * Brings each message that comes to the listeners of the client and to its subscriptions, and acknowledges it once all of
 * them are done with it.
 */
export class Receiver implements ReceiptSource {
  readonly #parts: ReceiverParts;
  readonly #acceptReceipt = (receipt: Receipt) => this.#accept(receipt);
  #origin: Origin | undefined;
  #isConnected = false;
  #early: Early[] | undefined;
  /** The message of QoS 1 or 2 that is being delivered, and its receipt once somebody has asked for it. */
  #packet: PublishPacket | undefined;
  #packetOrigin: Origin | undefined;
  #receipt: Receipt | undefined;
  #unacknowledged = 0;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** Messages of QoS 1 and 2 that somebody is not done with. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** The receipt of the message that is being delivered at this moment. */
  get receipt(): Receipt {
    if (this.#receipt === undefined) {
      const { qos, packetId } = this.#packet as PublishPacket;
      this.#unacknowledged++;
      this.#receipt = new Receipt(this.#packetOrigin as Origin, qos, packetId, this.#acceptReceipt).hold();
    }
    return this.#receipt;
  }

  handleConnected({ sessionPresent }: Agreement, link: Link): void {
    const session = this.#origin?.session ?? 0;
    this.#origin = { link, session: sessionPresent ? session : session + 1 };
    this.#isConnected = true;
  }

  handleDisconnected(): void {
    this.#isConnected = false;
  }

  /** There will be no further connection: what is not acknowledged stays so. */
  close(): void {
    this.#isConnected = false;
    this.#origin = undefined;
  }

  handlePublish(packet: PublishPacket): Answer {
    const origin = this.#origin;
    if (origin === undefined) return LATER;
    this.#parts.tally.received++;
    if (this.#early === undefined) return this.#deliver(packet, origin);
    this.#early.push({ packet, origin });
    return LATER;
  }

  /** Keeps what comes until {@link release}. */
  hold(): void {
    this.#early ??= [];
  }

  release(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { packet, origin } of early) {
      const answer = this.#deliver(packet, origin);
      if (answer !== LATER) this.#answer(origin, packet.qos, packet.packetId, answer);
    }
  }

  #deliver(packet: PublishPacket, origin: Origin): Answer {
    const message = new Message(packet);
    const { table, tally, tellListeners, handleAccepted } = this.#parts;
    let isTaken = tellListeners(message);
    this.#packet = packet;
    this.#packetOrigin = origin;
    for (const { subscriptions } of table.entriesFor(packet)) {
      // A handler may end subscriptions, its own or others.
      for (const { inbox } of subscriptions.length === 1 ? subscriptions : [...subscriptions]) {
        isTaken = true;
        inbox.take(message, this);
      }
    }
    if (!isTaken) tally.unhandled++;
    const receipt = this.#receipt;
    this.#receipt = undefined;
    if (receipt !== undefined && !receipt.isDoneAfterDelivery()) return LATER;
    if (receipt !== undefined) this.#unacknowledged--;
    const reasonCode = receipt?.reasonCode ?? ReasonCode.success;
    if (packet.qos === 2 && reasonCode < FIRST_FAILURE) handleAccepted(packet.packetId);
    return reasonCode;
  }

  #accept({ origin, qos, packetId, reasonCode }: Receipt): void {
    this.#unacknowledged--;
    if (qos === 2 && reasonCode < FIRST_FAILURE && this.#isStill(origin, qos)) this.#parts.handleAccepted(packetId);
    this.#answer(origin, qos, packetId, reasonCode);
  }

  #answer(origin: Origin, qos: QoS, packetId: number, reasonCode: ReasonCode): void {
    if (qos === 0 || !this.#isStill(origin, qos)) return;
    const link = this.#origin?.link ?? origin.link;
    link.machine.acceptPublish(qos, packetId, reasonCode);
    if (this.#isConnected) link.touch();
  }

  /** On a later connection of the same session a QoS 2 message is still the same; one of QoS 1 comes again. */
  #isStill({ link, session }: Origin, qos: QoS): boolean {
    return link === this.#origin?.link || (qos === 2 && session === this.#origin?.session);
  }
}
