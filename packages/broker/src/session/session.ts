import { FIRST_FAILURE, type ReasonCode } from '@busbar/codec';
import type { ByteSlab, Delivery } from '@busbar/protocol';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Counters } from '../observe/counters.ts';
import type { LossLedger, LossReason } from '../observe/loss-ledger.ts';
import type { SessionRecord } from '../store/store.ts';
import type { Subscriber } from '../subscription/receiver.ts';
import type { Outlet } from './outlet.ts';
import type { RetainedReplay } from './retained-replay.ts';

/** What sessions of one broker have in common. */
export interface SessionSurroundings {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  readonly counters: Counters;
  readonly ledger: LossLedger;
  readonly slab: ByteSlab;
}

/** Messages that one session may send in a row before others have their turn. */
const PUMP_BATCH = 512;

/**
 * A client's session at the broker (section 4.1): takes the messages that are for its client, and sends, keeps or counts
 * as lost each of them. It outlives connections; while there is one, an {@link Outlet} stands for it.
 *
 *     deliver --> sent at once, when connected, the socket takes it and the window is open
 *             \-> waits in the queue --pump()--> sent
 *             \-> loss ledger: queue full, expired, too large, QoS 0 for a client that is away
 *
 * Order: of QoS 1 and 2 everything leaves in the order it came, whatever waits goes first. QoS 0 does not wait for the window,
 * only for the socket; where it had to, it keeps its place among the others (section 4.6).
 */
export class Session implements Subscriber {
  readonly record: SessionRecord;
  readonly #around: SessionSurroundings;
  #outlet: Outlet | undefined = undefined;
  #replays: RetainedReplay[] = [];
  /** Deliveries that leave the queue before its last one of QoS 0 has: as long, others of QoS 0 stay behind it. */
  #untilQos0HasLeft: number;

  constructor(record: SessionRecord, around: SessionSurroundings) {
    this.record = record;
    this.#around = around;
    // What a store kept may be of any QoS.
    this.#untilQos0HasLeft = record.queue.length;
  }

  get clientIdentifier(): string {
    return this.record.clientIdentifier;
  }

  get isConnected(): boolean {
    return this.#outlet !== undefined;
  }

  /** Whether a message of any QoS would leave at once. */
  get isReady(): boolean {
    const outlet = this.#outlet;
    return outlet?.isWritable === true && outlet.hasRoom && this.record.queue.length === 0;
  }

  get inFlight(): number {
    return this.record.flows.outbound.size;
  }

  get canQueue(): boolean {
    return this.isConnected || this.record.expiryInterval > 0;
  }

  // --- connection ------------------------------------------------------------------------------------------------------

  /** A connection begins. What waits is sent by the first {@link pump}. */
  connect(outlet: Outlet): void {
    this.#outlet = outlet;
    this.record.disconnectedAt = undefined;
  }

  /** The connection is over. What is in flight moves to memory of its own, because it may stay for long. */
  disconnect(now: number): void {
    this.#outlet = undefined;
    this.record.disconnectedAt = now;
    for (const { message } of this.record.flows.outbound.inFlight) message?.message.own();
  }

  /** Hands the session over to another connection: the one before is told and closed. */
  takeOver(): void {
    this.#outlet?.takeOver();
  }

  /** The session ends: what still waits goes to others that share its subscription, or is lost, and counted. */
  end(now: number): void {
    const { queue, flows } = this.record;
    this.#replays = [];
    for (const delivery of flows.outbound.clear()) {
      if (delivery.qos === 2)
        this.#lose('session-ended'); // [MQTT-4.8.2-5]
      else this.#giveAway(delivery, now);
    }
    for (let next = this.#shift(); next !== undefined; next = this.#shift()) this.#giveAway(next, now);
    queue.clear();
  }

  #giveAway(delivery: Delivery, now: number): void {
    if (delivery.successor === undefined) this.#lose('session-ended');
    else delivery.successor.takeOver(delivery, now);
  }

