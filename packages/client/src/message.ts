import type { PublishPacket, PublishProperties, QoS } from '@busbar/codec';

const textDecoder = new TextDecoder();

/** A message that has come (section 3.3). */
export class Message {
  readonly topicName: string;
  /** The bytes as they came; yours to keep. */
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Whether it was retained, or with Retain As Published whether its publisher asked for that. */
  readonly retain: boolean;
  /** Whether the server has sent it before, perhaps without its having come. */
  readonly dup: boolean;
  /** Empty below 5.0. */
  readonly properties: Readonly<PublishProperties>;

  constructor(packet: PublishPacket) {
    this.topicName = packet.topicName;
    this.payload = ownBytes(packet.payload);
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.dup = packet.dup;
    this.properties = packet.properties;
  }

  /** The payload as UTF-8; what is not well-formed comes as U+FFFD. */
  text(): string {
    return textDecoder.decode(this.payload);
  }

  /** The payload as JSON. @throws {SyntaxError} It is not JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** A small payload that somebody keeps must not keep the whole chunk alive in which it came. */
function ownBytes(view: Uint8Array): Uint8Array {
  return view.byteLength * 2 >= view.buffer.byteLength ? view : new Uint8Array(view);
}
