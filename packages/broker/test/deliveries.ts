import { encodePacket, NO_PROPERTIES, type PublishProperties, PublishView, type QoS } from '@busbar/codec';
import { ApplicationMessage, Delivery } from '@busbar/protocol';
import { publishPacket } from '@busbar/testkit';

/** What a test says of a message; everything has a default. */
export interface MessageOptions {
  readonly topicName?: string;
  /** A text stands for its UTF-8. */
  readonly payload?: string | Uint8Array;
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly properties?: PublishProperties;
  readonly publisher?: string;
  /** When it came. */
  readonly now?: number;
  /** The chunk that its packet came in; default one of its own. */
  readonly into?: Uint8Array;
}

/** A message as it comes from a 5.0 client: a view of the chunk that was read. */
export function messageOf(options: MessageOptions = {}): ApplicationMessage {
  const { topicName = 'plant/t', payload = 'x', qos = 0, retain = false } = options;
  const { properties = NO_PROPERTIES, publisher = 'publisher', now = 0 } = options;
  const packet = encodePacket(
    publishPacket(topicName, payload, { qos, retain, properties, packetId: qos === 0 ? 0 : 1 }),
    5,
  );
  const chunk = options.into ?? new Uint8Array(packet.length);
  chunk.set(packet);
  const view = new PublishView();
  view.read(chunk, 0, packet.length < 130 ? 2 : packet.length < 16_388 ? 3 : 4, packet.length, 5);
  return new ApplicationMessage(view, true, topicName, Buffer.from(topicName), publisher, now);
}

/** A message on its way to one receiver, with the QoS that it was published with. */
export function deliveryOf(options: MessageOptions = {}, subscriptionIdentifiers?: readonly number[]): Delivery {
  return new Delivery(messageOf(options), options.qos ?? 0, false, subscriptionIdentifiers);
}
