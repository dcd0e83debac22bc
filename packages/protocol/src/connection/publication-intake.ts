import { FIRST_FAILURE, PacketType, type ProtocolVersion, PublishView, type QoS, ReasonCode } from '@busbar/codec';
import { copyOf } from '../message/byte-copy.ts';
import type { Delivery } from '../message/delivery.ts';
import { type InboundFlow, Verdict } from '../session/inbound-flow.ts';
import type { SessionState } from '../session/session-state.ts';
import { InboundTopicAliases } from '../session/topic-alias.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';
import type { Held } from './held-output.ts';
import type { MarkQueue } from './mark-queue.ts';
import type { PacketWriter } from './packet-writer.ts';
import { LATER, type ServerConnectionLimits, type ServerConnectionOwner } from './server-connection-owner.ts';

/** What a {@link PublicationIntake} borrows from its client's connection. */
export interface IntakeSurroundings {
  readonly owner: ServerConnectionOwner;
  readonly limits: ServerConnectionLimits;
  /** QoS 1 and 2 publications that may be unacknowledged at a time. */
  readonly receiveMaximum: number;
  readonly session: SessionState<Delivery>;
  readonly writer: PacketWriter;
  readonly held: MarkQueue<Held>;
  readonly version5: boolean;
  fault(reasonCode: ReasonCode, message: string): void;
}

/**
 * What the client publishes on one connection (sections 3.3 and 4.3, the receiver's half): resolves Topic Aliases, keeps the
 * session's inbound flow, hands messages to the owner and acknowledges them in the order they came.
 *
 *     PUBLISH --> alias --> flow --> owner --> acknowledged at once, or when the owner answers
 */
export class PublicationIntake {
  readonly #around: IntakeSurroundings;
  readonly #inbound: InboundFlow;
  readonly #aliases: InboundTopicAliases<Uint8Array>;
  readonly #acknowledgements: AcknowledgementQueue;
  readonly #view = new PublishView();
  #isClosed = false;

