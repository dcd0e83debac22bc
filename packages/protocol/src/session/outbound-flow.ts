import { NONE } from './none.ts';
import { PacketIdMap } from './packet-id-map.ts';

/** Where a message of QoS 1 or 2 stands on its way out. */
export const Stage = {
  /** QoS 1, PUBLISH sent, PUBACK awaited. */
  awaitingPuback: 1,
  /** QoS 2, PUBLISH sent, PUBREC awaited. */
  awaitingPubrec: 2,
  /** QoS 2, PUBREL sent, PUBCOMP awaited; the message itself is no longer needed. */
  awaitingPubcomp: 3,
} as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

/** A message that is in flight. */
export interface InFlight<Message> {
  readonly packetId: number;
  stage: Stage;
  /** Undefined from PUBREC on. */
  message: Message | undefined;
}

/** What the flow itself knows of it besides. */
interface Entry<Message> extends InFlight<Message> {
  /** Counts up with each first sending. */
  readonly order: number;
  /** Whether its PUBLISH was sent on this connection and so holds a place in the window. */
  holdsPlace: boolean;
}

const LARGEST_PACKET_ID = 65_535;

/**
 * The sender's half of QoS 1 and QoS 2 delivery (sections 4.3.2, 4.3.3 and 4.4), with the sender's Packet Identifiers
 * (section 2.2.1) and the window of the receiver's Receive Maximum (section 4.9).
 *
 *     QoS 1: send() PUBLISH --> awaitingPuback --PUBACK--> done
 *     QoS 2: send() PUBLISH --> awaitingPubrec --PUBREC < 0x80--> awaitingPubcomp, PUBREL --PUBCOMP--> done
 *                                            \--PUBREC >= 0x80--> done
 *     new connection: takeResend() answers everything unfinished in its old order, within the new window
 *
 * Belongs to the session and outlives connections; reads no clock; the same machine serves both sides. `Message` is
 * whatever the owner wants back when it is done.
 */
export class OutboundFlow<Message> {
  readonly #inFlight = new PacketIdMap<Entry<Message>>();
  /** Packet Identifiers that requests of the owner (SUBSCRIBE, UNSUBSCRIBE) hold. */
  readonly #reserved = new PacketIdMap<true>();
  #nextPacketId = 1;
  #nextOrder = 0;
  #quota = 0;
  #resends: Entry<Message>[] = NONE;
  #resendAt = 0;

  /** Messages that are unfinished. */
  get size(): number {
    return this.#inFlight.size;
  }

  /** Whether another PUBLISH may be sent now. Never before everything old has been sent again. */
  get hasRoom(): boolean {
    return this.#quota > 0 && this.#resendAt === this.#resends.length && this.hasPacketId;
  }

  /** Whether a Packet Identifier is free. */
  get hasPacketId(): boolean {
    return this.#inFlight.size + this.#reserved.size < LARGEST_PACKET_ID;
  }

  /** Everything in flight, in the order of its first sending, which is that of sending again [MQTT-4.6.0-1]: what a store keeps. */
  get inFlight(): readonly Readonly<InFlight<Message>>[] {
    return this.#inOrder();
  }

  #inOrder(): Entry<Message>[] {
    return [...this.#inFlight.values()].sort((one, other) => one.order - other.order);
  }

  /** Takes up what a store kept: the {@link inFlight} of an earlier flow, in order. */
  restore(inFlight: Iterable<Readonly<InFlight<Message>>>): void {
    for (const { packetId, stage, message } of inFlight) {
      this.#inFlight.set(packetId, { packetId, stage, message, order: this.#nextOrder++, holdsPlace: false });
      this.#nextPacketId = (packetId % LARGEST_PACKET_ID) + 1;
    }
  }

