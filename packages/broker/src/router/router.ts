import { decodeUtf8, ReasonCode, utf8Fault } from '@busbar/codec';
import {
  type ApplicationMessage,
  copyOf,
  countTopicLevels,
  Delivery,
  type Successor,
  topicNameFault,
} from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import type { DurabilityRules } from '../config/durability.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { Counters } from '../observe/counters.ts';
import type { LimitWatch } from '../observe/limit-watch.ts';
import type { LossLedger } from '../observe/loss-ledger.ts';
import type { RetainedMessages } from '../retained/retained-messages.ts';
import { NOBODY, type Receiver } from '../subscription/receiver.ts';
import type { SubscriptionTable } from '../subscription/subscription-table.ts';
import { DeniedRoute, GroupRoute, SharedSuccessor } from './group-route.ts';
import { type Destination, Route, type TopicFault } from './route.ts';
import { hashBytes, RouteCache } from './route-cache.ts';

/**
 * Brings each message to the sessions whose subscriptions match (section 4.7, 4.8), and to the retained messages.
 *
 * Who receives is looked up once per Topic Name and remembered in its {@link Route} until a subscription changes. Which
 * session a message goes to is decided here; whether it leaves at once, waits or is lost is the session's business.
 */
export class Router {
  readonly #subscriptions: SubscriptionTable;
  readonly #retained: RetainedMessages;
  readonly #counters: Counters;
  readonly #ledger: LossLedger;
  readonly #limits: BrokerLimits;
  readonly #authorization: Authorization;
  readonly #durability: DurabilityRules;
  readonly #routes: RouteCache;
  readonly #limitWatch: LimitWatch;

  constructor(
    subscriptions: SubscriptionTable,
    retained: RetainedMessages,
    counters: Counters,
    ledger: LossLedger,
    limits: BrokerLimits,
    authorization: Authorization,
    durability: DurabilityRules,
    limitWatch: LimitWatch,
  ) {
    this.#limitWatch = limitWatch;
    this.#subscriptions = subscriptions;
    this.#retained = retained;
    this.#counters = counters;
    this.#ledger = ledger;
    this.#limits = limits;
    this.#authorization = authorization;
    this.#durability = durability;
    this.#routes = new RouteCache(limits.maximumRoutes);
  }

  /** The route of the Topic Name that these bytes spell; one with a fault when they do not spell one. */
  routeOf(bytes: Uint8Array, start: number, end: number): Route {
    const hash = hashBytes(bytes, start, end);
    const known = this.#routes.find(hash, bytes, start, end);
    if (known !== undefined) return known;
    const route = this.#makeRoute(copyOf(bytes, start, end), hash);
    if (route.fault === undefined) this.#routes.add(route);
    return route;
  }