  /** A QoS 2 message of the client has been accepted, or refused, after the connection that brought it had ended. */
  acceptPublish(packetId: number, reasonCode: ReasonCode): void {
    const { inbound } = this.record.flows;
    if (this.#outlet !== undefined) this.#outlet.acceptPublish(packetId, reasonCode);
    else if (reasonCode < FIRST_FAILURE) inbound.accept(packetId);
    else inbound.refuse(packetId);
  }

  // --- messages --------------------------------------------------------------------------------------------------------

  deliver(delivery: Delivery, now: number): void {
    const outlet = this.#outlet;
    if (outlet === undefined) this.#keepForLater(delivery);
    else if (!this.#mayLeave(outlet, delivery)) this.#enqueue(delivery);
    else if (!outlet.accepts(delivery))
      this.#lose('too-large'); // [MQTT-3.1.2-25]
    else this.#send(outlet, delivery, now);
  }

  /** Retained messages of a new subscription follow what is sent already; a newer subscription to the same filter replaces them. */
  replay(replay: RetainedReplay): void {
    this.#replays = this.#replays.filter(({ topicFilter }) => topicFilter !== replay.topicFilter);
    this.#replays.push(replay);
  }

  /** The subscription is gone, and with it the retained messages that it still owed. */
  stopReplay(topicFilter: string): void {
    this.#replays = this.#replays.filter((replay) => replay.topicFilter !== topicFilter);
  }

  /** Sends what waits, as far as the client takes it. Due whenever socket or window have opened. */
  pump(now: number): void {
    const outlet = this.#outlet;
    if (outlet === undefined) return;
    for (let sent = 0; sent < PUMP_BATCH; sent++) {
      if (!this.#pumpQueue(outlet, now) && !this.#pumpReplay(outlet, now)) return;
    }
    outlet.pumpLater();
  }

  /** The client has taken over a delivery of QoS 1 or 2, or has refused it. */
  handleDelivered(reasonCode: ReasonCode): void {
    if (reasonCode < FIRST_FAILURE) this.#around.counters.messagesDelivered++;
    else this.#lose('refused');
  }

  /** A delivery that was due again is larger than the client now takes. */
  handleUndeliverable(): void {
    this.#lose('too-large');
  }

  get hasWaiting(): boolean {
    return this.record.queue.length > 0 || this.#replays.length > 0;
  }

  #mayLeave(outlet: Outlet, delivery: Delivery): boolean {
    if (!outlet.isWritable) return false;
    if (delivery.qos === 0) return this.#untilQos0HasLeft === 0;
    return this.record.queue.length === 0 && outlet.hasRoom;
  }

  #send(outlet: Outlet, delivery: Delivery, now: number): void {
    const { counters, slab } = this.#around;
    counters.messagesSent++;
    if (delivery.qos === 0) counters.messagesDelivered++;
    else delivery.message.keep(slab);
    outlet.deliver(delivery, now);
  }

  #keepForLater(delivery: Delivery): void {
    if (this.record.expiryInterval === 0) this.#lose('session-ended');
    else if (delivery.qos === 0) this.#lose('offline-qos0');
    else this.#enqueue(delivery);
  }

  #enqueue(delivery: Delivery): void {
    const { queue } = this.record;
    const { limits } = this.#around;
    const bytes = delivery.message.byteLength;
    // No other message gives way to one that does not fit in any case.
    if (bytes > limits.maximumQueuedBytes) {
      this.#lose('queue-full');
      return;
    }
    while (queue.length >= limits.maximumQueuedMessages || queue.byteLength + bytes > limits.maximumQueuedBytes) {
      this.#lose('queue-full');
      if (limits.queuePolicy === 'drop-newest') return;
      this.#shift();
    }
    queue.push(delivery);
    if (delivery.qos === 0) this.#untilQos0HasLeft = queue.length;
  }

  #shift(): Delivery | undefined {
    if (this.#untilQos0HasLeft > 0) this.#untilQos0HasLeft--;
    return this.record.queue.shift();
  }

  /** @returns Whether there may be more to do at once. */
  #pumpQueue(outlet: Outlet, now: number): boolean {
    const next = this.record.queue.peek();
    if (next === undefined || !this.#isDue(outlet, next, now)) return false;
    this.#shift();
    this.#sendOrLose(outlet, next, now);
    return true;
  }

  /** @returns Whether there may be more to do at once. */
  #pumpReplay(outlet: Outlet, now: number): boolean {
    const replay = this.#replays[0];
    // What waits in the queue is older than the retained messages that follow it.
    if (replay === undefined || this.record.queue.length > 0) return false;
    if (!outlet.isWritable || (replay.needsWindow && !outlet.hasRoom)) return false;
    const next = replay.take(now);
    if (next === undefined) {
      if (replay.isDone) this.#replays.shift();
      return true;
    }
    this.#around.counters.messagesMatched++;
    this.#sendOrLose(outlet, next, now);
    return true;
  }

  /** Whether the client can take it now; what has expired can always go. */
  #isDue(outlet: Outlet, delivery: Delivery, now: number): boolean {
    if (delivery.message.isExpired(now)) return true;
    return outlet.isWritable && (delivery.qos === 0 || outlet.hasRoom);
  }

  #sendOrLose(outlet: Outlet, delivery: Delivery, now: number): void {
    if (delivery.message.isExpired(now))
      this.#lose('expired'); // [MQTT-3.3.2-5]
    else if (!outlet.accepts(delivery)) this.#lose('too-large');
    else this.#send(outlet, delivery, now);
  }

  #lose(reason: LossReason): void {
    this.#around.ledger.count(reason);
  }
}