  /** A connection begins: the window is the receiver's, and everything unfinished is due again [MQTT-4.4.0-1]. */
  handleConnected(receiveMaximum: number): void {
    this.#quota = receiveMaximum; // [MQTT-4.9.0-1]
    this.#resends = this.size > 0 ? this.#inOrder() : NONE;
    for (const entry of this.#resends) entry.holdsPlace = false;
    this.#resendAt = 0;
  }

  /** The connection is over: nothing may be sent until the next one. */
  handleDisconnected(): void {
    this.#quota = 0;
    this.#reserved.clear();
    this.#resends = NONE;
    this.#resendAt = 0;
  }

  /**
   * The next unfinished message to send again: PUBLISH with DUP, or PUBREL at stage awaitingPubcomp. Undefined when there
   * is none, or the window is full: then ask again after the next acknowledgement.
   */
  takeResend(): InFlight<Message> | undefined {
    while (this.#resendAt < this.#resends.length) {
      const next = this.#resends[this.#resendAt] as Entry<Message>;
      const isUnfinished = this.#inFlight.get(next.packetId) === next;
      const needsWindow = next.stage !== Stage.awaitingPubcomp;
      if (isUnfinished && needsWindow && this.#quota === 0) return undefined; // [MQTT-4.9.0-2]
      this.#resendAt++;
      if (!isUnfinished) continue;
      if (needsWindow) {
        next.holdsPlace = true;
        this.#quota--;
      }
      return next;
    }
    this.#resends = NONE;
    this.#resendAt = 0;
    return undefined;
  }

  /** Registers a message that is sent now and answers its Packet Identifier. Only while {@link hasRoom}. */
  send(message: Message, qos: 1 | 2): number {
    const packetId = this.#takePacketId();
    const stage = qos === 1 ? Stage.awaitingPuback : Stage.awaitingPubrec;
    this.#inFlight.set(packetId, { packetId, stage, message, order: this.#nextOrder++, holdsPlace: true });
    this.#quota--;
    return packetId;
  }

  /** A Packet Identifier for a SUBSCRIBE or UNSUBSCRIBE, until {@link releasePacketId}; 0 when all are in use. */
  reservePacketId(): number {
    if (!this.hasPacketId) return 0;
    const packetId = this.#takePacketId();
    this.#reserved.set(packetId, true);
    return packetId;
  }

  /** @returns Whether it was reserved. */
  releasePacketId(packetId: number): boolean {
    return this.#reserved.delete(packetId);
  }

  /** What is awaited next under this Packet Identifier; undefined when nothing is in flight under it. */
  stageOf(packetId: number): Stage | undefined {
    return this.#inFlight.get(packetId)?.stage;
  }

  /** @returns The message that is done; undefined when the Packet Identifier awaits no PUBACK. */
  handlePuback(packetId: number): Message | undefined {
    return this.#finish(packetId, Stage.awaitingPuback)?.message;
  }

  /**
   * @returns For a success, whether PUBREL is due: true, also for a repeated PUBREC; false when the Packet Identifier is
   * not known (0x92). The message is let go and handed to `received`.
   */
  handlePubrec(packetId: number, received?: (message: Message) => void): boolean {
    const entry = this.#inFlight.get(packetId);
    if (entry === undefined || entry.stage === Stage.awaitingPuback) return false;
    const { message } = entry;
    entry.stage = Stage.awaitingPubcomp;
    entry.message = undefined;
    if (message !== undefined) received?.(message);
    return true;
  }

  /** PUBREC with a failure ends the flow (section 4.3.3). @returns The message that is done, undefined when unknown. */
  handleRefusingPubrec(packetId: number): Message | undefined {
    return this.#finish(packetId, Stage.awaitingPubrec)?.message;
  }

  /** @returns Whether the Packet Identifier awaited its PUBCOMP. */
  handlePubcomp(packetId: number): boolean {
    return this.#finish(packetId, Stage.awaitingPubcomp) !== undefined;
  }

  /** Forgets everything in flight and answers it: the session has ended. */
  clear(): Message[] {
    const messages = this.#inOrder().flatMap(({ message }) => (message === undefined ? [] : [message]));
    this.#inFlight.clear();
    this.handleDisconnected();
    return messages;
  }

  /**
   * A PUBREL that was sent again has taken no place in the window, so its PUBCOMP frees none: the standard would allow it
   * (section 4.9), but a receiver that counts what it has not acknowledged would see one message too many [MQTT-3.3.4-7].
   */
  #finish(packetId: number, stage: Stage): Entry<Message> | undefined {
    const entry = this.#inFlight.get(packetId);
    if (entry?.stage !== stage) return undefined;
    this.#inFlight.delete(packetId);
    if (entry.holdsPlace) this.#quota++;
    return entry;
  }

  #takePacketId(): number {
    let packetId = this.#nextPacketId;
    while (this.#inFlight.has(packetId) || this.#reserved.has(packetId)) packetId = (packetId % LARGEST_PACKET_ID) + 1;
    this.#nextPacketId = (packetId % LARGEST_PACKET_ID) + 1;
    return packetId; // [MQTT-2.2.1-3] [MQTT-2.2.1-4]
  }
}
