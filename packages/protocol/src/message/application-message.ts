import {
  decodeUtf8,
  encodePacket,
  PacketType,
  type ProtocolVersion,
  type PublishProperties,
  PublishView,
  type QoS,
} from '@busbar/codec';
import { copyOf } from './byte-copy.ts';
import type { ByteSlab } from './byte-slab.ts';
import { encodeForm } from './form-encoder.ts';
import type { MessageOrigin, MessageRecord } from './message-record.ts';
import type { WireForm } from './wire-form.ts';

/** Set in every byte of a Variable Byte Integer but its last. */
const MORE_LENGTH_BYTES = 0x80;
const NEVER = Number.POSITIVE_INFINITY;

/** What a message is made of when it does not come from a PUBLISH packet: wills, `$SYS`, programs. */
export interface MessageContent {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Those of PUBLISH, without Topic Alias and Subscription Identifiers. */
  readonly properties: Readonly<Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>>;
}

/**
 * An Application Message on its way through the broker (section 1.2), always of MQTT 5 shape: it knows topic, payload,
 * properties, QoS, origin and time of arrival, and no longer Packet Identifier, Topic Alias, DUP or protocol version.
 *
 * It is a description of the packet it came in: nothing is decoded or copied until that is needed. Encoded
 * {@link WireForm}s are made once each and shared by all receivers; where the packet that came is itself the form, it is
 * passed on as it is. The bytes it describes belong to the chunk that was read: {@link keep} or {@link own} before
 * the turn of the event loop ends if the message is to outlive it.
 */
export class ApplicationMessage {
  readonly topicName: string;
  readonly qos: QoS;
  /** RETAIN as the publisher set it. */
  readonly retain: boolean;
  /** Milliseconds of the broker's clock at which it expires (section 3.3.2.3.3); Infinity for never. */
  readonly expiresAt: number;
  /** The Client Identifier of the publisher; `''` for the broker's own messages. */
  readonly publisher: string;
  /** When it was accepted, where somebody measures how long it stays; undefined for nearly all messages. */
  acceptance: { readonly at: number } | undefined = undefined;

  /** Undefined where the message's own bytes spell the Topic Name: at rest nothing is kept twice. */
  #topicBytes: Uint8Array | undefined;
  // The packet it came in; all other offsets count from #start.
  #bytes: Uint8Array;
  #start: number;
  readonly #byteLength: number;
  readonly #version5: boolean;
  readonly #hasPacketId: boolean;
  readonly #topicOffset: number;
  readonly #packetIdOffset: number;
  readonly #propertiesOffset: number;
  readonly #payloadOffset: number;
  readonly #aliasOffset: number;
  readonly #expiryOffset: number;
  /** Whether the packet it came in may be passed on as a form. */
  readonly #isForm: boolean;
  #isKept = false;
  #isOwned = false;
  #form3: WireForm | undefined = undefined;
  #form3WithId: WireForm | undefined = undefined;
  #form5: WireForm | undefined = undefined;
  #form5WithId: WireForm | undefined = undefined;

  /**
   * @param view The PUBLISH packet; the message describes its bytes and does not hold on to the view.
   * @param topicName Its Topic Name, resolved if it came as an alias.
   * @param topicBytes The same as bytes; undefined where the packet spells it.
   * @param now When it came, in milliseconds of the broker's clock.
   */
  constructor(
    view: PublishView,
    version5: boolean,
    topicName: string,
    topicBytes: Uint8Array | undefined,
    publisher: string,
    now: number,
  ) {
    const { start } = view;
    this.topicName = topicName;
    this.#topicBytes = topicBytes;
    this.qos = view.qos;
    this.retain = view.retain;
    // Of a whole millisecond: the sum with a fraction is rounded, and what is left would be more than was given.
    this.expiresAt = view.messageExpiryInterval < 0 ? NEVER : Math.floor(now) + view.messageExpiryInterval * 1000;
    this.publisher = publisher;
    this.#bytes = view.bytes;
    this.#start = start;
    this.#byteLength = view.end - start;
    this.#version5 = version5;
    this.#hasPacketId = view.qos !== 0;
    this.#packetIdOffset = view.packetIdOffset - start;
    this.#propertiesOffset = view.propertiesStart - start;
    this.#payloadOffset = view.propertiesEnd - start;
    this.#aliasOffset = view.topicAliasOffset < 0 ? -1 : view.topicAliasOffset - start;
    this.#expiryOffset = view.messageExpiryOffset < 0 ? -1 : view.messageExpiryOffset - start;
    this.#topicOffset = this.#aliasOffset < 0 ? view.topicStart - start - 2 : -1;
    this.#isForm = this.#aliasOffset < 0;
  }

