import {
  DUP,
  encodeClientPacket,
  PacketType,
  packetSize,
  RETAIN,
  UsageError,
  utf8ByteLength,
  variableByteIntegerLength,
  writeUtf8,
  writeVariableByteInteger,
} from '@busbar/codec';
import type { MessageContent } from '../message/application-message.ts';
import { copyBytes } from '../message/byte-copy.ts';
import { LARGE_PAYLOAD } from '../message/wire-form.ts';
import type { OutboundTopicAlias } from '../session/topic-alias.ts';
import { topicNameFault } from '../topic/topic-name.ts';
import type { OutputBuffer } from './output-buffer.ts';

const PUBLISH = PacketType.publish << 4;
const TOPIC_ALIAS = 35;
const ALIAS_LENGTH = 3;
const NO_BYTES = new Uint8Array(0);
/** Topic Names kept with their bytes; a client seldom publishes to more. */
const KNOWN_TOPICS = 1000;

/**
 * Writes a client's PUBLISH packets. A message without properties, which is nearly every one, is written straight into the
 * output; one with properties goes the codec's way. A Topic Name is checked and encoded the first time only.
 */
export class ClientPublishWriter {
  readonly #output: OutputBuffer;
  readonly #isVersion5: boolean;
  readonly #maximumPacketSize: number;
  readonly #topics = new Map<string, Uint8Array>();

  /** @param maximumPacketSize The server's; Infinity for none. */
  constructor(output: OutputBuffer, isVersion5: boolean, maximumPacketSize: number) {
    this.#output = output;
    this.#isVersion5 = isVersion5;
    this.#maximumPacketSize = maximumPacketSize;
  }

  /**
   * @param packetId 0 at QoS 0.
   * @throws {UsageError} The message cannot be sent, or not to this server; then nothing has been written.
   */
  write(message: MessageContent, packetId: number, dup: boolean, alias: OutboundTopicAlias | undefined): void {
    const topicBytes = this.#topics.get(message.topicName) ?? this.#learn(message.topicName);
    if (this.#isVersion5 && hasProperties(message)) this.#writeEncoded(message, packetId, dup, alias);
    else this.#writeDirectly(message, alias?.isKnown ? NO_BYTES : topicBytes, packetId, dup, alias);
  }

  #writeDirectly(
    message: MessageContent,
    topicBytes: Uint8Array,
    packetId: number,
    dup: boolean,
    alias: OutboundTopicAlias | undefined,
  ): void {
    const { payload, qos } = message;
    const topicLength = topicBytes.length;
    const propertiesLength = this.#isVersion5 ? 1 + (alias === undefined ? 0 : ALIAS_LENGTH) : 0;
    const headBody = 2 + topicLength + (qos === 0 ? 0 : 2) + propertiesLength;
    const body = headBody + payload.length;
    this.#expectSize(packetSize(body));
    const isLarge = payload.length >= LARGE_PAYLOAD;
    const head = 1 + variableByteIntegerLength(body) + headBody;
    let at = this.#output.reserve(isLarge ? head : head + payload.length);
    const { block } = this.#output;
    block[at++] = PUBLISH | (dup ? DUP : 0) | (qos << 1) | (message.retain ? RETAIN : 0);
    at = writeVariableByteInteger(body, block, at);
    block[at++] = topicLength >> 8;
    block[at++] = topicLength;
    copyBytes(topicBytes, 0, topicLength, block, at);
    at += topicLength;
    if (qos !== 0) {
      block[at++] = packetId >> 8;
      block[at++] = packetId;
    }
    if (propertiesLength > 0) block[at++] = propertiesLength - 1;
    if (alias !== undefined) {
      block[at++] = TOPIC_ALIAS;
      block[at++] = alias.alias >> 8;
      block[at++] = alias.alias;
    }
    if (isLarge) this.#output.appendRange(payload, 0, payload.length);
    else block.set(payload, at); // no view of it is made: for a small array that would cost more than the copy
  }

  #writeEncoded(message: MessageContent, packetId: number, dup: boolean, alias: OutboundTopicAlias | undefined): void {
    const { qos, retain, payload } = message;
    if ('topicAlias' in message.properties || 'subscriptionIdentifiers' in message.properties) {
      const text = 'a message cannot bring its own Topic Alias or Subscription Identifiers';
      throw new UsageError('property-not-allowed', text); // [MQTT-3.3.4-6]
    }
    const topicName = alias?.isKnown ? '' : message.topicName;
    const properties = alias === undefined ? message.properties : { ...message.properties, topicAlias: alias.alias };
    const bytes = encodeClientPacket(
      { type: PacketType.publish, dup, qos, retain, topicName, packetId, properties, payload },
      5,
    );
    this.#expectSize(bytes.length);
    this.#output.appendRange(bytes, 0, bytes.length);
  }

  #expectSize(byteLength: number): void {
    if (byteLength <= this.#maximumPacketSize) return;
    const message = `the PUBLISH packet is ${byteLength} bytes, the server takes ${this.#maximumPacketSize}`;
    throw new UsageError('packet-too-large', message); // [MQTT-3.2.2-15]
  }

  #learn(topicName: string): Uint8Array {
    const fault = topicNameFault(topicName);
    if (fault !== undefined) throw new UsageError('topic-name-invalid', fault); // [MQTT-3.3.2-2]
    const bytes = new Uint8Array(utf8ByteLength(topicName));
    writeUtf8(topicName, bytes, 0);
    if (this.#topics.size >= KNOWN_TOPICS) this.#topics.clear();
    this.#topics.set(topicName, bytes);
    return bytes;
  }
}

function hasProperties({ properties }: MessageContent): boolean {
  for (const _ in properties) return true;
  return false;
}