  constructor(around: IntakeSurroundings) {
    const { writer, session, limits } = around;
    this.#around = around;
    this.#inbound = session.inbound;
    this.#aliases = new InboundTopicAliases(limits.topicAliasMaximum);
    this.#acknowledgements = new AcknowledgementQueue((qos, packetId, reasonCode, reason) => {
      writer.acknowledge(qos === 1 ? PacketType.puback : PacketType.pubrec, packetId, reasonCode, reason);
    });
  }

  /**
   * Acts on a whole PUBLISH packet.
   *
   * @throws {PacketError} It is malformed.
   */
  handlePacket(bytes: Uint8Array, start: number, bodyStart: number, end: number, version: ProtocolVersion): void {
    this.#view.read(bytes, start, bodyStart, end, version);
    this.#handlePublish(this.#view);
  }

  /** What was read belongs to nobody any more. */
  releaseView(): void {
    this.#view.release();
  }

  #handlePublish(view: PublishView): void {
    if (view.hasSubscriptionIdentifier) {
      const message = 'PUBLISH from a client has a Subscription Identifier [MQTT-3.3.4-6]';
      return this.#around.fault(ReasonCode.protocolError, message);
    }
    if (view.qos > this.#around.limits.maximumQoS) return this.#refuseQos(view.qos);
    if (view.retain && !this.#around.limits.retainAvailable) {
      return this.#around.fault(ReasonCode.retainNotSupported, 'expected PUBLISH without RETAIN, one with it came');
    }
    if ((view.topicAlias !== 0 || view.topicStart === view.topicEnd) && !this.#resolveAlias(view)) return;
    const { qos, packetId } = view;
    if (qos === 0) {
      this.#around.owner.handlePublish(view);
      return;
    }
    switch (this.#inbound.handlePublish(qos, packetId, this.#around.receiveMaximum)) {
      case Verdict.acknowledge:
        return this.#acknowledgements.push(qos, packetId, ReasonCode.success);
      case Verdict.ignore:
        if (!this.#acknowledgements.holds(packetId)) this.#acknowledgements.hold(qos, packetId);
        return;
      case Verdict.refuse:
        return this.#refuse();
      default:
        this.#deliver(qos, packetId, view);
    }
  }

  /** The owner has made up its mind about a message to which it said {@link LATER}. */
  acceptPublish(qos: 1 | 2, packetId: number, reasonCode: ReasonCode, reason?: string): void {
    this.#settle(qos, packetId, reasonCode);
    if (qos === 1 && this.#acknowledgements.holds(packetId)) this.#inbound.settleQos1();
    this.#acknowledgements.settle(packetId, reasonCode, reason);
  }

  /** Answers PUBREL with PUBCOMP, also when the Packet Identifier is not known [MQTT-4.3.3-11]. */
  handlePubrel(packetId: number): void {
    const { owner, held } = this.#around;
    const known = this.#inbound.handlePubrel(packetId);
    if (known) owner.handleReleased(packetId);
    const mark = known ? owner.keepMark : 0;
    if (mark === 0 && held.isEmpty) this.writePubcomp(packetId, known);
    else held.push({ mark, packetId, type: PacketType.pubcomp, known });
  }

  /** @param known Whether the Packet Identifier stood for a message. */
  writePubcomp(packetId: number, known: boolean): void {
    const reasonCode = known ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
    this.#around.writer.acknowledge(PacketType.pubcomp, packetId, reasonCode);
  }

  /** The connection is over: nothing is acknowledged any more. */
  close(): void {
    this.#isClosed = true;
  }

  #deliver(qos: 1 | 2, packetId: number, view: PublishView): void {
    const reasonCode = this.#around.owner.handlePublish(view);
    if (reasonCode !== LATER) this.#settle(qos, packetId, reasonCode);
    if (this.#isClosed) return;
    if (reasonCode !== LATER) {
      const reason = reasonCode < FIRST_FAILURE ? undefined : this.#around.owner.refusal;
      this.#acknowledgements.push(qos, packetId, reasonCode, reason);
      return;
    }
    if (qos === 1) this.#inbound.deferQos1();
    this.#acknowledgements.hold(qos, packetId);
  }

  #settle(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (qos === 1) return;
    if (reasonCode < FIRST_FAILURE) this.#inbound.accept(packetId);
    else this.#inbound.refuse(packetId);
  }

  #refuseQos(qos: QoS): void {
    const message = `expected PUBLISH with a QoS of at most ${this.#around.limits.maximumQoS}, ${qos} came`;
    this.#around.fault(ReasonCode.qosNotSupported, message);
  }

  #refuse(): void {
    const { receiveMaximum } = this.#around;
    const message = `more than the Receive Maximum of ${receiveMaximum} publications are unacknowledged [MQTT-3.3.4-7]`;
    this.#around.fault(ReasonCode.receiveMaximumExceeded, message);
  }

  /** Gives the view its Topic Name where an alias stands for it, and remembers new aliases. @returns False after a fault. */
  #resolveAlias(view: PublishView): boolean {
    const { topicAlias } = view;
    const around = this.#around;
    if (topicAlias === 0) {
      if (around.version5) around.fault(ReasonCode.protocolError, 'PUBLISH has neither Topic Name nor Topic Alias');
      else around.fault(ReasonCode.topicNameInvalid, 'PUBLISH has an empty Topic Name [MQTT-4.7.3-1]');
      return false;
    }
    if (!this.#aliases.isAllowed(topicAlias)) {
      const { maximum } = this.#aliases;
      const message = `Topic Alias ${topicAlias} is over the Topic Alias Maximum of ${maximum} [MQTT-3.3.2-9]`;
      around.fault(ReasonCode.topicAliasInvalid, message);
      return false;
    }
    if (view.topicStart < view.topicEnd) {
      this.#aliases.set(topicAlias, copyOf(view.topicBytes, view.topicStart, view.topicEnd));
      return true;
    }
    const topic = this.#aliases.get(topicAlias);
    if (topic === undefined) {
      around.fault(ReasonCode.protocolError, `Topic Alias ${topicAlias} stands for no Topic Name on this connection`);
      return false;
    }
    view.topicBytes = topic;
    view.topicStart = 0;
    view.topicEnd = topic.length;
    return true;
  }
}