  /** Makes a message that did not come as a packet. @throws {UsageError} Content that MQTT cannot carry. */
  static of(content: MessageContent, publisher: string, now: number): ApplicationMessage {
    const packet = encodePacket(
      { type: PacketType.publish, dup: false, packetId: content.qos === 0 ? 0 : 1, ...content },
      5,
    );
    const view = viewOf(packet, 0, packet.length, 5);
    return new ApplicationMessage(view, true, content.topicName, undefined, publisher, now).#withOwnMemory();
  }

  /**
   * The message that a store kept; its memory is that of the record.
   *
   * @throws {PacketError} The record's packet is not a PUBLISH packet.
   */
  static fromRecord(record: MessageOrigin & { readonly packet: Uint8Array }): ApplicationMessage {
    const { packet } = record;
    return ApplicationMessage.fromPacket(packet, 0, packet.length, record).#withOwnMemory();
  }

  /**
   * The message whose packet lies in a range of bytes that are not its own: to be kept or owned if it is to stay.
   *
   * @throws {PacketError} They are not a PUBLISH packet.
   */
  static fromPacket(bytes: Uint8Array, start: number, end: number, origin: MessageOrigin): ApplicationMessage {
    const { version5, topicBytes, publisher, expiresAt } = origin;
    const view = viewOf(bytes, start, end, version5 ? 5 : 4);
    const topicName =
      topicBytes === undefined
        ? decodeUtf8(bytes, view.topicStart, view.topicEnd)
        : decodeUtf8(topicBytes, 0, topicBytes.length);
    const cameAt = view.messageExpiryInterval < 0 ? 0 : expiresAt - view.messageExpiryInterval * 1000;
    return new ApplicationMessage(view, version5, topicName, topicBytes, publisher, cameAt);
  }

