import {
  type AcknowledgementProperties,
  type AcknowledgementType,
  FIRST_FAILURE,
  NO_PROPERTIES,
  PacketType,
  ReasonCode,
  UsageError,
} from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import { type OutboundFlow, Stage } from '../session/outbound-flow.ts';
import { OutboundTopicAliases } from '../session/topic-alias.ts';
import type { ClientAcknowledgements } from './client-acknowledgements.ts';
import type { ClientConnectionOwner } from './client-connection-owner.ts';
import type { Agreement } from './client-handshake.ts';
import { ClientPublishWriter } from './client-publish-writer.ts';
import type { OutputBuffer } from './output-buffer.ts';

/**
 * What a client publishes on one connection: within the server's limits, with aliases where they are wanted, unfinished
 * flows of the session first.
 */
export class ClientPublishing {
  readonly #agreement: Agreement;
  readonly #owner: ClientConnectionOwner;
  readonly #flow: OutboundFlow<MessageContent>;
  readonly #writer: ClientPublishWriter;
  readonly #aliases: OutboundTopicAliases | undefined;
  /** QoS 2 messages whose PUBREC said that nobody has subscribed: PUBCOMP cannot say it. */
  readonly #unmatched = new Set<number>();
  readonly #acknowledgements: ClientAcknowledgements;

  /** @param topicAliases How many the client wants to use at the most. */
  constructor(
    agreement: Agreement,
    topicAliases: number,
    flow: OutboundFlow<MessageContent>,
    output: OutputBuffer,
    owner: ClientConnectionOwner,
    acknowledgements: ClientAcknowledgements,
  ) {
    this.#agreement = agreement;
    this.#owner = owner;
    this.#flow = flow;
    this.#acknowledgements = acknowledgements;
    this.#writer = new ClientPublishWriter(output, agreement.protocolVersion === 5, agreement.maximumPacketSize);
    const aliases = Math.min(topicAliases, agreement.topicAliasMaximum); // [MQTT-3.2.2-17] [MQTT-3.3.2-9]
    this.#aliases = aliases === 0 ? undefined : new OutboundTopicAliases(aliases);
  }

  /** @returns The Packet Identifier, 0 at QoS 0. @throws {UsageError} This server does not take the message. */
  publish(message: MessageContent): number {
    const { qos } = message;
    this.#expectAvailable(message);
    if (qos === 0) {
      this.#write(message, 0);
      return 0;
    }
    if (!this.#flow.hasRoom) {
      throw new UsageError('window-full', 'the window is full: wait until hasRoom is true'); // [MQTT-4.9.0-2]
    }
    const packetId = this.#flow.send(message, qos);
    try {
      this.#write(message, packetId);
    } catch (error) {
      this.#drop(packetId, qos);
      throw error;
    }
    return packetId;
  }

  /** Sends what an earlier connection left unfinished, in its order, as far as the window allows [MQTT-4.4.0-1] [MQTT-4.6.0-1]. */
  resend(): void {
    for (let next = this.#flow.takeResend(); next; next = this.#flow.takeResend()) {
      const { packetId, message } = next;
      if (next.stage === Stage.awaitingPubcomp || message === undefined) {
        this.#acknowledgements.write(PacketType.pubrel, packetId, ReasonCode.success);
        continue;
      }
      try {
        this.#expectAvailable(message);
        this.#writer.write(message, packetId, true, undefined); // [MQTT-3.3.1-1]
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        // The server has become stricter since: the message can never be sent to it.
        this.#drop(packetId, next.stage === Stage.awaitingPuback ? 1 : 2);
        this.#owner.handlePublished(packetId, reasonCodeOf(error), { reasonString: error.message });
      }
    }
  }

  /** PUBACK, PUBREC or PUBCOMP. One that nothing awaits is passed over: it can do no harm. */
  handleAcknowledgement(
    type: AcknowledgementType,
    packetId: number,
    reasonCode: ReasonCode,
    properties: AcknowledgementProperties = NO_PROPERTIES,
  ): void {
    if (type === PacketType.pubrec && reasonCode < FIRST_FAILURE) {
      const isKnown = this.#flow.handlePubrec(packetId, () => this.#owner.handleReceived?.(packetId));
      if (isKnown && reasonCode === ReasonCode.noMatchingSubscribers) this.#unmatched.add(packetId);
      const answer = isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
      this.#acknowledgements.write(PacketType.pubrel, packetId, answer); // [MQTT-4.3.3-4] [MQTT-4.6.0-4]
      return;
    }
    if (!this.#finish(type, packetId)) return;
    const outcome = type === PacketType.pubcomp ? this.#outcomeOfPubcomp(packetId) : reasonCode;
    this.#owner.handlePublished(packetId, outcome, properties);
    this.resend();
    this.#owner.handleWindow();
  }

  /** PUBREC has made the message the server's: that PUBREL was not known any more (0x92) is no failure (section 3.6.2.1). */
  #outcomeOfPubcomp(packetId: number): ReasonCode {
    return this.#unmatched.delete(packetId) ? ReasonCode.noMatchingSubscribers : ReasonCode.success;
  }

  #finish(type: AcknowledgementType, packetId: number): boolean {
    if (type === PacketType.puback) return this.#flow.handlePuback(packetId) !== undefined;
    if (type === PacketType.pubrec) return this.#flow.handleRefusingPubrec(packetId) !== undefined;
    return this.#flow.handlePubcomp(packetId);
  }

  #expectAvailable({ qos, retain }: MessageContent): void {
    const { maximumQoS, retainAvailable } = this.#agreement;
    if (qos > maximumQoS) {
      const text = `the server takes messages up to QoS ${maximumQoS}, this one has QoS ${qos}`;
      throw new UsageError('qos-not-supported', text); // [MQTT-3.2.2-11]
    }
    if (retain && !retainAvailable) {
      throw new UsageError('retain-not-supported', 'the server does not support retained messages'); // [MQTT-3.2.2-14]
    }
  }

  #write(message: MessageContent, packetId: number): void {
    const { topicName } = message;
    const alias = this.#aliases?.use(topicName);
    try {
      this.#writer.write(message, packetId, false, alias); // [MQTT-4.3.2-2] [MQTT-4.3.3-2]
    } catch (error) {
      if (alias?.isKnown === false) this.#aliases?.retract(topicName);
      throw error;
    }
  }

  #drop(packetId: number, qos: 1 | 2): void {
    if (qos === 1) this.#flow.handlePuback(packetId);
    else this.#flow.handleRefusingPubrec(packetId);
  }
}

/** What the server would say of a message that it does not take. */
function reasonCodeOf({ code }: UsageError): ReasonCode {
  if (code === 'qos-not-supported') return ReasonCode.qosNotSupported;
  return code === 'retain-not-supported' ? ReasonCode.retainNotSupported : ReasonCode.packetTooLarge;
}
