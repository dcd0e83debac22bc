import { FIRST_FAILURE, PacketType, type PublishPacket, ReasonCode } from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import { Verdict } from '../session/inbound-flow.ts';
import type { SessionState } from '../session/session-state.ts';
import { InboundTopicAliases } from '../session/topic-alias.ts';
import { AcknowledgementQueue } from './acknowledgement-queue.ts';
import type { ClientAcknowledgements } from './client-acknowledgements.ts';
import type { ClientConnectionOwner } from './client-connection-owner.ts';
import { type ProtocolFault, protocolFault } from './client-fault.ts';
import { LATER } from './server-connection-owner.ts';

/** What a client allows its server; see section 3.1.2.11. */
export interface ReceivingLimits {
  /** QoS 1 and 2 publications that may be unacknowledged, 1 to 65,535. */
  readonly receiveMaximum: number;
  /** 0 to 65,535. */
  readonly topicAliasMaximum: number;
}

/**
 * What a client receives on one connection: Topic Aliases resolved, Receive Maximum enforced, each QoS 2 message once, and
 * acknowledgements in the order of the messages however long some take to be accepted.
 */
export class ClientReceiving {
  readonly #limits: ReceivingLimits;
  readonly #owner: ClientConnectionOwner;
  readonly #session: SessionState<MessageContent>;
  readonly #aliases: InboundTopicAliases<string>;
  readonly #acknowledgements: AcknowledgementQueue;
  readonly #answers: ClientAcknowledgements;
  #isClosed = false;

  constructor(
    limits: ReceivingLimits,
    session: SessionState<MessageContent>,
    owner: ClientConnectionOwner,
    answers: ClientAcknowledgements,
  ) {
    this.#limits = limits;
    this.#owner = owner;
    this.#session = session;
    this.#aliases = new InboundTopicAliases(limits.topicAliasMaximum);
    this.#answers = answers;
    this.#acknowledgements = new AcknowledgementQueue((qos, packetId, reasonCode) =>
      answers.write(qos === 1 ? PacketType.puback : PacketType.pubrec, packetId, reasonCode),
    );
  }

  handlePublish(packet: PublishPacket): ProtocolFault | undefined {
    const { topicName, properties } = packet;
    if (properties.topicAlias !== undefined || topicName === '') {
      const resolved = this.#resolveAlias(topicName, properties.topicAlias);
      if (typeof resolved !== 'string') return resolved;
      const { topicAlias: _, ...others } = properties;
      return this.#receive({ ...packet, topicName: resolved, properties: others });
    }
    return this.#receive(packet);
  }

  /** The connection is over, perhaps within a call of the owner's: what it accepts later has nowhere to be acknowledged. */
  close(): void {
    this.#isClosed = true;
  }

  /** Answers PUBREL, known or not [MQTT-4.3.3-11]. */
  handlePubrel(packetId: number): void {
    const isKnown = this.#session.inbound.handlePubrel(packetId);
    if (isKnown) this.#owner.handleReleased?.(packetId);
    const reasonCode = isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
    this.#answers.write(PacketType.pubcomp, packetId, reasonCode);
  }

  /** The answer to a message for which the owner had said `LATER`. */
  accept(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    this.#settle(qos, packetId, reasonCode);
    if (!this.#acknowledgements.holds(packetId)) return;
    if (qos === 1) this.#session.inbound.settleQos1();
    this.#acknowledgements.settle(packetId, reasonCode);
  }

  #receive(packet: PublishPacket): ProtocolFault | undefined {
    const { qos, packetId } = packet;
    if (qos === 0) {
      this.#owner.handlePublish(packet);
      return undefined;
    }
    const acknowledgements = this.#acknowledgements;
    // Not a new message: servers of 3.1 send again what takes long to be acknowledged, also within a connection.
    if (qos === 1 && !acknowledgements.isEmpty && acknowledgements.holds(packetId)) return undefined;
    switch (this.#session.inbound.handlePublish(qos, packetId, this.#limits.receiveMaximum)) {
      case Verdict.acknowledge:
        acknowledgements.push(qos, packetId, ReasonCode.success);
        return undefined;
      case Verdict.ignore:
        if (!acknowledgements.holds(packetId)) acknowledgements.hold(qos, packetId);
        return undefined;
      case Verdict.refuse: {
        const message = `more than the Receive Maximum of ${this.#limits.receiveMaximum} publications are unacknowledged [MQTT-3.3.4-9]`;
        return { reasonCode: ReasonCode.receiveMaximumExceeded, message };
      }
      default:
        this.#deliver(packet, qos);
        return undefined;
    }
  }

  #deliver(packet: PublishPacket, qos: 1 | 2): void {
    const { packetId } = packet;
    const reasonCode = this.#owner.handlePublish(packet);
    if (reasonCode === LATER) {
      if (this.#isClosed) return;
      if (qos === 1) this.#session.inbound.deferQos1();
      this.#acknowledgements.hold(qos, packetId);
      return;
    }
    this.#settle(qos, packetId, reasonCode);
    this.#acknowledgements.push(qos, packetId, reasonCode); // [MQTT-4.6.0-2] [MQTT-4.6.0-3]
  }

  #settle(qos: 1 | 2, packetId: number, reasonCode: ReasonCode): void {
    if (qos === 1) return;
    if (reasonCode < FIRST_FAILURE) this.#session.inbound.accept(packetId);
    else this.#session.inbound.refuse(packetId);
  }

  #resolveAlias(topicName: string, topicAlias: number | undefined): string | ProtocolFault {
    if (topicAlias === undefined) return protocolFault('PUBLISH has neither Topic Name nor Topic Alias');
    if (!this.#aliases.isAllowed(topicAlias)) {
      const message = `Topic Alias ${topicAlias} is over the Topic Alias Maximum of ${this.#aliases.maximum} [MQTT-3.3.2-11]`;
      return { reasonCode: ReasonCode.topicAliasInvalid, message };
    }
    if (topicName !== '') {
      this.#aliases.set(topicAlias, topicName);
      return topicName;
    }
    return (
      this.#aliases.get(topicAlias) ??
      protocolFault(`Topic Alias ${topicAlias} stands for no Topic Name on this connection`)
    );
  }
}
