import { ReasonCode, type SubscribePacket, type UnsubscribePacket } from '@busbar/codec';
import { isSharedSubscription, type ServerConnection } from '@busbar/protocol';
import type { Session } from '../session/session.ts';
import type { SubscribeAnswer } from '../session/session-table.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import type { Door } from './client-admission.ts';
import { explainRefusals } from './explanations.ts';
import { askAboutSubscriptions, type HookAnswers } from './hook-answers.ts';

/** What one client subscribes to: brings its requests to the session table, and answers when the store has kept what they changed. */
export class ClientSubscriptions {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #door: Pick<Door, 'whenKept' | 'resumeInput'>;
  #session: Session | undefined = undefined;

  constructor(rooms: BrokerRooms, connection: ServerConnection, door: Pick<Door, 'whenKept' | 'resumeInput'>) {
    this.#rooms = rooms;
    this.#connection = connection;
    this.#door = door;
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
      const answers = await later;
      if (!this.#connection.isConnected) return;
      this.#subscribe(session, packet, answers);
      this.#door.resumeInput();
    } catch (mistake) {
      this.#door.resumeInput(mistake);
    }
  }

  #subscribe(session: Session, packet: SubscribePacket, answers: HookAnswers | undefined): void {
    const asked = answers === undefined ? packet : { ...packet, subscriptions: answers.allowed };
    const mounted = session.mountPoint?.subscribe(asked) ?? asked;
    const { sessions, store } = this.#rooms;
    const isUnkept = store.failure !== undefined && session.isLasting;
    const result = isUnkept ? this.#subscribeAgain(session, mounted) : sessions.subscribe(session, mounted);
    const { reasonCodes, refusals } = answers === undefined ? result : answers.complete(result);
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
  #subscribeAgain(session: Session, packet: SubscribePacket): SubscribeAnswer {
    const { sessions, capabilities } = this.#rooms;
    const identifier = packet.properties.subscriptionIdentifiers?.[0];
    const answers = packet.subscriptions.map((request) => {
      const kept = session.record.subscriptions.get(request.topicFilter);
      const qos = Math.min(request.qos, capabilities.maximumQoS);
      const isSame =
        kept?.qos === qos &&
        kept.noLocal === request.noLocal &&
        kept.retainAsPublished === request.retainAsPublished &&
        kept.retainHandling === request.retainHandling &&
        kept.subscriptionIdentifier === identifier;
      if (isSame) return sessions.subscribe(session, { ...packet, subscriptions: [request] });
      const refusals = [{ topicFilter: request.topicFilter, message: 'the store cannot keep subscriptions' }];
      return { reasonCodes: [ReasonCode.quotaExceeded], refusals };
    });
    return {
      reasonCodes: answers.flatMap(({ reasonCodes }) => reasonCodes),
      refusals: answers.flatMap(({ refusals }) => refusals),
    };
  }

  handleUnsubscribe(packet: UnsubscribePacket): void {
    const session = this.#session;
    if (session === undefined) return;
    const { mountPoint } = session;
    const filters = packet.topicFilters.map((filter) => mountPoint?.filter(filter) ?? filter);
    const reasonCodes = this.#rooms.sessions.unsubscribe(session, filters);
    this.#door.whenKept(() => this.#connection.acceptUnsubscribe(packet.packetId, reasonCodes));
  }
}
