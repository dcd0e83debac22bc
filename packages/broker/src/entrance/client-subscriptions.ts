import { ReasonCode, type SubscribePacket, type UnsubscribePacket } from '@busbar/codec';
import { isSharedSubscription, type ServerConnection } from '@busbar/protocol';
import type { Session } from '../session/session.ts';
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
    const answers = await later;
    if (!this.#connection.isConnected) return;
    this.#subscribe(session, packet, answers);
    this.#door.resumeInput();
  }

  #subscribe(session: Session, packet: SubscribePacket, answers: HookAnswers | undefined): void {
    const asked = answers === undefined ? packet : { ...packet, subscriptions: answers.allowed };
    const mounted = session.mountPoint?.subscribe(asked) ?? asked;
    const result = this.#rooms.sessions.subscribe(session, mounted);
    const { reasonCodes, refusals } = answers === undefined ? result : answers.complete(result);
    for (const { rule } of refusals) if (rule !== undefined) this.#rooms.tallies.denials.count('subscribe');
    for (const { message, rule } of refusals.slice(0, 1)) {
      const fields = { client: session.clientIdentifier, ...(rule === undefined ? {} : { rule }) };
      const { lines, clock } = this.#rooms;
      lines.refusedSubscription.write(fields, clock.now(), `subscription refused: ${message}`);
    }
    this.#door.whenKept(() => {
      this.#connection.acceptSubscribe(packet.packetId, reasonCodes, explainRefusals(refusals));
      session.pump(this.#rooms.clock.now());
    });
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
