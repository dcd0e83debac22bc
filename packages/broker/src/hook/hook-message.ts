import { decodePacket, encodePacket, PacketType, type PublishPacket, type QoS, UsageError } from '@busbar/codec';
import { ApplicationMessage, copyOf, type MessageContent, topicNameFault } from '@busbar/protocol';

/** What a hook changes of a message; what is not given stays. */
export interface MessageChanges {
  readonly topicName?: string | undefined;
  /** A text is encoded as UTF-8. */
  readonly payload?: Uint8Array | string | undefined;
  readonly qos?: QoS | undefined;
  readonly retain?: boolean | undefined;
  /** All of them; to add one, begin with `...message.properties`. */
  readonly properties?: MessageContent['properties'] | undefined;
}

/** A PUBLISH packet and the topic it stands for. */
interface Source {
  readonly packet: Uint8Array;
  readonly version5: boolean;
  readonly topicName: string;
}

/**
 * A message as hooks see it. Nothing of the packet is decoded or copied before somebody asks for it, and what is handed out is
 * the hook's to keep.
 */
export class HookMessage {
  readonly topicName: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly #version5: boolean;
  #packet: Uint8Array;
  #decoded: PublishPacket | undefined = undefined;
  #payload: Uint8Array | undefined = undefined;

  constructor({ packet, version5, topicName }: Source) {
    const first = packet[0] as number;
    this.topicName = topicName;
    this.qos = ((first >> 1) & 0b11) as QoS;
    this.retain = (first & 1) !== 0;
    this.#version5 = version5;
    this.#packet = packet;
  }

  static of(message: ApplicationMessage): HookMessage {
    const { packet, version5 } = message.toRecord();
    return new HookMessage({ packet, version5, topicName: message.topicName });
  }

  get payload(): Uint8Array {
    const { payload } = this.#decode();
    this.#payload ??= copyOf(payload, 0, payload.length);
    return this.#payload;
  }

  /** Those of PUBLISH, without Topic Alias; none below 5.0. */
  get properties(): MessageContent['properties'] {
    return carriedOf(this.#decode().properties);
  }

  /** The payload as UTF-8. */
  text(): string {
    return Buffer.from(this.payload).toString();
  }

  /** The payload as JSON. @throws {SyntaxError} It is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The packet, which is of 5.0 once something has been changed. */
  get packet(): { readonly bytes: Uint8Array; readonly bodyStart: number; readonly version5: boolean } {
    return { bytes: this.#packet, bodyStart: bodyStartOf(this.#packet), version5: this.#version5 };
  }

  /** Makes sure that it outlives the turn: somebody takes time for an answer. */
  own(): this {
    this.#packet = copyOf(this.#packet, 0, this.#packet.length);
    this.#decoded = undefined;
    return this;
  }

  /** The message with changes. @throws {UsageError} MQTT cannot carry it. */
  with(changes: MessageChanges): HookMessage {
    const content = this.#contentWith(changes);
    const { topicName, qos } = content;
    const fault = topicNameFault(topicName);
    if (fault !== undefined) throw new UsageError('topic-name-invalid', fault);
    const type = PacketType.publish;
    const packet = encodePacket({ type, dup: false, packetId: qos === 0 ? 0 : 1, ...content }, 5);
    return new HookMessage({ packet, version5: true, topicName });
  }

  /** As a message of the broker's that takes the place of another: it came from the same publisher, and expires when that would. */
  inPlaceOf({ publisher, expiresAt }: ApplicationMessage, now: number): ApplicationMessage {
    const content = this.#contentWith({});
    const message = ApplicationMessage.of(content, publisher, now);
    const seconds = content.properties.messageExpiryInterval;
    if (seconds === undefined || expiresAt === Number.POSITIVE_INFINITY) return message;
    return ApplicationMessage.fromRecord({ ...message.toRecord(), expiresAt: Math.min(expiresAt, message.expiresAt) });
  }

  #contentWith(changes: MessageChanges): MessageContent {
    const { topicName = this.topicName, qos = this.qos, retain = this.retain } = changes;
    const { payload = this.#decode().payload, properties = this.properties } = changes;
    if (qos !== 0 && qos !== 1 && qos !== 2) throw new UsageError('qos-invalid', `expected QoS 0, 1 or 2, ${qos} came`);
    if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) {
      throw new UsageError('payload-invalid', `expected a text or bytes as payload, ${typeof payload} came`);
    }
    return {
      topicName,
      payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
      qos,
      retain,
      properties: carriedOf(properties),
    };
  }

  #decode(): PublishPacket {
    const packet = this.#packet;
    this.#decoded ??= decodePacket(
      packet[0] as number,
      packet,
      bodyStartOf(packet),
      packet.length,
      this.#version5 ? 5 : 4,
    ) as PublishPacket;
    return this.#decoded;
  }
}

/** Properties without those that are a connection's or a subscription's, and never the message's. */
function carriedOf(properties: PublishPacket['properties']): MessageContent['properties'] {
  const { topicAlias: _, subscriptionIdentifiers: __, ...carried } = properties;
  return carried;
}

/** Where the body of a whole packet begins. */
function bodyStartOf(packet: Uint8Array): number {
  let at = 1;
  while ((packet[at] as number) >= 0x80) at++;
  return at + 1;
}
