import { isUtf8 } from 'node:buffer';
import { FIRST_FAILURE, type ProtocolVersion, type PublishView, type QoS, ReasonCode } from '@busbar/codec';
import { ApplicationMessage, LATER, MarkQueue, type ServerConnection } from '@busbar/protocol';
import { describeVerdict, type Verdict } from '../authorization/rule.ts';
import type { Durability } from '../config/durability.ts';
import type { Route } from '../router/route.ts';
import type { Session } from '../session/session.ts';
import type { BrokerRooms } from './broker-rooms.ts';

/** A publication that is routed, and acknowledged as soon as the store has kept what it changed. */
export interface Unkept {
  readonly mark: number;
  /** Whose message it is: at QoS 2 its session is to know of it, whatever becomes of the connection. */
  readonly session: Session;
  readonly qos: 1 | 2;
  readonly packetId: number;
  readonly reasonCode: ReasonCode;
}

/** Whoever sees to it that what waits for the store is not forgotten. */
export interface UnkeptOwner {
  /** An acknowledgement waits for {@link ClientPublications.handleKept}. */
  awaitKept(): void;
}

/**
 * What one client publishes: finds the route of each message, refuses what may not be routed, and acknowledges what must be
 * kept when the store has kept it.
 *
 *     PUBLISH --> route --> refused: topic, rights, payload, a store that cannot keep it
 *                       \-> routed --> acknowledged at once, or when its batch is kept
 */
export class ClientPublications {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  /** Whether somebody has to wait for the store where no rule says so. */
  readonly #durability: Durability;
  readonly #owner: UnkeptOwner;
  /** What it has brought and the store has not kept yet. Its Receive Maximum bounds it. */
  readonly #unkept = new MarkQueue<Unkept>();
  #session: Session | undefined = undefined;
  #lastRoute: Route | undefined = undefined;
  #refusal: string | undefined = undefined;

