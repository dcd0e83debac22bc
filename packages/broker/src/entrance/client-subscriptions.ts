import { ReasonCode, type SubscribePacket, type SubscriptionRequest, type UnsubscribePacket } from '@busbar/codec';
import { isSharedSubscription, type ServerConnection } from '@busbar/protocol';
import type { Session } from '../session/session.ts';
import type { SubscribeAnswer, SubscriptionRefused } from '../session/session-table.ts';
import type { StoredSubscription } from '../store/store.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Door } from './client-admission.ts';
import { DividedWork } from './divided-work.ts';
import { explainRefusals } from './explanations.ts';
import { askAboutSubscriptions, type HookAnswers, type SubackAnswer } from './hook-answers.ts';

/** What one client subscribes to: brings its requests to the session table, and answers when the store has kept what they changed. */
export class ClientSubscriptions {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #door: Pick<Door, 'whenKept' | 'resumeInput'>;
  readonly #session: Session;
  readonly #work: DividedWork;
  readonly #isOldBridge: boolean;

  /** @param isOldBridge Whether it is another broker, of a version below 5.0. */
  constructor(
    rooms: BrokerRooms,
    connection: ServerConnection,
    door: Pick<Door, 'whenKept' | 'resumeInput'>,
    session: Session,
    isOldBridge: boolean,
  ) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#door = door;
    this.#session = session;
    this.#work = new DividedWork(rooms, connection, door);
    this.#isOldBridge = isOldBridge;
  }

  handleSubscribe(packet: SubscribePacket): void {
    const sharedNoLocal = packet.subscriptions.some((each) => each.noLocal && isSharedSubscription(each.topicFilter));
    if (sharedNoLocal) {
      this.#connection.fault(ReasonCode.protocolError, 'No Local is set on a Shared Subscription [MQTT-3.8.3-4]');
      return;
    }
    const { subscribe } = this.#rooms.hooks;
    const answers =
      subscribe === undefined ? undefined : askAboutSubscriptions(subscribe, packet, this.#session.identity);
    if (answers instanceof Promise) void this.#subscribeLater(packet, answers);
    else this.#subscribe(packet, answers);
  }

  async #subscribeLater(packet: SubscribePacket, later: Promise<HookAnswers>): Promise<void> {
    this.#connection.holdInput();
    try {
      this.#subscribe(packet, await later);
    } catch (mistake) {
      this.#door.resumeInput(mistake);
    }
  }

  #subscribe(packet: SubscribePacket, answers: HookAnswers | undefined): void {
    const session = this.#session;
    const requests = answers === undefined ? packet.subscriptions : answers.allowed;
    const subscriptionIdentifier = packet.properties.subscriptionIdentifiers?.[0];
    const isUnkept = this.#rooms.store.failure !== undefined && session.isLasting;
    const reasonCodes: ReasonCode[] = [];
    const refusals: SubscriptionRefused[] = [];
    const subscribeOne = (request: SubscriptionRequest): void => {
      const topicFilter = session.mountPoint?.filter(request.topicFilter) ?? request.topicFilter;
      const options = this.#isOldBridge ? asBridge(request) : request;
      const subscription = { ...options, topicFilter, subscriptionIdentifier };
      const { reasonCode, refused } = this.#answerTo(subscription, isUnkept);
      reasonCodes.push(reasonCode);
      if (refused !== undefined) refusals.push(refused);
    };
    session.handleSubscribe();
    this.#work.through(requests, subscribeOne, () => {
      const answer = { reasonCodes, refusals };
      this.#accept(packet.packetId, answers?.complete(answer) ?? answer, isUnkept);
    });
  }

  #accept(packetId: number, { reasonCodes, refusals }: SubackAnswer, isUnkept: boolean): void {
    const session = this.#session;
    for (const { rule } of refusals) if (rule !== undefined) this.#rooms.tallies.denials.count('subscribe');
    for (const { message, rule } of refusals.slice(0, 1)) {
      const fields = { client: session.clientIdentifier, ...(rule === undefined ? {} : { rule }) };
      const { lines, clock } = this.#rooms;
      lines.refusedSubscription.write(fields, clock.now(), `subscription refused: ${message}`);
    }
    this.#door.whenKept(
      () => {
        if (!this.#connection.isConnected) return;
        this.#connection.acceptSubscribe(packetId, reasonCodes, explainRefusals(refusals));
        session.handleSubscribed(this.#rooms.clock.now());
      },
      false,
      isUnkept,
    );
  }

  #answerTo(subscription: StoredSubscription, isUnkept: boolean): SubscribeAnswer {
    if (!isUnkept || this.#isKept(subscription)) return this.#rooms.sessions.subscribe(this.#session, subscription);
    const refused = { topicFilter: subscription.topicFilter, message: 'the store cannot keep subscriptions' };
    return { reasonCode: ReasonCode.quotaExceeded, refused };
  }

  /** While the store keeps nothing, only what is kept already can be promised: clients that come back often subscribe again. */
  #isKept(subscription: StoredSubscription): boolean {
    const kept = this.#session.record.subscriptions.get(subscription.topicFilter);
    return (
      kept?.qos === Math.min(subscription.qos, this.#rooms.capabilities.maximumQoS) &&
      kept.noLocal === subscription.noLocal &&
      kept.retainAsPublished === subscription.retainAsPublished &&
      kept.retainHandling === subscription.retainHandling &&
      kept.subscriptionIdentifier === subscription.subscriptionIdentifier
    );
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    const session = this.#session;
    const { mountPoint } = session;
    const reasonCodes: ReasonCode[] = [];
    const unsubscribeOne = (filter: string): void => {
      reasonCodes.push(this.#rooms.sessions.unsubscribe(session, mountPoint?.filter(filter) ?? filter));
    };
    this.#work.through(packet.topicFilters, unsubscribeOne, () => {
      this.#door.whenKept(() => this.#connection.acceptUnsubscribe(packet.packetId, reasonCodes));
    });
  }
}

/**
 * What a bridge of 5.0 asks for by itself, one below 5.0 gets: none of its own messages back, which would go round for ever, and the
 * RETAIN flag, so that its broker retains what this one does.
 */
function asBridge(request: SubscriptionRequest): SubscriptionRequest {
  return { ...request, noLocal: !isSharedSubscription(request.topicFilter), retainAsPublished: true };
}
