import {
  decodeUtf8,
  FIRST_FAILURE,
  type ProtocolVersion,
  PublishView,
  type QoS,
  type ReasonCode,
  utf8Fault,
} from '@busbar/codec';
import { LATER, type ServerConnection, topicNameFault } from '@busbar/protocol';
import type { Durability } from '../config/durability.ts';
import type { HookRefusal } from '../hook/broker-hooks.ts';
import { HookMessage } from '../hook/hook-message.ts';
import { type Hooks, isRefusal } from '../hook/hooks.ts';
import type { Session } from '../session/session.ts';
import type { BrokerRooms } from './broker-rooms.ts';
import { ClientPublications, type UnkeptOwner } from './client-publications.ts';

/** Where a message stands in the flow with its client, which no hook changes. */
interface Flow {
  readonly qos: QoS;
  readonly packetId: number;
  readonly topicName: string;
}

/**
 * What one client publishes to a broker with `publish` hooks: they see each message before everything else does, change or
 * refuse it, and what is left goes its ordinary way. While they take time, the client's further packets wait.
 *
 *     PUBLISH --> hooks --> refused
 *                      \-> as it came, or a packet of their making --> ClientPublications
 */
export class HookedPublications extends ClientPublications {
  readonly #rooms: BrokerRooms;
  readonly #connection: ServerConnection;
  readonly #ask: NonNullable<Hooks['publish']>;
  readonly #onAnswered: (mistake?: unknown) => void;
  readonly #view = new PublishView();
  #own: Session | undefined = undefined;
  /** The refusal of a hook, where it was one. */
  #refused: HookRefusal | undefined = undefined;

  /** @param onAnswered The client's input may go on, unless there was a mistake of ours. */
  constructor(
    rooms: BrokerRooms,
    connection: ServerConnection,
    durability: Durability,
    owner: UnkeptOwner,
    ask: NonNullable<Hooks['publish']>,
    onAnswered: (mistake?: unknown) => void,
  ) {
    super(rooms, connection, durability, owner);
    this.#rooms = rooms;
    this.#connection = connection;
    this.#ask = ask;
    this.#onAnswered = onAnswered;
  }

  override get refusal(): string | undefined {
    return this.#refused === undefined ? super.refusal : this.#refused.reason;
  }

  override enter(session: Session): void {
    super.enter(session);
    this.#own = session;
  }

  override handlePublish(packet: PublishView): ReasonCode | typeof LATER {
    this.#refused = undefined;
    const { topicBytes, topicStart, topicEnd, qos, packetId } = packet;
    // What is no topic goes no further anyhow.
    if (utf8Fault(topicBytes, topicStart, topicEnd) !== undefined) return super.handlePublish(packet);
    const topicName = decodeUtf8(topicBytes, topicStart, topicEnd);
    if (topicNameFault(topicName) !== undefined || this.#own === undefined) return super.handlePublish(packet);
    const version5 = this.#connection.version === 5;
    const message = new HookMessage({ packet: packet.bytes.subarray(packet.start, packet.end), version5, topicName });
    const answer = this.#ask(message, this.#own.identity);
    if (answer instanceof Promise) {
      message.own();
      this.#connection.holdInput();
      void this.#goOnLater(answer, { qos, packetId, topicName }, this.#own);
      return LATER;
    }
    if (answer === message) return super.handlePublish(packet);
    return this.#goOn(answer, { qos, packetId, topicName });
  }

  #goOn(answer: HookMessage | HookRefusal, flow: Flow): ReasonCode | typeof LATER {
    if (isRefusal(answer)) return this.#refuse(answer, flow);
    const { bytes, bodyStart, version5 } = answer.packet;
    const version: ProtocolVersion = version5 ? 5 : 4;
    const view = this.#view;
    view.read(bytes, 0, bodyStart, bytes.length, version);
    if (view.topicStart === view.topicEnd) {
      // A Topic Alias stood for it.
      view.topicBytes = Buffer.from(answer.topicName);
      view.topicStart = 0;
      view.topicEnd = view.topicBytes.length;
    }
    const reasonCode = super.handlePublish(view, flow.qos, flow.packetId, version);
    view.release();
    return reasonCode;
  }

  /** The connection may have ended meanwhile: the message goes on all the same, as one does that the store keeps late. */
  async #goOnLater(answer: Promise<HookMessage | HookRefusal>, flow: Flow, session: Session): Promise<void> {
    const { qos, packetId } = flow;
    try {
      const reasonCode = this.#goOn(await answer, flow);
      if (qos !== 0 && reasonCode !== LATER) {
        const reason = reasonCode < FIRST_FAILURE ? undefined : this.refusal;
        this.accept({ session, qos, packetId, reasonCode }, reason);
      }
      this.#onAnswered();
    } catch (mistake) {
      this.#onAnswered(mistake);
    }
  }

  #refuse(refusal: HookRefusal, { qos, topicName }: Flow): ReasonCode {
    this.#rooms.counters.messagesReceived++;
    this.#refused = refusal;
    // A refusal that the client cannot be told of would be a loss in silence.
    if (qos === 0 || this.#connection.version !== 5) this.#rooms.ledger.countRefusal('refused-by-hook', topicName);
    return refusal.refuse;
  }
}