  constructor(rooms: BrokerRooms, connection: ServerConnection, durability: Durability, owner: UnkeptOwner) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#durability = durability;
    this.#owner = owner;
  }

  /** Whether acknowledgements wait for the store. */
  get isWaiting(): boolean {
    return !this.#unkept.isEmpty;
  }

  /** Why the latest message was refused; undefined where its Reason Code says all there is to say. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  enter(session: Session): void {
    this.#session = session;
  }

  /** The parameters beside the packet differ from what it says where a hook has changed the message, and not its flow. */
  handlePublish(
    packet: PublishView,
    qos: QoS = packet.qos,
    packetId = packet.packetId,
    version: ProtocolVersion = this.#connection.version,
  ): ReasonCode | typeof LATER {
    const mountPoint = this.#session?.mountPoint;
    const view = mountPoint === undefined ? packet : mountPoint.enter(packet, version);
    if (view === undefined) return this.#refuseLongTopic();
    const { router, clock, counters, store, deliveryTimes } = this.#rooms;
    const { topicBytes, topicStart, topicEnd } = view;
    let route = this.#lastRoute;
    if (route === undefined || !route.isOf(topicBytes, topicStart, topicEnd)) {
      route = router.routeOf(topicBytes, topicStart, topicEnd);
      if (route.fault !== undefined) {
        if (route.fault.limit !== undefined) this.#rooms.limitWatch.count(route.fault.limit);
        this.#connection.fault(route.fault.reasonCode, route.fault.message);
        return route.fault.reasonCode;
      }
      if (route.isReserved) return this.#refuseReserved(route, qos);
      const verdict = this.#session?.rights?.publish(route.topicName);
      if (verdict?.isAllowed === false) return this.#refuseUnauthorized(verdict, route, qos);
      this.#lastRoute = route;
    }
    if (view.end - view.propertiesEnd > this.#rooms.limits.maximumPayloadSize)
      return this.#refuseLargePayload(view, route, qos);
    if (view.payloadIsText && this.#rooms.capabilities.checkPayloadFormat && !isUtf8(view.payload)) {
      return this.#refusePayload(qos);
    }
    const session = this.#session as Session;
    if (qos !== 0 && store.failure !== undefined && this.#mustBeKept(view, qos, route, session)) {
      return this.#refuseUnkept();
    }
    counters.messagesReceived++;
    const changesBefore = store.changes;
    const now = clock.now();
    const { topicName, topicBytes: ownTopicBytes } = route;
    const publisher = session.clientIdentifier;
    const message = new ApplicationMessage(view, version === 5, topicName, ownTopicBytes, publisher, now);
    if (--deliveryTimes.untilNext === 0) message.acceptance = deliveryTimes.accept(now);
    if (message.retain) this.#rooms.authorization.rememberSource(message, session.identity);
    const reasonCode = router.publish(message, route, qos !== 0 && this.#connection.version === 5, now);
    if (qos === 0) return reasonCode;
    counters.countReceived(qos);
    if (reasonCode >= FIRST_FAILURE) this.#refusal = 'as many messages wait or are retained as may';
    else if (qos === 2) session.handleAccepted(packetId);
    if (store.changes === changesBefore || !this.#waits(route)) return reasonCode;
    this.#unkept.push({ mark: store.mark, session, qos, packetId, reasonCode });
    this.#owner.awaitKept();
    return LATER;
  }

  #refuseLongTopic(): ReasonCode {
    this.#connection.fault(ReasonCode.topicNameInvalid, 'the Topic Name is too long behind the mount point');
    return ReasonCode.topicNameInvalid;
  }

  /** Acknowledges what the store has kept. */
  handleKept(keptMark: number): void {
    const unkept = this.#unkept;
    for (let next = unkept.take(keptMark); next !== undefined; next = unkept.take(keptMark)) this.accept(next);
  }

  /** After this connection, what is to be known of a QoS 2 message is its session's business, and the next connection's. */
  protected accept({ session, qos, packetId, reasonCode }: Omit<Unkept, 'mark'>, reason?: string): void {
    if (this.#connection.isConnected) this.#connection.acceptPublish(qos, packetId, reasonCode, reason);
    else if (qos === 2) session.acceptPublish(packetId, reasonCode);
  }

  #waits(route: Route): boolean {
    return (route.durability ?? this.#durability) === 'disk';
  }

  /** Only the broker itself publishes below `$SYS`. */
  #refuseReserved({ topicName }: Route, qos: QoS): ReasonCode {
    this.#refusal = 'only the broker publishes below $SYS';
    this.#countUntold('publish-not-authorized', topicName, qos);
    return ReasonCode.notAuthorized;
  }

  /** Rules have changed: what was allowed is asked for again. */
  handleRightsChanged(): void {
    this.#lastRoute = undefined;
  }

  /** Below 5.0 a client cannot be told: it is acknowledged, or cut off. [MQTT311-3.3.5-2] */
  #refuseUnauthorized(verdict: Verdict, { topicName }: Route, qos: QoS): ReasonCode {
    const { authorization, counters, tallies, ledger, lines, clock } = this.#rooms;
    const { reasonCode, reason } = authorization.denialOf(verdict);
    const { clientIdentifier, userName } = this.#session?.identity ?? { clientIdentifier: '' };
    counters.messagesReceived++;
    if (qos !== 0) counters.countReceived(qos);
    tallies.denials.count('publish');
    ledger.countRefusal('publish-not-authorized', topicName);
    const rule = describeVerdict(verdict);
    lines.deniedPublish.write({ client: clientIdentifier, user: userName, topic: topicName, rule }, clock.now());
    this.#refusal = reason;
    if (authorization.endsConnection) this.#connection.disconnect(reasonCode, reason ?? 'not authorized to publish');
    return reasonCode;
  }

  /** A refusal that the client cannot be told of is a loss in silence: at QoS 0, and below 5.0. */
  #countUntold(reason: 'publish-not-authorized' | 'payload-too-large', topicName: string, qos: QoS): void {
    if (qos === 0 || this.#connection.version !== 5) this.#rooms.ledger.countRefusal(reason, topicName);
  }

  /** Whether a message would change what the store must keep, its sender's session included. */
  #mustBeKept(view: PublishView, qos: QoS, route: Route, { record }: Session): boolean {
    if (!this.#waits(route)) return false;
    return (qos === 2 && record.isLasting) || view.retain || this.#rooms.router.reachesLasting(route);
  }

  /** The store cannot keep anything: no acknowledgement says that it has. Below 5.0 only the end of the connection says so. */
  #refuseUnkept(): ReasonCode {
    const { quotaExceeded } = ReasonCode;
    this.#refusal = 'the store cannot keep messages';
    if (this.#connection.version !== 5) this.#connection.disconnect(quotaExceeded, this.#refusal);
    return quotaExceeded;
  }

  /** PUBACK and PUBREC have no 0x95. */
  #refuseLargePayload(view: PublishView, { topicName }: Route, qos: QoS): ReasonCode {
    const { limits, limitWatch, counters } = this.#rooms;
    counters.messagesReceived++;
    if (qos !== 0) counters.countReceived(qos);
    const allowed = limits.maximumPayloadSize;
    const byteLength = view.end - view.propertiesEnd;
    limitWatch.handleReached('maximumPayloadSize', { client: this.#session?.clientIdentifier, byteLength, allowed });
    this.#refusal = `expected a payload of at most ${allowed} bytes, ${byteLength} came`;
    this.#countUntold('payload-too-large', topicName, qos);
    return qos !== 0 && this.#connection.version === 5 ? ReasonCode.quotaExceeded : ReasonCode.success;
  }

  /** At QoS 0 there is no acknowledgement to say it with (section 3.3.2.3.2). */
  #refusePayload(qos: QoS): ReasonCode {
    const { payloadFormatInvalid } = ReasonCode;
    this.#refusal = 'the payload says it is UTF-8 text, and is not';
    if (qos === 0) this.#connection.fault(payloadFormatInvalid, this.#refusal);
    return payloadFormatInvalid;
  }
}
