import { PacketIdMap } from './packet-id-map.ts';

/** What is to be done with a PUBLISH packet of QoS 1 or 2. */
export const Verdict = {
  /** New: route it, then call {@link InboundFlow.accept}. */
  deliver: 0,
  /** Accepted before: acknowledge again, do not route again [MQTT-4.3.3-10]. */
  acknowledge: 1,
  /** Being accepted at this moment: its acknowledgement is still to come. */
  ignore: 2,
  /** More unacknowledged packets than Receive Maximum allows: Reason Code 0x93 (section 3.3.4). */
  refuse: 3,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * The receiver's half of QoS 2 delivery (section 4.3.3), and its count of what is unacknowledged at QoS 1.
 *
 *     PUBLISH --> accepting --accept()--> QoS 1: forgotten, PUBACK
 *                         \            \-> QoS 2: accepted, PUBREC --PUBREL--> forgotten, PUBCOMP
 *                          --refuse()---> forgotten, PUBACK or PUBREC with the reason
 *
 * A message is acknowledged only after {@link accept}: whoever routes or stores it takes its time, and a crash before that
 * makes the sender send it again. It belongs to the session, outlives connections and reads no clock; the same machine
 * serves both sides.
 *
 * QoS 1 messages that are accepted within the same call never enter it: they cost nothing here.
 */
export class InboundFlow {
  /** Packet Identifiers of QoS 2 messages: true once accepted, false while accepting. */
  readonly #stages = new PacketIdMap<boolean>();
  /** Those of them that came on an earlier connection and have not been sent again: this one's window knows nothing of them. */
  readonly #earlier = new PacketIdMap<true>();
  #acceptingAtQos1 = 0;

  /** Messages that count against Receive Maximum: what this connection has brought and is not acknowledged. */
  get unacknowledged(): number {
    return this.#stages.size - this.#earlier.size + this.#acceptingAtQos1;
  }

  /** Packet Identifiers of the QoS 2 messages that are accepted and not yet released, in no order. */
  get accepted(): number[] {
    return [...this.#stages.packetIds()].filter((packetId) => this.#stages.get(packetId) === true);
  }

  /** Takes up what a store remembered: the {@link accepted} of an earlier flow. */
  restore(accepted: Iterable<number>): void {
    for (const packetId of accepted) {
      this.#stages.set(packetId, true);
      this.#earlier.set(packetId, true);
    }
  }

  /** @param receiveMaximum What this side announced, 1 to 65,535. */
  handlePublish(qos: 1 | 2, packetId: number, receiveMaximum: number): Verdict {
    const accepted = qos === 2 ? this.#stages.get(packetId) : undefined;
    const hasPlace = accepted !== undefined && !this.#earlier.has(packetId);
    if (!hasPlace && this.unacknowledged >= receiveMaximum) return Verdict.refuse; // [MQTT-3.3.4-7] [MQTT-3.3.4-9]
    if (accepted !== undefined) {
      this.#earlier.delete(packetId);
      return accepted ? Verdict.acknowledge : Verdict.ignore; // [MQTT-4.3.3-10]
    }
    if (qos === 2) this.#stages.set(packetId, false);
    return Verdict.deliver;
  }

  /** A QoS 1 message will be accepted later than within the call that delivered it. */
  deferQos1(): void {
    this.#acceptingAtQos1++;
  }

  /** A deferred QoS 1 message has been accepted or refused, on the connection that brought it. */
  settleQos1(): void {
    this.#acceptingAtQos1--;
  }

  /**
   * The QoS 2 message is routed and stored as far as was promised: from now on it is not delivered again. Any connection may
   * have brought it; one that is not being accepted (any more) stays unknown.
   */
  accept(packetId: number): void {
    if (this.#stages.has(packetId)) this.#stages.set(packetId, true);
  }

  /** The QoS 2 message was not taken (Reason Code 0x80 or greater): the Packet Identifier is free again. */
  refuse(packetId: number): void {
    this.#forget(packetId); // [MQTT-4.3.3-9]
  }

  /** Whether the Packet Identifier was known; PUBCOMP is due either way, with 0x92 when it was not. */
  handlePubrel(packetId: number): boolean {
    return this.#forget(packetId); // [MQTT-4.3.3-11] [MQTT-4.3.3-12]
  }

  /**
   * The connection is over. What was being accepted at QoS 1 will be sent again, and its answer has nowhere to go; what was
   * being accepted at QoS 2 may still be, and is not delivered again meanwhile.
   */
  handleDisconnected(): void {
    this.#acceptingAtQos1 = 0;
    for (const packetId of this.#stages.packetIds()) this.#earlier.set(packetId, true);
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    this.#stages.clear();
    this.#earlier.clear();
    this.#acceptingAtQos1 = 0;
  }

  #forget(packetId: number): boolean {
    this.#earlier.delete(packetId);
    return this.#stages.delete(packetId);
  }
}
