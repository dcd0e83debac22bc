import { FIRST_FAILURE, type QoS, type ReasonCode } from '@busbar/codec';
import type { ApplicationMessage, Delivery } from '@busbar/protocol';
import { type Identity, isSameIdentity } from '../authorization/identity.ts';
import type { Rights } from '../authorization/rights.ts';
import type { LossReason } from '../observe/loss-ledger.ts';
import type { SessionRecord } from '../store/store.ts';
import type { Subscriber } from '../subscription/receiver.ts';
import { ClientView } from './client-view.ts';
import type { MountPoint } from './mount-point.ts';
import type { ClientDescription, Outlet } from './outlet.ts';
import type { RetainedReplay } from './retained-replay.ts';
import { RetainedReplays } from './retained-replays.ts';
import type { SessionSurroundings } from './session-surroundings.ts';
import { type QueueLimit, WaitingMessages } from './waiting-messages.ts';

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
  /** Undefined unless a new subscription brings retained messages. */
  #replays: RetainedReplays | undefined = undefined;
  /** SUBSCRIBE packets of this connection that are not answered yet. */
  #unanswered = 0;
  /** Nothing is for its client any more, though some of its subscriptions may still match. */
  #hasEnded = false;
  readonly #waiting: WaitingMessages;
  #rights: Rights | undefined = undefined;
  /** How messages look to its client; undefined where it gets them as they are. */
  #view: ClientView | undefined;

  constructor(record: SessionRecord, around: SessionSurroundings) {
    this.record = record;
    this.#around = around;
    this.#view = ClientView.of(this, around);
    this.#waiting = new WaitingMessages(record.queue, around.limits, around.queued);
  }

  get clientIdentifier(): string {
    return this.record.clientIdentifier;
  }

  get isLasting(): boolean {
    return this.record.isLasting;
  }

  get isConnected(): boolean {
    return this.#outlet !== undefined;
  }

  /** Whether a message of any QoS would leave at once. */
  get isReady(): boolean {
    const outlet = this.#outlet;
    return outlet?.isWritable === true && outlet.hasRoom && this.#waiting.length === 0;
  }

  get inFlight(): number {
    return this.record.flows.outbound.size;
  }

  /** Whether a message would make it necessary to refuse its publisher: the queue is full, and the policy says so. */
  mustRefuse(message: ApplicationMessage, qos: QoS): boolean {
    if (this.#outlet?.isWritable === true && (qos === 0 || (this.#outlet.hasRoom && this.#waiting.length === 0)))
      return false;
    if (this.#outlet === undefined && (!this.canQueue || qos === 0)) return false;
    const limit = this.#waiting.limitAgainst(message.byteLength);
    if (limit === undefined) return false;
    this.#handleFull(limit);
    return true;
  }

  get canQueue(): boolean {
    return this.isConnected || (this.record.expiryInterval > 0 && !this.#hasEnded);
  }

  // --- rights ----------------------------------------------------------------------------------------------------------

  /** What its client may do, here or away; undefined while there are no rules. */
  get rights(): Rights | undefined {
    const { authorization } = this.#around;
    if (!authorization.isActive) return undefined;
    this.#rights ??= authorization.rightsOf(this.identity);
    return this.#rights;
  }

  get identity(): Identity {
    return this.record.identity ?? { clientIdentifier: this.record.clientIdentifier };
  }

  /** The client that is connected now. @returns Whether its rights may be others than before. */
  identify(identity: Identity): boolean {
    if (isSameIdentity(identity, this.identity)) return false;
    this.record.identity = identity;
    this.#rights = undefined;
    this.#view = ClientView.of(this, this.#around);
    return true;
  }

  get mountPoint(): MountPoint | undefined {
    return this.#view?.mountPoint;
  }

  mayReceive(topicName: string): boolean {
    return this.rights?.receive(topicName).isAllowed ?? true;
  }

  // --- connection ------------------------------------------------------------------------------------------------------

  /** A connection begins. What waits is sent by the first {@link pump}. */
  connect(outlet: Outlet): void {
    this.#outlet = outlet;
    this.#unanswered = 0;
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

  /** What is known of its connection; undefined without one. */
  describeClient(): ClientDescription | undefined {
    return this.#outlet?.describe();
  }

  /** The operator ends its connection. @returns Whether there was one. */
  kick(message: string): boolean {
    const outlet = this.#outlet;
    outlet?.kick(message);
    return outlet !== undefined;
  }

  /** The session ends: what still waits goes to others that share its subscription, or is lost, and counted. */
  end(now: number): void {
    this.#hasEnded = true;
    this.#replays = undefined;
    for (const delivery of this.record.flows.outbound.clear()) {
      if (delivery.qos === 2)
        this.#lose('session-ended', delivery); // [MQTT-4.8.2-5]
      else this.#giveAway(delivery, now);
    }
    const { count, topicName } = this.#waiting.clear((delivery) => this.#giveAway(delivery, now));
    this.#around.ledger.count('session-ended', this.clientIdentifier, topicName, count);
  }

  #giveAway(delivery: Delivery, now: number): void {
    if (delivery.successor === undefined) this.#lose('session-ended', delivery);
    else delivery.successor.takeOver(delivery, now);
  }

  /** A QoS 2 message of the client has been accepted, or refused, after the connection that brought it had ended. */
  acceptPublish(packetId: number, reasonCode: ReasonCode): void {
    const { inbound } = this.record.flows;
    if (this.#outlet?.acceptPublish(packetId, reasonCode)) return;
    if (reasonCode < FIRST_FAILURE) inbound.accept(packetId);
    else inbound.refuse(packetId);
  }

  /** The store is told that a QoS 2 message of the client is about to be acknowledged. */
  handleAccepted(packetId: number): void {
    this.record.journal.accepted(packetId);
  }

  /** The client has released a QoS 2 message of its own. */
  handleReleased(packetId: number): void {
    this.record.journal.released(packetId);
  }

  // --- messages --------------------------------------------------------------------------------------------------------

  deliver(given: Delivery, now: number): void {
    const view = this.#view;
    const delivery = view === undefined ? given : view.see(given, now);
    if (delivery === undefined) return;
    const outlet = this.#outlet;
    if (outlet === undefined) this.#deliverAway(delivery);
    else if (!this.#mayLeave(outlet, delivery)) this.#enqueue(delivery);
    else if (!outlet.accepts(delivery))
      this.#lose('too-large', delivery); // [MQTT-3.1.2-25]
    else {
      this.#send(outlet, delivery, false, now);
      const { acceptance } = given.message;
      if (acceptance !== undefined) this.#around.deliveryTimes.handleWritten(acceptance);
    }
  }

  /** Whether the rules let it have messages of a topic that its client calls by this name. */
  #mayReceiveOwn(topicName: string): boolean {
    return this.#view === undefined ? this.mayReceive(topicName) : this.#view.mayReceive(topicName);
  }

  /** A SUBSCRIBE is being worked on: no retained messages before its SUBACK. The standard would allow it; nobody expects it. */
  handleSubscribe(): void {
    this.#unanswered++;
  }

  /** Its SUBACK is on its way, on the same connection. */
  handleSubscribed(now: number): void {
    this.#unanswered--;
    this.pump(now);
  }

  /** Retained messages of a new subscription follow what is sent already; a newer subscription to the same filter replaces them. */
  replay(replay: RetainedReplay): void {
    this.#replays ??= new RetainedReplays();
    this.#replays.add(replay);
  }

  /** The subscription is gone, and with it the retained messages that it still owed. */
  stopReplay(topicFilter: string): void {
    this.#replays?.delete(topicFilter);
    if (this.#replays?.isEmpty) this.#replays = undefined;
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
  handleDelivered(delivery: Delivery, reasonCode: ReasonCode, packetId: number): void {
    const { journal } = this.record;
    const isTaken = reasonCode < FIRST_FAILURE;
    if (isTaken) this.#around.counters.messagesDelivered++;
    else this.#lose('refused', delivery);
    if (isTaken && delivery.qos === 2) journal.received(packetId);
    else journal.finished(packetId);
  }

  /** The flow of a QoS 2 delivery is complete. */
  handleCompleted(packetId: number): void {
    this.record.journal.finished(packetId);
  }

  /** A delivery that was due again is larger than the client now takes. */
  handleUndeliverable(delivery: Delivery, packetId: number): void {
    this.#lose('too-large', delivery);
    this.record.journal.finished(packetId);
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0 || this.#replays !== undefined;
  }

  #mayLeave(outlet: Outlet, delivery: Delivery): boolean {
    if (!outlet.isWritable) return false;
    if (delivery.qos === 0) return this.#waiting.lets0Pass;
    return this.#waiting.length === 0 && outlet.hasRoom;
  }

  /** @param hasWaited Whether it is the first in the queue, which it leaves. */
  #send(outlet: Outlet, delivery: Delivery, hasWaited: boolean, now: number): void {
    const { counters, slab } = this.#around;
    counters.messagesSent++;
    if (delivery.qos !== 0) {
      counters.countSent(delivery.qos);
      delivery.message.keep(slab);
    }
    const packetId = outlet.deliver(delivery, now);
    if (delivery.qos === 0) {
      counters.messagesDelivered++;
      if (hasWaited) this.#waiting.drop();
    } else if (hasWaited) this.#waiting.send(packetId);
    else this.record.journal.sent(packetId, delivery);
  }

  /** What a subscription matches whose session has ended has matched nothing: it is on its way out of the table. */
  #deliverAway(delivery: Delivery): void {
    if (this.#hasEnded) this.#around.counters.messagesMatched--;
    else this.#keepForLater(delivery);
  }

  #keepForLater(delivery: Delivery): void {
    if (this.record.expiryInterval === 0) this.#lose('session-ended', delivery);
    else if (delivery.qos === 0 && !this.#around.capabilities.queueQoS0) this.#lose('offline-qos0', delivery);
    else this.#enqueue(delivery);
  }

  #handleFull(limit: QueueLimit): void {
    const { limits, limitWatch } = this.#around;
    limitWatch.handleReached(limit, { client: this.clientIdentifier, queuePolicy: limits.queuePolicy });
  }

  #enqueue(delivery: Delivery): void {
    const waiting = this.#waiting;
    const { byteLength } = delivery.message;
    const limit = waiting.limitAgainst(byteLength);
    if (limit === undefined) {
      waiting.push(delivery);
      return;
    }
    const { queuePolicy } = this.#around.limits;
    this.#handleFull(limit);
    if (limit === 'memoryLimit') {
      this.#lose('out-of-memory', delivery);
      return;
    }
    if (queuePolicy === 'disconnect' && this.#outlet !== undefined) {
      this.#outlet.cutOff();
      this.#keepForLater(delivery);
      return;
    }
    const othersGiveWay = queuePolicy === 'drop-oldest' || queuePolicy === 'disconnect';
    while (!waiting.hasRoomFor(byteLength)) {
      const oldest = othersGiveWay && waiting.couldHold(byteLength) ? waiting.drop() : undefined;
      this.#lose('queue-full', oldest ?? delivery);
      if (oldest === undefined) return;
    }
    waiting.push(delivery);
  }

  /** @returns Whether there may be more to do at once. */
  #pumpQueue(outlet: Outlet, now: number): boolean {
    const next = this.#waiting.peek();
    if (next === undefined || !this.#isDue(outlet, next, now)) return false;
    const loss = this.#lossOf(outlet, next, now);
    if (loss === undefined) {
      const { acceptance } = next.message;
      this.#send(outlet, next, true, now);
      if (acceptance !== undefined) this.#around.deliveryTimes.handleWritten(acceptance);
    } else {
      this.#lose(loss, next);
      this.#waiting.drop();
    }
    return true;
  }

  /** @returns Whether there may be more to do at once. */
  #pumpReplay(outlet: Outlet, now: number): boolean {
    const replay = this.#replays?.first;
    // What waits in the queue is older than the retained messages that follow it.
    if (replay === undefined || this.#unanswered > 0 || this.#waiting.length > 0) return false;
    if (!outlet.isWritable || (replay.needsWindow && !outlet.hasRoom)) return false;
    const taken = replay.take(now);
    if (taken === undefined) {
      if (replay.isDone) this.stopReplay(replay.topicFilter);
      return true;
    }
    this.#around.counters.messagesMatched++;
    const { message } = taken;
    const next = this.#view === undefined ? taken : this.#view.see(taken, now);
    if (next === undefined) return true;
    const isAllowed = this.#around.authorization.isSourceAllowed(message, message.topicName);
    const loss = isAllowed ? this.#lossOf(outlet, next, now) : 'not-authorized';
    if (loss === undefined) this.#send(outlet, next, false, now);
    else this.#lose(loss, next);
    return true;
  }

  /** Whether the client can take it now; what has expired can always go. */
  #isDue(outlet: Outlet, delivery: Delivery, now: number): boolean {
    if (delivery.message.isExpired(now)) return true;
    return outlet.isWritable && (delivery.qos === 0 || outlet.hasRoom);
  }

  /** Why a delivery cannot be sent; undefined when it can. */
  #lossOf(outlet: Outlet, delivery: Delivery, now: number): LossReason | undefined {
    if (delivery.message.isExpired(now)) return 'expired'; // [MQTT-3.3.2-5]
    if (!this.#mayReceiveOwn(delivery.message.topicName)) return 'not-authorized';
    return outlet.accepts(delivery) ? undefined : 'too-large';
  }

  #lose(reason: LossReason, { message }: Delivery): void {
    this.#around.ledger.count(reason, this.clientIdentifier, message.topicName);
  }
}