  /**
   * Routes a message to everybody who is to receive it.
   *
   * @param canRefuse Whether its publisher can be told that it was refused, and so knows that nothing of it has happened.
   *   Otherwise a message that cannot be retained goes to those who are subscribed now.
   * @returns The Reason Code for its publisher: success, 0x10 when nobody receives it, 0x97 when it could not be retained.
   */
  publish(message: ApplicationMessage, route: Route, canRefuse: boolean, now: number): ReasonCode {
    if (route.epoch !== this.#subscriptions.epoch) this.#match(route);
    if (canRefuse && (this.#limits.queuePolicy === 'refuse' || this.#retained.isShut) && isRefused(message, route))
      return ReasonCode.quotaExceeded;
    if (message.retain && !this.#retained.retain(message)) {
      this.#countUnretained(message);
      if (canRefuse) return ReasonCode.quotaExceeded;
      this.#ledger.countRefusal('retained-full', message.topicName);
    }
    const { receivers, groups } = route;
    let reached = 0;
    let shared: Delivery | undefined;
    for (let i = 0; i < receivers.length; i++) {
      let receiver: Receiver | undefined = receivers[i] as Receiver;
      if (receiver.hasNoLocal && receiver.subscriber.clientIdentifier === message.publisher) {
        receiver = receiver.forOwnMessages();
        if (receiver === undefined) continue;
      }
      shared = deliveryTo(receiver, message, shared);
      receiver.subscriber.deliver(shared, now);
      reached++;
    }
    for (let i = 0; i < groups.length; i++) (groups[i] as Destination).publish(message, now);
    reached += groups.length;
    this.#counters.messagesMatched += reached;
    if (message.retain) message.dropForms();
    return reached === 0 ? ReasonCode.noMatchingSubscribers : ReasonCode.success;
  }

  /** Whether somebody among the receivers may have a session that the store keeps. */
  reachesLasting(route: Route): boolean {
    if (route.epoch !== this.#subscriptions.epoch) this.#match(route);
    return route.groups.length > 0 || route.receivers.some(({ subscriber }) => subscriber.isLasting);
  }

  /** Routes that are remembered, with those who receive by them now. */
  *routes(): Generator<Route, void> {
    for (const route of this.#routes) {
      if (route.epoch !== this.#subscriptions.epoch) this.#match(route);
      yield route;
    }
  }

  /** Who takes deliveries of a Shared Subscription over whose member is gone. */
  successorOf(sharedFilter: string): Successor {
    return new SharedSuccessor(sharedFilter, this.#subscriptions, this.#ledger, this.#authorization);
  }

  /** Routes a message that the broker itself makes: wills, `$SYS`, programs. */
  publishOwn(message: ApplicationMessage, now: number): ReasonCode {
    const { topicBytes } = message;
    return this.publish(message, this.routeOf(topicBytes, 0, topicBytes.length), false, now);
  }

  #match(route: Route): void {
    const { receivers, groups } = this.#subscriptions.match(route.topicName);
    const weightBefore = route.weight;
    route.receivers = receivers;
    route.groups =
      groups.length === 0 ? NOBODY : groups.map((match) => new GroupRoute(match, this.#ledger, this.#authorization));
    if (this.#authorization.isActive && receivers.length > 0) this.#withhold(route);
    route.epoch = this.#subscriptions.epoch;
    this.#routes.handleWeight(route, route.weight - weightBefore);
  }

  /** Who may receive is found out once for all messages of the topic. */
  #withhold(route: Route): void {
    const { receivers, topicName } = route;
    const isAllowed = ({ subscriber }: Receiver): boolean => subscriber.mayReceive(topicName);
    const denied = receivers.filter((receiver) => !isAllowed(receiver));
    if (denied.length === 0) return;
    route.receivers = receivers.filter(isAllowed);
    route.groups = [...route.groups, ...denied.map(({ subscriber }) => new DeniedRoute(subscriber, this.#ledger))];
  }

  #makeRoute(topicBytes: Uint8Array, hash: number): Route {
    const fault = utf8Fault(topicBytes, 0, topicBytes.length);
    if (fault !== undefined) {
      const message = `the Topic Name ${fault} [MQTT-1.5.4-1]`;
      return new Route('', topicBytes, hash, { reasonCode: ReasonCode.malformedPacket, message }, undefined);
    }
    const topicName = decodeUtf8(topicBytes, 0, topicBytes.length);
    return new Route(
      topicName,
      topicBytes,
      hash,
      this.#faultOf(topicName, topicBytes.length),
      this.#durability.of(topicName),
    );
  }

  #faultOf(topicName: string, byteLength: number): TopicFault | undefined {
    const { maximumTopicLevels, maximumTopicLength } = this.#limits;
    const message =
      byteLength > maximumTopicLength
        ? `expected a Topic Name of at most ${maximumTopicLength} bytes, one of ${byteLength} came`
        : topicNameFault(topicName, { maxLevels: maximumTopicLevels });
    if (message === undefined) return undefined;
    const isTooDeep = countTopicLevels(topicName) > maximumTopicLevels;
    const limit = byteLength > maximumTopicLength ? 'maximumTopicLength' : isTooDeep ? 'maximumTopicLevels' : undefined;
    return { reasonCode: ReasonCode.topicNameInvalid, message, limit }; // [MQTT-3.3.2-2]
  }

  #countUnretained({ publisher, byteLength }: ApplicationMessage): void {
    const { maximumRetainedMessages, maximumRetainedBytes } = this.#limits;
    const isFull = this.#retained.boundedByteLength + byteLength > maximumRetainedBytes;
    const limit = this.#retained.isShut ? 'memoryLimit' : isFull ? 'maximumRetainedBytes' : 'maximumRetainedMessages';
    this.#limitWatch.handleReached(limit, { client: publisher, maximumRetainedMessages, maximumRetainedBytes });
  }
}

/** Whether the message must wait for somebody for whom no more may wait. Of a Shared Subscription another member may take it. */
function isRefused(message: ApplicationMessage, { receivers }: Route): boolean {
  return receivers.some(({ subscriber, qos }) => subscriber.mustRefuse(message, message.qos < qos ? message.qos : qos));
}

/** Receivers of the same QoS and flags share one delivery. */
function deliveryTo(receiver: Receiver, message: ApplicationMessage, shared: Delivery | undefined): Delivery {
  const qos = message.qos < receiver.qos ? message.qos : receiver.qos; // [MQTT-3.8.4-8]
  const retain = receiver.retainAsPublished && message.retain; // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
  const identifiers = receiver.subscriptionIdentifiers;
  if (shared?.qos === qos && shared.retain === retain && shared.subscriptionIdentifiers === identifiers) return shared;
  return new Delivery(message, qos, retain, identifiers);
}
