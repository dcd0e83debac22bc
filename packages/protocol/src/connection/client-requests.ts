import {
  encodeClientPacket,
  type Packet,
  PacketType,
  packetTypeName,
  type SubackPacket,
  type SubscribeProperties,
  type SubscriptionRequest,
  type UnsubackPacket,
  type UnsubscribeProperties,
  UsageError,
} from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import type { OutboundFlow } from '../session/outbound-flow.ts';
import { isSharedSubscription, subscriptionFilterFault } from '../topic/shared-subscription.ts';
import { hasWildcard } from '../topic/topic-filter.ts';
import { type ProtocolFault, protocolFault } from './client-fault.ts';
import type { Agreement } from './client-handshake.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** A request whose answer is awaited. */
interface Pending {
  readonly answer: typeof PacketType.suback | typeof PacketType.unsuback;
  /** Topic Filters asked for, and so Reason Codes due. */
  readonly count: number;
}

/** A client's SUBSCRIBE and UNSUBSCRIBE packets on one connection, and the answers that belong to them (sections 3.8 to 3.11). */
export class ClientRequests {
  readonly #agreement: Agreement;
  readonly #flow: OutboundFlow<MessageContent>;
  readonly #output: OutputBuffer;
  readonly #pending = new Map<number, Pending>();

  constructor(agreement: Agreement, flow: OutboundFlow<MessageContent>, output: OutputBuffer) {
    this.#agreement = agreement;
    this.#flow = flow;
    this.#output = output;
  }

  /** @returns The Packet Identifier. @throws {UsageError} The request cannot be sent, or not to this server. */
  subscribe(subscriptions: readonly SubscriptionRequest[], properties: SubscribeProperties): number {
    for (const subscription of subscriptions) this.#expectAvailable(subscription);
    if (properties.subscriptionIdentifiers !== undefined && !this.#agreement.subscriptionIdentifiersAvailable) {
      throw unavailable('subscription-identifiers-not-supported', 'Subscription Identifiers');
    }
    const { length: count } = subscriptions;
    return this.#send({ answer: PacketType.suback, count }, (packetId) => ({
      type: PacketType.subscribe,
      packetId,
      subscriptions,
      properties,
    }));
  }

  /** @returns The Packet Identifier. @throws {UsageError} The request cannot be sent. */
  unsubscribe(topicFilters: readonly string[], properties: UnsubscribeProperties): number {
    for (const topicFilter of topicFilters) expectFilter(topicFilter);
    const { length: count } = topicFilters;
    return this.#send({ answer: PacketType.unsuback, count }, (packetId) => ({
      type: PacketType.unsubscribe,
      packetId,
      topicFilters,
      properties,
    }));
  }

  /** Takes an answer. @returns Which rule it breaks, if any. */
  handleAnswer(packet: SubackPacket | UnsubackPacket): ProtocolFault | undefined {
    const { type, packetId } = packet;
    const pending = this.#pending.get(packetId);
    const name = packetTypeName(type);
    if (pending?.answer !== type) {
      return protocolFault(`${name} has Packet Identifier ${packetId}, for which none is due [MQTT-2.2.1-6]`);
    }
    const { length: came } = packet.reasonCodes;
    const isWithoutCodes = type === PacketType.unsuback && this.#agreement.protocolVersion !== 5;
    if (!isWithoutCodes && came !== pending.count) {
      return protocolFault(`${name} has ${came} Reason Codes, ${pending.count} are due [MQTT-3.8.4-6]`);
    }
    this.#pending.delete(packetId);
    this.#flow.releasePacketId(packetId);
    return undefined;
  }

  #send(pending: Pending, packetWith: (packetId: number) => Packet): number {
    const packetId = this.#flow.reservePacketId();
    if (packetId === 0) throw new UsageError('packet-identifiers-exhausted', 'all Packet Identifiers are in use');
    try {
      const bytes = encodeClientPacket(packetWith(packetId), this.#agreement.protocolVersion);
      if (bytes.length > this.#agreement.maximumPacketSize) {
        const message = `the packet is ${bytes.length} bytes, the server takes ${this.#agreement.maximumPacketSize}`;
        throw new UsageError('packet-too-large', message); // [MQTT-3.2.2-15]
      }
      this.#output.appendRange(bytes, 0, bytes.length);
    } catch (error) {
      this.#flow.releasePacketId(packetId);
      throw error;
    }
    this.#pending.set(packetId, pending);
    return packetId;
  }

  #expectAvailable({ topicFilter, noLocal }: SubscriptionRequest): void {
    expectFilter(topicFilter);
    const isShared = isSharedSubscription(topicFilter);
    if (isShared && noLocal) {
      throw new UsageError('no-local-shared', 'a Shared Subscription cannot be No Local'); // [MQTT-3.8.3-4]
    }
    if (isShared && !this.#agreement.sharedSubscriptionAvailable) {
      throw unavailable('shared-subscriptions-not-supported', 'Shared Subscriptions');
    }
    if (hasWildcard(topicFilter) && !this.#agreement.wildcardSubscriptionAvailable) {
      throw unavailable('wildcard-subscriptions-not-supported', 'wildcards in Topic Filters');
    }
  }
}

function expectFilter(topicFilter: string): void {
  const fault = subscriptionFilterFault(topicFilter);
  if (fault !== undefined) throw new UsageError('topic-filter-invalid', fault);
}

function unavailable(code: string, what: string): UsageError {
  return new UsageError(code, `the server does not support ${what}`);
}
