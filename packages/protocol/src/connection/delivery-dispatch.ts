import { FIRST_FAILURE, PacketType, ReasonCode } from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import { type OutboundFlow, Stage } from '../session/outbound-flow.ts';
import type { SessionState } from '../session/session-state.ts';
import type { OutboundTopicAliases } from '../session/topic-alias.ts';
import type { Held } from './held-output.ts';
import type { MarkQueue } from './mark-queue.ts';
import type { OutputBuffer } from './output-buffer.ts';
import type { PacketWriter } from './packet-writer.ts';
import { PublishWriter } from './publish-writer.ts';
import type { ServerConnectionOwner } from './server-connection-owner.ts';

/** What a {@link DeliveryDispatch} borrows from its client's connection. */
export interface DispatchSurroundings {
  readonly owner: ServerConnectionOwner;
  readonly session: SessionState<Delivery>;
  readonly output: OutputBuffer;
  readonly writer: PacketWriter;
  readonly held: MarkQueue<Held>;
  readonly version5: boolean;
  fault(reasonCode: ReasonCode, message: string): void;
}

/** What is to come next for a message in flight, with the rule that says so. */
const AWAITED: Readonly<Record<Stage, readonly [name: string, rule: string]>> = {
  [Stage.awaitingPuback]: ['PUBACK', 'MQTT-4.3.2-4'],
  [Stage.awaitingPubrec]: ['PUBREC', 'MQTT-4.3.3-8'],
  [Stage.awaitingPubcomp]: ['PUBCOMP', 'MQTT-4.3.3-11'],
};

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
  readonly #maximumPacketSize: number;

  /** @param aliases Undefined when the client allows none. */
  constructor(around: DispatchSurroundings, aliases: OutboundTopicAliases | undefined) {
    this.#around = around;
    this.#outbound = around.session.outbound;
    const { output, version5, writer } = around;
    this.#maximumPacketSize = writer.maximumPacketSize;
    this.#writer = new PublishWriter(output, version5, aliases, this.#maximumPacketSize);
  }

  /** Whether the client takes packets of this delivery's size [MQTT-3.1.2-24]. */
  accepts(delivery: Delivery): boolean {
    const maximumPacketSize = this.#maximumPacketSize;
    return maximumPacketSize === Number.POSITIVE_INFINITY || this.#writer.packetSize(delivery) <= maximumPacketSize;
  }

  /** @returns The Packet Identifier that it is in flight under; 0 at QoS 0. */
  deliver(delivery: Delivery, now: number): number {
    const { qos } = delivery;
    const packetId = qos === 0 ? 0 : this.#outbound.send(delivery, qos);
    const { owner, held } = this.#around;
    const mark = qos === 2 ? owner.keepMark : 0;
    // What is held back keeps those of QoS 1 behind it: both leave in the order they came.
    if (mark === 0 && (qos === 0 || held.isEmpty)) this.#writer.write(delivery, packetId, false, now);
    else held.push({ mark, packetId, delivery });
    return packetId;
  }

  /** Writes what was held back until the store had kept it. */
  writeHeld(held: Held, now: number): void {
    const { packetId } = held;
    if ('delivery' in held) this.#writer.write(held.delivery, packetId, false, now);
    else this.#writePubrel(packetId, held.known);
  }

  /** Sends what an earlier connection left unfinished, in its order [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resend(now: number): void {
    for (let next = this.#outbound.takeResend(); next !== undefined; next = this.#outbound.takeResend()) {
      const { packetId, message, stage } = next;
      if (message === undefined) this.#writePubrel(packetId, true);
      else if (this.accepts(message))
        this.#writer.write(message, packetId, true, now); // [MQTT-3.3.1-1]
      else this.#giveUp(packetId, stage, message);
    }
  }

  handlePuback(packetId: number, reasonCode: ReasonCode, now: number): void {
    const delivery = this.#outbound.handlePuback(packetId);
    if (delivery === undefined) this.#refuse('PUBACK', packetId);
    else this.#finish(delivery, packetId, reasonCode, now);
  }

  handlePubrec(packetId: number, reasonCode: ReasonCode, now: number): void {
    if (reasonCode >= FIRST_FAILURE) {
      const delivery = this.#outbound.handleRefusingPubrec(packetId);
      if (delivery === undefined) this.#refuse('PUBREC with a failure', packetId);
      else this.#finish(delivery, packetId, reasonCode, now);
      return;
    }
    const { owner, held } = this.#around;
    const known = this.#outbound.handlePubrec(packetId, (delivery) => {
      owner.handleDelivered(delivery, ReasonCode.success, packetId);
    });
    if (!known && this.#refuse('PUBREC', packetId)) return;
    const mark = known ? owner.keepMark : 0;
    if (mark === 0 && held.isEmpty) this.#writePubrel(packetId, known);
    else held.push({ mark, packetId, type: PacketType.pubrel, known });
  }

  #writePubrel(packetId: number, known: boolean): void {
    const reasonCode = known ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
    this.#around.writer.acknowledge(PacketType.pubrel, packetId, reasonCode); // [MQTT-4.3.3-4]
  }

  handlePubcomp(packetId: number, now: number): void {
    if (!this.#outbound.handlePubcomp(packetId)) {
      this.#refuse('PUBCOMP', packetId);
      return;
    }
    this.#around.owner.handleCompleted(packetId);
    this.#openWindow(now);
  }

  /**
   * An acknowledgement that is not awaited. Where nothing is in flight it means nothing; one of the wrong kind would leave its
   * message in flight for as long as the connection lasts.
   *
   * @returns Whether it has ended the connection.
   */
  #refuse(came: string, packetId: number): boolean {
    const stage = this.#outbound.stageOf(packetId);
    if (stage === undefined) return false;
    const [awaited, rule] = AWAITED[stage];
    const message = `expected ${awaited} for Packet Identifier ${packetId}, ${came} came [${rule}]`;
    this.#around.fault(ReasonCode.protocolError, message);
    return true;
  }

  #finish(delivery: Delivery, packetId: number, reasonCode: ReasonCode, now: number): void {
    this.#around.owner.handleDelivered(delivery, reasonCode, packetId);
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
    this.#around.owner.handleUndeliverable(delivery, packetId);
  }
}
