import {
  isReasonCodeOf,
  PacketType,
  type PublishPacket,
  type PublishProperties,
  type QoS,
  ReasonCode,
  UsageError,
} from '@busbar/codec';

const textDecoder = new TextDecoder();

/**
 * A message that has come (section 3.3).
 *
 * @example
 * client.subscribe('plant/+/level', (message) => {
 *   console.log(message.topicName, message.text(), message.retain, message.properties.contentType);
 * });
 */
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
  readonly #acknowledge: ((reasonCode: ReasonCode) => void) | undefined;

  constructor(
    packet: Pick<PublishPacket, 'topicName' | 'payload' | 'qos' | 'retain' | 'dup' | 'properties'>,
    acknowledge?: (reasonCode: ReasonCode) => void,
  ) {
    this.topicName = packet.topicName;
    this.payload = packet.payload;
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.dup = packet.dup;
    this.properties = packet.properties;
    this.#acknowledge = acknowledge;
  }

  /**
   * Says that this message is done with, where its subscription asked for `acknowledge: 'manual'`; elsewhere, at QoS 0, and
   * the second time it does nothing. It may be called in any order and at any time: the client sends acknowledgements in the
   * order of the messages, so one that stays out holds back those behind it.
   *
   * @param reasonCode From 0x80 on the message is refused, which a server may write down; 5.0 only. Default success.
   * @throws {UsageError} `reason-code-not-allowed`: none of those of PUBACK and PUBREC.
   */
  acknowledge(reasonCode: ReasonCode = ReasonCode.success): void {
    if (!isReasonCodeOf(PacketType.puback, reasonCode)) {
      throw new UsageError('reason-code-not-allowed', `PUBACK cannot carry Reason Code ${reasonCode}`);
    }
    this.#acknowledge?.(reasonCode);
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
