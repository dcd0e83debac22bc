import { type AcknowledgementType, FIRST_FAILURE, PacketType, ReasonCode } from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import { type OutboundFlow, Stage } from '../session/outbound-flow.ts';
import type { SessionState } from '../session/session-state.ts';
import type { OutboundTopicAliases } from '../session/topic-alias.ts';
import { writeAcknowledgement } from './acknowledgement-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';
import { PublishWriter } from './publish-writer.ts';
import type { ServerConnectionOwner } from './server-connection-owner.ts';

/** What a {@link DeliveryDispatch} borrows from its connection, and what the client said with CONNECT. */
export interface DispatchSurroundings {
  readonly owner: ServerConnectionOwner;
  readonly session: SessionState<Delivery>;
  readonly output: OutputBuffer;
  readonly version5: boolean;
  /** Undefined when the client allows none. */
  readonly aliases: OutboundTopicAliases | undefined;
  /** Bytes; Infinity when the client set none. */
  readonly maximumPacketSize: number;
}

/**
 * What is delivered to the client on one connection (sections 3.3 and 4.3, the sender's half): keeps the session's outbound
 * flow, writes PUBLISH packets and works on their acknowledgements.
 *
 *     delivery --> PUBLISH --> PUBACK, or PUBREC --> PUBREL --> PUBCOMP --> window open
 */
export class DeliveryDispatch {
  readonly #around: DispatchSurroundings;
  readonly #outbound: OutboundFlow<Delivery>;
  readonly #writer: PublishWriter;
  readonly #handleReceived: (delivery: Delivery) => void;

  constructor(around: DispatchSurroundings) {
    this.#around = around;
    this.#outbound = around.session.outbound;
    const { output, version5, aliases, maximumPacketSize } = around;
    this.#writer = new PublishWriter(output, version5, aliases, maximumPacketSize);
    this.#handleReceived = (delivery) => around.owner.handleDelivered(delivery, ReasonCode.success);
  }

  /** Whether another delivery of QoS 1 or 2 fits into the window. */
  get hasRoom(): boolean {
    return this.#outbound.hasRoom;
  }

  /** Whether the client takes packets of this delivery's size [MQTT-3.1.2-24]. */
  accepts(delivery: Delivery): boolean {
    const { maximumPacketSize } = this.#around;
    return maximumPacketSize === Number.POSITIVE_INFINITY || this.#writer.packetSize(delivery) <= maximumPacketSize;
  }

  deliver(delivery: Delivery, now: number): void {
    const packetId = delivery.qos === 0 ? 0 : this.#outbound.send(delivery, delivery.qos);
    this.#writer.write(delivery, packetId, false, now);
  }

  /** Sends what an earlier connection left unfinished, in its order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resend(now: number): void {
    for (let next = this.#outbound.takeResend(); next !== undefined; next = this.#outbound.takeResend()) {
      const { packetId, message, stage } = next;
      if (message === undefined) this.#acknowledge(PacketType.pubrel, packetId, ReasonCode.success);
      else if (this.accepts(message))
        this.#writer.write(message, packetId, true, now); // [MQTT-3.3.1-1]
      else this.#giveUp(packetId, stage, message);
    }
  }

  handlePuback(packetId: number, reasonCode: ReasonCode, now: number): void {
    this.#finish(this.#outbound.handlePuback(packetId), reasonCode, now);
  }

  handlePubrec(packetId: number, reasonCode: ReasonCode, now: number): void {
    if (reasonCode >= FIRST_FAILURE) {
      this.#finish(this.#outbound.handleRefusingPubrec(packetId), reasonCode, now);
      return;
    }
    const isKnown = this.#outbound.handlePubrec(packetId, this.#handleReceived);
    this.#acknowledge(PacketType.pubrel, packetId, isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound); // [MQTT-4.3.3-4]
  }

  handlePubcomp(packetId: number, now: number): void {
    if (this.#outbound.handlePubcomp(packetId)) this.#openWindow(now);
  }

  #finish(delivery: Delivery | undefined, reasonCode: ReasonCode, now: number): void {
    if (delivery === undefined) return;
    this.#around.owner.handleDelivered(delivery, reasonCode);
    this.#openWindow(now);
  }

  #openWindow(now: number): void {
    this.resend(now);
    this.#around.owner.handleWindow();
  }

  /** The client of this connection takes only smaller packets: the delivery counts as complete [MQTT-3.1.2-25]. */
  #giveUp(packetId: number, stage: Stage, delivery: Delivery): void {
    if (stage === Stage.awaitingPuback) this.#outbound.handlePuback(packetId);
    else this.#outbound.handleRefusingPubrec(packetId);
    this.#around.owner.handleUndeliverable(delivery);
  }

  #acknowledge(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode): void {
    writeAcknowledgement(this.#around.output, this.#around.version5, type, packetId, reasonCode);
  }
}
