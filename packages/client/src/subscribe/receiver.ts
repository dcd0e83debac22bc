import { type PublishPacket, ReasonCode } from '@busbar/codec';
import { type Agreement, LATER } from '@busbar/protocol';
import type { Tally } from '../counters.ts';
import type { Link } from '../dialer/link.ts';
import { Message } from '../message.ts';
import { Receipt } from './receipt.ts';
import type { SubscriptionTable } from './subscription-table.ts';

type Answer = ReasonCode | typeof LATER;

/**
 * Brings each message that comes to the listeners of the client and to its subscriptions, and acknowledges it once all of
 * them have it or have room for it.
 */
export class Receiver {
  readonly #table: SubscriptionTable;
  readonly #tally: Tally;
  readonly #tellListeners: (message: Message) => boolean;
  readonly #acceptReceipt = (receipt: Receipt) => this.#accept(receipt);
  #link: Link | undefined;
  #session = 0;
  /** Messages of a resumed session that came before the program could say what to do with them. */
  #early: PublishPacket[] | undefined;

  /** @param tellListeners Answers whether there was any. */
  constructor(table: SubscriptionTable, tally: Tally, tellListeners: (message: Message) => boolean) {
    this.#table = table;
    this.#tally = tally;
    this.#tellListeners = tellListeners;
  }

  handleConnected({ sessionPresent }: Agreement, link: Link): void {
    this.#link = link;
    if (!sessionPresent) this.#session++;
  }

  handleDisconnected(): void {
    this.#link = undefined;
    this.#early = undefined;
  }

  handlePublish(packet: PublishPacket): Answer {
    this.#tally.received++;
    if (this.#early === undefined) return this.#deliver(packet);
    this.#early.push(packet);
    return LATER;
  }

  /** Keeps what comes until {@link release}. */
  hold(): void {
    this.#early ??= [];
  }

  release(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const packet of early) {
      const answer = this.#deliver(packet);
      if (answer === LATER || packet.qos === 0) continue;
      this.#link?.machine.acceptPublish(packet.qos, packet.packetId, answer);
      this.#link?.touch();
    }
  }

  #deliver(packet: PublishPacket): Answer {
    const message = new Message(packet);
    let isTaken = this.#tellListeners(message);
    let receipt: Receipt | undefined;
    for (const { subscriptions } of this.#table.entriesFor(packet)) {
      // A handler may end subscriptions, its own or others.
      for (const { inbox } of subscriptions.length === 1 ? subscriptions : [...subscriptions]) {
        isTaken = true;
        if (inbox.take(message)) continue;
        receipt ??= this.#receiptFor(packet);
        if (receipt !== undefined) inbox.hold(message, receipt);
      }
    }
    if (!isTaken) this.#tally.unhandled++;
    return receipt === undefined ? ReasonCode.success : LATER;
  }

  #receiptFor({ qos, packetId }: PublishPacket): Receipt | undefined {
    if (qos === 0 || this.#link === undefined) return undefined;
    return new Receipt(this.#link.machine, this.#session, qos, packetId, this.#acceptReceipt);
  }

  /** On a later connection of the same session a QoS 2 message is still the same; one of QoS 1 comes again. */
  #accept({ machine, session, qos, packetId }: Receipt): void {
    const link = this.#link;
    if (link?.machine === machine) machine.acceptPublish(qos, packetId);
    else if (qos === 2 && session === this.#session) (link?.machine ?? machine).acceptPublish(qos, packetId);
    link?.touch();
  }
}
