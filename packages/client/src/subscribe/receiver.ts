import { type PublishPacket, ReasonCode } from '@busbar/codec';
import { type Agreement, LATER } from '@busbar/protocol';
import type { Tally } from '../counters.ts';
import type { Link } from '../dialer/link.ts';
import { Message } from '../message.ts';
import { Receipt } from './receipt.ts';
import type { SubscriptionTable } from './subscription-table.ts';

type Answer = ReasonCode | typeof LATER;

/** Where a message came from: whom its acknowledgement concerns. */
interface Origin {
  readonly link: Link;
  /** Which of the client's sessions it belongs to. */
  readonly session: number;
}

/** A message that came before the program could say what to do with it. */
interface Early {
  readonly packet: PublishPacket;
  readonly origin: Origin;
}

/**
 * Brings each message that comes to the listeners of the client and to its subscriptions, and acknowledges it once all of
 * them have it or have room for it.
 */
export class Receiver {
  readonly #table: SubscriptionTable;
  readonly #tally: Tally;
  readonly #tellListeners: (message: Message) => boolean;
  readonly #acceptReceipt = (receipt: Receipt) => this.#accept(receipt);
  #origin: Origin | undefined;
  #isConnected = false;
  #early: Early[] | undefined;

  /** @param tellListeners Answers whether there was any. */
  constructor(table: SubscriptionTable, tally: Tally, tellListeners: (message: Message) => boolean) {
    this.#table = table;
    this.#tally = tally;
    this.#tellListeners = tellListeners;
  }

  handleConnected({ sessionPresent }: Agreement, link: Link): void {
    const session = this.#origin?.session ?? 0;
    this.#origin = { link, session: sessionPresent ? session : session + 1 };
    this.#isConnected = true;
  }

  handleDisconnected(): void {
    this.#isConnected = false;
  }

  handlePublish(packet: PublishPacket): Answer {
    const origin = this.#origin;
    if (origin === undefined) return LATER;
    this.#tally.received++;
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
      if (answer !== LATER && packet.qos > 0) this.#accept(this.#receiptFor(packet, origin));
    }
  }

  #deliver(packet: PublishPacket, origin: Origin): Answer {
    const message = new Message(packet);
    let isTaken = this.#tellListeners(message);
    let receipt: Receipt | undefined;
    for (const { subscriptions } of this.#table.entriesFor(packet)) {
      // A handler may end subscriptions, its own or others.
      for (const { inbox } of subscriptions.length === 1 ? subscriptions : [...subscriptions]) {
        isTaken = true;
        if (inbox.take(message)) continue;
        receipt ??= this.#receiptFor(packet, origin);
        inbox.hold(message, receipt);
      }
    }
    if (!isTaken) this.#tally.unhandled++;
    return receipt === undefined ? ReasonCode.success : LATER;
  }

  #receiptFor({ qos, packetId }: PublishPacket, { link, session }: Origin): Receipt {
    return new Receipt(link, session, qos, packetId, this.#acceptReceipt);
  }

  /** On a later connection of the same session a QoS 2 message is still the same; one of QoS 1 comes again. */
  #accept({ link, session, qos, packetId }: Receipt): void {
    const now = this.#origin;
    if (qos === 0 || now === undefined) return;
    if (link !== now.link && (qos === 1 || session !== now.session)) return;
    now.link.machine.acceptPublish(qos, packetId);
    if (this.#isConnected) now.link.touch();
  }
}
