import { PublishView, variableByteIntegerLength, writeVariableByteInteger } from '@busbar/codec';
import { ApplicationMessage, type Delivery, isSharedSubscription, parseSharedSubscription } from '@busbar/protocol';

const LONGEST_TOPIC = 65_535;

/**
 * A part of the topics that a client has for itself: what it publishes and subscribes to is put below a prefix, and the prefix
 * is taken away from what it receives. It cannot name what is outside: every topic and every filter gets the prefix, those of
 * Shared Subscriptions behind their names. Rules see topics with their prefix.
 */
export class MountPoint {
  readonly prefix: string;
  readonly #prefixBytes: Uint8Array;
  readonly #view = new PublishView();

  /** @param prefix As it is put before topics: usually it ends with `/`. */
  constructor(prefix: string) {
    this.prefix = prefix;
    this.#prefixBytes = Buffer.from(prefix);
  }

  /**
   * The packet as if the client had published below the prefix; valid until the next one.
   *
   * @returns Undefined when the topic becomes longer than a Topic Name may be.
   */
  enter(view: PublishView, version: 3 | 4 | 5): PublishView | undefined {
    const { topicBytes, topicStart, topicEnd } = view;
    const topic = Buffer.concat([this.#prefixBytes, topicBytes.subarray(topicStart, topicEnd)]);
    if (topic.length > LONGEST_TOPIC) return undefined;
    const packet = withTopic(view, topic);
    this.#view.read(packet, 0, packet.length - bodyLength(packet), packet.length, version);
    return this.#view;
  }

  /** Whether a topic lies below the prefix. The prefix alone does not, though the filter `#` below it matches that. */
  holds(topicName: string): boolean {
    return topicName.startsWith(this.prefix) && topicName.length > this.prefix.length;
  }

  /** A delivery, of a topic that it holds, as its client sees it. Others that may take it over get it as it was. */
  leave(delivery: Delivery): Delivery {
    const record = delivery.message.toRecord();
    const view = new PublishView();
    view.read(
      record.packet,
      0,
      record.packet.length - bodyLength(record.packet),
      record.packet.length,
      record.version5 ? 5 : 4,
    );
    const topicBytes = record.topicBytes.subarray(this.#prefixBytes.length);
    const packet = withTopic(view, topicBytes);
    return delivery.withMessage(ApplicationMessage.fromRecord({ ...record, packet, topicBytes }));
  }

  /** A filter below the prefix, also one of a Shared Subscription. */
  filter(topicFilter: string): string {
    if (!isSharedSubscription(topicFilter)) return this.prefix + topicFilter;
    const shared = parseSharedSubscription(topicFilter);
    // What is none is refused as it is.
    return shared === undefined ? topicFilter : `$share/${shared.shareName}/${this.prefix}${shared.topicFilter}`;
  }
}

/** A PUBLISH packet with another topic; everything behind the topic stays as it came. */
function withTopic(view: PublishView, topic: Uint8Array): Uint8Array {
  const { bytes, start, packetIdOffset, end } = view;
  const body = 2 + topic.length + end - packetIdOffset;
  const headLength = 1 + variableByteIntegerLength(body);
  const packet = new Uint8Array(headLength + body);
  packet[0] = bytes[start] as number;
  writeVariableByteInteger(body, packet, 1);
  packet[headLength] = topic.length >> 8;
  packet[headLength + 1] = topic.length;
  packet.set(topic, headLength + 2);
  packet.set(bytes.subarray(packetIdOffset, end), headLength + 2 + topic.length);
  return packet;
}

/** Bytes behind the fixed header of a whole packet. */
function bodyLength(packet: Uint8Array): number {
  let lengthBytes = 1;
  while (((packet[lengthBytes] as number) & 0x80) !== 0) lengthBytes++;
  return packet.length - 1 - lengthBytes;
}