  /** The message as a store keeps it, as views of its bytes. */
  toRecord(): MessageRecord {
    const { topicBytes, publisher, expiresAt } = this;
    const packet = this.#bytes.subarray(this.#start, this.#start + this.#byteLength);
    return { packet, version5: this.#version5, topicBytes, spellsTopic: this.#isForm, publisher, expiresAt };
  }

  /** The Topic Name in UTF-8. */
  get topicBytes(): Uint8Array {
    if (this.#topicBytes !== undefined) return this.#topicBytes;
    return this.#bytes.subarray(this.#start + this.#topicOffset + 2, this.#start + this.#packetIdOffset);
  }

  /** Bytes that the message takes while it is queued or retained. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get payloadLength(): number {
    return this.#byteLength - this.#payloadOffset;
  }

  /** A view of the payload. */
  get payload(): Uint8Array {
    return this.#bytes.subarray(this.#start + this.#payloadOffset, this.#start + this.#byteLength);
  }

  /** Whether it has outlived its Message Expiry Interval. */
  isExpired(now: number): boolean {
    return this.expiresAt <= now;
  }

  /** What is left of the Message Expiry Interval, in whole seconds (section 3.3.2.3.3). */
  remainingExpirySeconds(now: number): number {
    return Math.max(0, Math.ceil((this.expiresAt - now) / 1000)); // [MQTT-3.3.2-6]
  }

  /** Makes sure that the message outlives the turn for a while, in flight to a connected receiver, with little memory beside it. */
  keep(slab: ByteSlab): this {
    if (this.#isKept) return this;
    if (slab.isLittle(this.#bytes)) {
      this.#isKept = true;
      return this;
    }
    slab.copy(this.#bytes, this.#start, this.#start + this.#byteLength);
    this.#moveTo(slab.bytes, slab.start);
    return this;
  }

  /** Makes sure that the message may stay for long: queued or retained. Its memory is its own and exact. */
  own(): this {
    if (this.#isOwned) return this;
    this.#moveTo(copyOf(this.#bytes, this.#start, this.#start + this.#byteLength), 0);
    this.#isOwned = true;
    if (this.#isForm) this.#topicBytes = undefined;
    return this;
  }

  /** Lets go of encoded forms: a message at rest needs only the packet it came in. */
  dropForms(): void {
    this.#form3 = undefined;
    this.#form3WithId = undefined;
    this.#form5 = undefined;
    this.#form5WithId = undefined;
  }

  /** The message encoded for receivers of 5.0 or below, with or without Packet Identifier; made at most once each. */
  form(version5: boolean, hasPacketId: boolean): WireForm {
    if (version5) return hasPacketId ? this.#version5FormWithId() : this.#version5Form();
    return hasPacketId ? this.#version3FormWithId() : this.#version3Form();
  }

  #version3Form(): WireForm {
    this.#form3 ??= this.#makeForm(false, false);
    return this.#form3;
  }

  #version3FormWithId(): WireForm {
    this.#form3WithId ??= this.#makeForm(false, true);
    return this.#form3WithId;
  }

  #version5Form(): WireForm {
    this.#form5 ??= this.#makeForm(true, false);
    return this.#form5;
  }

  #version5FormWithId(): WireForm {
    this.#form5WithId ??= this.#makeForm(true, true);
    return this.#form5WithId;
  }

  #withOwnMemory(): this {
    this.#isKept = true;
    this.#isOwned = true;
    if (this.#isForm) this.#topicBytes = undefined;
    return this;
  }

  #moveTo(bytes: Uint8Array, start: number): void {
    // Only the form that is the packet itself lies in the bytes that are left behind.
    const same = this.#version5
      ? this.#hasPacketId
        ? this.#form5WithId
        : this.#form5
      : this.#hasPacketId
        ? this.#form3WithId
        : this.#form3;
    if (same !== undefined && this.#isForm) {
      same.bytes = bytes;
      same.start = start;
      same.end = start + this.#byteLength;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#isKept = true;
  }

  #makeForm(version5: boolean, hasPacketId: boolean): WireForm {
    if (this.#isForm && version5 === this.#version5 && hasPacketId === this.#hasPacketId) return this.#sameForm();
    return this.#encodeForm(version5, hasPacketId);
  }

  /** The packet that came is the packet that leaves. */
  #sameForm(): WireForm {
    return {
      bytes: this.#bytes,
      start: this.#start,
      end: this.#start + this.#byteLength,
      topicOffset: this.#topicOffset,
      packetIdOffset: this.#packetIdOffset,
      expiryOffset: this.#expiryOffset < 0 ? -1 : this.#expiryOffset + 1,
      propertiesOffset: this.#propertiesOffset,
      headLength: this.#payloadOffset,
      isWhole: true,
      packetSize: this.#byteLength,
    };
  }

  #encodeForm(version5: boolean, hasPacketId: boolean): WireForm {
    const packet = {
      bytes: this.#bytes,
      start: this.#start,
      byteLength: this.#byteLength,
      topicBytes: this.topicBytes,
      propertiesOffset: this.#propertiesOffset,
      payloadOffset: this.#payloadOffset,
      aliasOffset: this.#aliasOffset,
      expiryOffset: this.#expiryOffset,
    };
    return encodeForm(packet, version5, hasPacketId);
  }
}

/** A view of a whole packet whose Remaining Length is known to be sound. */
function viewOf(bytes: Uint8Array, start: number, end: number, version: ProtocolVersion): PublishView {
  let bodyStart = start + 1;
  while ((bytes[bodyStart] as number) >= MORE_LENGTH_BYTES) bodyStart++;
  const view = new PublishView();
  view.read(bytes, start, bodyStart + 1, end, version);
  return view;
}
