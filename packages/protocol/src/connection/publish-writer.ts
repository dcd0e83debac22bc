import {
  DUP,
  PacketType,
  packetSize,
  RETAIN,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@busbar/codec';
import type { Delivery } from '../message/delivery.ts';
import { LARGE_PAYLOAD, type WireForm } from '../message/wire-form.ts';
import type { OutboundTopicAlias, OutboundTopicAliases } from '../session/topic-alias.ts';
import type { OutputBuffer } from './output-buffer.ts';

const PUBLISH = PacketType.publish << 4;
const SUBSCRIPTION_IDENTIFIER = 11;
const TOPIC_ALIAS = 35;
const ALIAS_LENGTH = 3;
/** Bytes by which a packet grows at most when it tells what an alias stands for: both lengths may need one byte more. */
const ALIAS_GROWTH = ALIAS_LENGTH + 2;

/**
 * Writes PUBLISH packets to one receiver: takes the form that all receivers share and patches in what is this receiver's
 * own - first byte, Packet Identifier, what is left of the Message Expiry Interval. Only Subscription Identifiers and Topic
 * Aliases change lengths, and then the head is written anew and the payload still shared.
 */
export class PublishWriter {
  readonly #output: OutputBuffer;
  readonly #version5: boolean;
  readonly #aliases: OutboundTopicAliases | undefined;
  readonly #maximumPacketSize: number;

  /** @param maximumPacketSize What the receiver takes; Infinity when it set no limit. */
  constructor(
    output: OutputBuffer,
    version5: boolean,
    aliases: OutboundTopicAliases | undefined,
    maximumPacketSize: number,
  ) {
    this.#output = output;
    this.#version5 = version5;
    this.#aliases = aliases;
    this.#maximumPacketSize = maximumPacketSize;
  }

  /** Bytes of the packet that {@link write} would make, without the help of an alias. */
  packetSize(delivery: Delivery): number {
    const form = delivery.message.form(this.#version5, delivery.qos !== 0);
    const identifiers = this.#version5 ? delivery.subscriptionIdentifiers : undefined;
    if (identifiers === undefined) return form.packetSize;
    return packetSize(this.#headBody(form, identifiersLength(identifiers)) + delivery.message.payloadLength);
  }

  write(delivery: Delivery, packetId: number, dup: boolean, now: number): void {
    const { message, qos } = delivery;
    const form = message.form(this.#version5, qos !== 0);
    this.#output.packets++;
    const firstByte = PUBLISH | (dup ? DUP : 0) | (qos << 1) | (delivery.retain ? RETAIN : 0);
    if (this.#version5) {
      // A packet that is sent again may meet a receiver that lost what the alias stood for, so it never uses one.
      const alias = dup || this.#aliases === undefined ? undefined : this.#aliasOf(delivery, this.#aliases);
      if (alias !== undefined || delivery.subscriptionIdentifiers !== undefined) {
        this.#writeOwnHead(delivery, form, firstByte, packetId, alias, now);
        return;
      }
    }
    if (qos === 0 && form.isWhole && form.expiryOffset < 0 && form.bytes[form.start] === firstByte) {
      this.#output.appendRange(form.bytes, form.start, form.end);
      return;
    }
    this.#writePatched(delivery, form, firstByte, packetId, now);
  }

  /** The alias of the Topic Name; none where it saves nothing, or makes the packet too large [MQTT-3.1.2-24]. */
  #aliasOf(delivery: Delivery, aliases: OutboundTopicAliases): OutboundTopicAlias | undefined {
    const { topicName, topicBytes } = delivery.message;
    if (topicBytes.length <= ALIAS_LENGTH) return undefined;
    const alias = aliases.use(topicName);
    const mayGrow = this.#maximumPacketSize === Number.POSITIVE_INFINITY || alias?.isKnown === true;
    if (mayGrow || this.packetSize(delivery) + ALIAS_GROWTH <= this.#maximumPacketSize) return alias;
    aliases.retract(topicName);
    return undefined;
  }

  #writePatched(delivery: Delivery, form: WireForm, firstByte: number, packetId: number, now: number): void {
    const { message } = delivery;
    const copyPayload = form.isWhole && message.payloadLength < LARGE_PAYLOAD;
    const end = copyPayload ? form.end : form.start + form.headLength;
    const at = this.#output.appendCopy(form.bytes, form.start, end);
    const { block } = this.#output;
    block[at] = firstByte;
    if (delivery.qos !== 0) {
      block[at + form.packetIdOffset] = packetId >> 8;
      block[at + form.packetIdOffset + 1] = packetId;
    }
    if (form.expiryOffset >= 0) writeFourBytes(block, at + form.expiryOffset, message.remainingExpirySeconds(now));
    if (!copyPayload) this.#appendPayload(delivery);
  }

  #writeOwnHead(
    delivery: Delivery,
    form: WireForm,
    firstByte: number,
    packetId: number,
    alias: OutboundTopicAlias | undefined,
    now: number,
  ): void {
    const { message, qos } = delivery;
    const identifiers = delivery.subscriptionIdentifiers ?? [];
    const shared = form.headLength - form.propertiesOffset;
    const properties = shared + (alias === undefined ? 0 : ALIAS_LENGTH) + identifiersLength(identifiers);
    const topicBytes = alias?.isKnown ? message.topicBytes.subarray(0, 0) : message.topicBytes;
    const head = 2 + topicBytes.length + (qos === 0 ? 0 : 2) + variableByteIntegerLength(properties) + properties;
    const bodyLength = head + message.payloadLength;
    let at = this.#output.reserve(1 + variableByteIntegerLength(bodyLength) + head);
    const { block } = this.#output;
    block[at] = firstByte;
    at = writeVariableByteInteger(bodyLength, block, at + 1);
    block[at++] = topicBytes.length >> 8;
    block[at++] = topicBytes.length;
    block.set(topicBytes, at);
    at += topicBytes.length;
    if (qos !== 0) {
      block[at++] = packetId >> 8;
      block[at++] = packetId;
    }
    at = writeVariableByteInteger(properties, block, at);
    if (alias !== undefined) {
      block[at++] = TOPIC_ALIAS;
      block[at++] = alias.alias >> 8;
      block[at++] = alias.alias;
    }
    for (const identifier of identifiers) {
      block[at++] = SUBSCRIPTION_IDENTIFIER; // [MQTT-3.3.4-3] [MQTT-3.3.4-5]
      at = writeVariableByteInteger(identifier, block, at);
    }
    block.set(form.bytes.subarray(form.start + form.propertiesOffset, form.start + form.headLength), at);
    if (form.expiryOffset >= 0) {
      const expiryAt = at + form.expiryOffset - form.propertiesOffset;
      writeFourBytes(block, expiryAt, message.remainingExpirySeconds(now));
    }
    this.#appendPayload(delivery);
  }

  #appendPayload(delivery: Delivery): void {
    const { payload } = delivery.message;
    this.#output.appendRange(payload, 0, payload.length);
  }

  /** What follows the fixed header, without the payload, when the properties grow by so many bytes. */
  #headBody(form: WireForm, more: number): number {
    const properties = form.headLength - form.propertiesOffset + more;
    return (
      form.packetIdOffset -
      form.topicOffset +
      this.#packetIdLength(form) +
      variableByteIntegerLength(properties) +
      properties
    );
  }

  #packetIdLength(form: WireForm): number {
    const properties = form.headLength - form.propertiesOffset;
    return form.propertiesOffset - form.packetIdOffset - variableByteIntegerLength(properties);
  }
}

function identifiersLength(identifiers: readonly number[]): number {
  let length = 0;
  for (const identifier of identifiers) length += 1 + variableByteIntegerLength(identifier);
  return length;
}

function writeFourBytes(block: Uint8Array, at: number, value: number): void {
  block[at] = value >>> 24;
  block[at + 1] = value >>> 16;
  block[at + 2] = value >>> 8;
  block[at + 3] = value;
}
