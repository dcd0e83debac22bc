import { ReasonCode, type SubscribePacket, type SubscriptionRequest, type UnsubscribePacket } from '@busbar/codec';
import { isSharedSubscription, type ServerConnection } from '@busbar/protocol';
import type { Session } from '../session/session.ts';
import type { SubscribeAnswer, SubscriptionRefused } from '../session/session-table.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Door } from './client-admission.ts';
import { DividedWork } from './divided-work.ts';
import { explainRefusals } from './explanations.ts';
import { askAboutSubscriptions, type HookAnswers } from './hook-answers.ts';

/** What one client subscribes to: brings its requests to the session table, and answers when the store has kept what they changed. */
export class ClientSubscriptions {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #door: Pick<Door, 'whenKept' | 'resumeInput'>;
  readonly #work: DividedWork;
  #session: Session | undefined = undefined;

  constructor(rooms: BrokerRooms, connection: ServerConnection, door: Pick<Door, 'whenKept' | 'resumeInput'>) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#door = door;
    this.#work = new DividedWork(rooms, connection, door);
  }

  enter(session: Session): void {
    this.#session = session;
  }

  handleSubscribe(packet: SubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const sharedNoLocal = packet.subscriptions.some((each) => each.noLocal && isSharedSubscription(each.topicFilter));
    if (sharedNoLocal) {
      this.#connection.fault(ReasonCode.protocolError, 'No Local is set on a Shared Subscription [MQTT-3.8.3-4]');
      return;
    }
    const { subscribe } = this.#rooms.hooks;
    const answers = subscribe === undefined ? undefined : askAboutSubscriptions(subscribe, packet, session.identity);
    if (answers instanceof Promise) void this.#subscribeLater(session, packet, answers);
    else this.#subscribe(session, packet, answers);
  }

  async #subscribeLater(session: Session, packet: SubscribePacket, later: Promise<HookAnswers>): Promise<void> {
    this.#connection.holdInput();
    try {
      this.#subscribe(session, packet, await later);
    } catch (mistake) {
      this.#door.resumeInput(mistake);
    }
  }

  #subscribe(session: Session, packet: SubscribePacket, answers: HookAnswers | undefined): void {
    const asked = answers === undefined ? packet : { ...packet, subscriptions: answers.allowed };
    const mounted = session.mountPoint?.subscribe(asked) ?? asked;
    const { sessions, store } = this.#rooms;
    const isUnkept = store.failure !== undefined && session.isLasting;
    const all: { reasonCodes: ReasonCode[]; refusals: SubscriptionRefused[] } = { reasonCodes: [], refusals: [] };
    const subscribeOne = (request: SubscriptionRequest): void => {
      const one = { ...mounted, subscriptions: [request] };
      const { reasonCodes, refusals } = isUnkept
        ? this.#subscribeAgain(session, one, request)
        : sessions.subscribe(session, one);
      all.reasonCodes.push(...reasonCodes);
      all.refusals.push(...refusals);
    };
    this.#work.through(mounted.subscriptions, subscribeOne, () => {
      this.#accept(session, packet, answers === undefined ? all : answers.complete(all), isUnkept);
    });
  }

  #accept(
    session: Session,
    packet: SubscribePacket,
    { reasonCodes, refusals }: SubscribeAnswer,
    isUnkept: boolean,
  ): void {
    for (const { rule } of refusals) if (rule !== undefined) this.#rooms.tallies.denials.count('subscribe');
    for (const { message, rule } of refusals.slice(0, 1)) {
      const fields = { client: session.clientIdentifier, ...(rule === undefined ? {} : { rule }) };
      const { lines, clock } = this.#rooms;
      lines.refusedSubscription.write(fields, clock.now(), `subscription refused: ${message}`);
    }
    this.#door.whenKept(
      () => {
        this.#connection.acceptSubscribe(packet.packetId, reasonCodes, explainRefusals(refusals));
        session.pump(this.#rooms.clock.now());
      },
      false,
      isUnkept,
    );
  }

  /** While the store keeps nothing, only what is kept already can be promised: clients that come back often subscribe again. */
  #subscribeAgain(session: Session, packet: SubscribePacket, request: SubscriptionRequest): SubscribeAnswer {
    const { sessions, capabilities } = this.#rooms;
    const kept = session.record.subscriptions.get(request.topicFilter);
    const isSame =
      kept?.qos === Math.min(request.qos, capabilities.maximumQoS) &&
      kept.noLocal === request.noLocal &&
      kept.retainAsPublished === request.retainAsPublished &&
      kept.retainHandling === request.retainHandling &&
      kept.subscriptionIdentifier === packet.properties.subscriptionIdentifiers?.[0];
    if (isSame) return sessions.subscribe(session, packet);
    const refusals = [{ topicFilter: request.topicFilter, message: 'the store cannot keep subscriptions' }];
    return { reasonCodes: [ReasonCode.quotaExceeded], refusals };
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const { mountPoint } = session;
    const reasonCodes: ReasonCode[] = [];
    const unsubscribeOne = (filter: string): void => {
      reasonCodes.push(...this.#rooms.sessions.unsubscribe(session, [mountPoint?.filter(filter) ?? filter]));
    };
    this.#work.through(packet.topicFilters, unsubscribeOne, () => {
      this.#door.whenKept(() => this.#connection.acceptUnsubscribe(packet.packetId, reasonCodes));
    });
  }
}
