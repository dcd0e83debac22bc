import { DUP, RETAIN, readPublishFlags, withoutTopic } from './packet/publish.ts';
import { cutOff, malformed, protocolError } from './packet-error.ts';
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.ts';
import { expectInRange, expectProperty, givenTwice, type PropertyDefinition } from './property.ts';
import { utf8Fault } from './utf8.ts';

const NO_BYTES = new Uint8Array(0);

const PAYLOAD_FORMAT_INDICATOR = 1;
const MESSAGE_EXPIRY_INTERVAL = 2;
const CONTENT_TYPE = 3;
const RESPONSE_TOPIC = 8;
const CORRELATION_DATA = 9;
const SUBSCRIPTION_IDENTIFIER = 11;
const TOPIC_ALIAS = 35;
const USER_PROPERTY = 38;

const PLUS = 0x2b;
const HASH = 0x23;

/**
 * A PUBLISH packet (section 3.3) where it lies: ranges of the bytes that came, checked as strictly as {@link decodePacket} checks, and
 * nothing copied or made. One view serves a whole connection; {@link read} fills it anew for each packet.
 *
 * It leaves two checks to whoever resolves the Topic Name, because they are needed once for each different name and
 * not for each packet: that its bytes are UTF-8 and that it is a Topic Name without wildcards.
 *
 *     first byte | Remaining Length | topic | Packet Identifier | Property Length | properties | payload |
 *     ^start                        ^topicStart..topicEnd ^packetIdOffset         ^propertiesStart..propertiesEnd ..end
 *
 * @example
 * view.read(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end, version);
 * const fault = utf8Fault(view.topicBytes, view.topicStart, view.topicEnd);
 */
export class PublishView {
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  end = 0;
  qos: QoS = 0;
  dup = false;
  retain = false;
  /** Where the Topic Name lies: in {@link bytes}, until whoever resolves Topic Aliases points these three elsewhere. */
  topicBytes: Uint8Array = NO_BYTES;
  topicStart = 0;
  topicEnd = 0;
  /** 0 at QoS 0. */
  packetId = 0;
  /** Where the Packet Identifier's two bytes are, or would be at QoS 0. */
  packetIdOffset = 0;
  /** Where the properties are, without their Property Length; an empty range below 5.0. */
  propertiesStart = 0;
  /** Where the properties end and the payload begins; the payload goes to {@link end}. */
  propertiesEnd = 0;
  /** 0 when there is none. */
  topicAlias = 0;
  /** Where the Topic Alias property begins (three bytes), -1 when there is none. */
  topicAliasOffset = -1;
  /** Seconds; -1 when there is none. */
  messageExpiryInterval = -1;
  /** Where the Message Expiry Interval property begins (five bytes), -1 when there is none. */
  messageExpiryOffset = -1;
  /** Whether the payload says it is UTF-8 text. */
  payloadIsText = false;
  /** Whether Subscription Identifiers are among the properties: only a server may send them. */
  hasSubscriptionIdentifier = false;

  #seen = 0;

  /**
   * Reads the packet that begins at `start` and whose body goes from `bodyStart` to `end`.
   *
   * @throws {PacketError} The bytes are not a PUBLISH packet of this version.
   */
  read(bytes: Uint8Array, start: number, bodyStart: number, end: number, version: ProtocolVersion): void {
    const flags = (bytes[start] as number) & 0x0f;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.qos = flags === 0 ? 0 : readPublishFlags(flags);
    this.dup = (flags & DUP) !== 0;
    this.retain = (flags & RETAIN) !== 0;
    this.topicBytes = bytes;
    this.topicStart = bodyStart + 2;
    this.topicEnd = stringEnd(bytes, bodyStart, end, 'the Topic Name');
    let at = this.topicEnd;
    this.packetIdOffset = at;
    this.packetId = 0;
    if (this.qos !== 0) {
      at = need(at, 2, end, 'the Packet Identifier');
      this.packetId = ((bytes[at - 2] as number) << 8) | (bytes[at - 1] as number);
      if (this.packetId === 0) throw protocolError('PUBLISH has Packet Identifier 0', 'MQTT-2.2.1-3');
    }
    this.topicAlias = 0;
    this.topicAliasOffset = -1;
    this.messageExpiryInterval = -1;
    this.messageExpiryOffset = -1;
    this.payloadIsText = false;
    this.hasSubscriptionIdentifier = false;
    this.propertiesStart = at;
    this.propertiesEnd = at;
    if (version === 5) this.#readPropertyLength(at);
    if (this.topicEnd === this.topicStart && this.topicAlias === 0) throw withoutTopic();
  }

  /** Lets go of the bytes: a connection that is idle keeps none of them alive. */
  release(): void {
    this.bytes = NO_BYTES;
    this.topicBytes = NO_BYTES;
  }

  /** The payload, as a view of {@link bytes}. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.propertiesEnd, this.end);
  }

  #readPropertyLength(start: number): void {
    const first = this.bytes[start];
    if (first === undefined || start >= this.end) throw cutOff('the Property Length', 1, 0);
    let at = start + 1;
    let byteLength = first;
    if (first >= 0x80) {
      at = integerEnd(this.bytes, start, this.end, 'the Property Length');
      byteLength = integerAt(this.bytes, start, at);
    }
    this.propertiesStart = at;
    this.propertiesEnd = at + byteLength;
    if (byteLength === 0) return;
    if (this.propertiesEnd > this.end) {
      throw cutOff('the properties of PUBLISH', byteLength, this.end - at);
    }
    this.#seen = 0;
    while (at < this.propertiesEnd) at = this.#readProperty(at);
  }

  /** Checks the property that begins here and answers where it ends. Identifiers are one byte: all are below 128. */
  #readProperty(start: number): number {
    const { bytes, propertiesEnd: end } = this;
    const identifier = bytes[start] as number;
    const at = start + 1;
    switch (identifier) {
      case USER_PROPERTY:
        return textEnd(bytes, textEnd(bytes, at, end, 'a User Property name'), end, 'a User Property value');
      case PAYLOAD_FORMAT_INDICATOR:
        this.#once(identifier);
        need(at, 1, end, 'the Payload Format Indicator');
        expectInRange(definition(identifier), bytes[at] as number);
        this.payloadIsText = bytes[at] === 1;
        return at + 1;
      case MESSAGE_EXPIRY_INTERVAL:
        this.#once(identifier);
        need(at, 4, end, 'the Message Expiry Interval');
        this.messageExpiryOffset = start;
        this.messageExpiryInterval = fourBytesAt(bytes, at);
        return at + 4;
      case CONTENT_TYPE:
        this.#once(identifier);
        return textEnd(bytes, at, end, 'the Content Type');
      case RESPONSE_TOPIC:
        this.#once(identifier);
        return responseTopicEnd(bytes, at, end);
      case CORRELATION_DATA:
        this.#once(identifier);
        return stringEnd(bytes, at, end, 'the Correlation Data');
      case SUBSCRIPTION_IDENTIFIER:
        this.hasSubscriptionIdentifier = true;
        return this.#readSubscriptionIdentifier(at);
      case TOPIC_ALIAS:
        if (this.topicAliasOffset >= 0) throw givenTwice(definition(identifier), PacketType.publish);
        need(at, 2, end, 'the Topic Alias');
        this.topicAliasOffset = start;
        this.topicAlias = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
        expectInRange(definition(identifier), this.topicAlias);
        return at + 2;
      default:
        throw malformed(`PUBLISH has ${definition(identifier).title} among its properties`);
    }
  }

  #readSubscriptionIdentifier(at: number): number {
    const end = integerEnd(this.bytes, at, this.propertiesEnd, 'a Subscription Identifier');
    expectInRange(definition(SUBSCRIPTION_IDENTIFIER), integerAt(this.bytes, at, end));
    return end;
  }

  /** Identifiers of PUBLISH that may be given once are all below 32, but for the Topic Alias. */
  #once(identifier: number): void {
    const bit = 1 << identifier;
    if ((this.#seen & bit) !== 0) throw givenTwice(definition(identifier), PacketType.publish);
    this.#seen |= bit;
  }
}

/** @throws {PacketError} The property is unknown or not allowed in PUBLISH. */
function definition(identifier: number): PropertyDefinition {
  return expectProperty(identifier, PacketType.publish);
}

function need(at: number, byteLength: number, end: number, what: string): number {
  if (at + byteLength > end) throw cutOff(what, byteLength, Math.max(0, end - at));
  return at + byteLength;
}

/** Where a value with a two-byte length before it ends. */
function stringEnd(bytes: Uint8Array, at: number, end: number, what: string): number {
  if (at + 2 > end) throw cutOff(`the length of ${what}`, 2, Math.max(0, end - at));
  const byteLength = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return need(at + 2, byteLength, end, what);
}

function textEnd(bytes: Uint8Array, at: number, end: number, what: string): number {
  const stop = stringEnd(bytes, at, end, what);
  const fault = utf8Fault(bytes, at + 2, stop);
  if (fault !== undefined) throw malformed(`${what} ${fault}`, 'MQTT-1.5.4-1');
  return stop;
}

function responseTopicEnd(bytes: Uint8Array, at: number, end: number): number {
  const stop = textEnd(bytes, at, end, 'the Response Topic');
  if (stop === at + 2) throw protocolError('the Response Topic is empty', 'MQTT-4.7.3-1');
  for (let i = at + 2; i < stop; i++) {
    if (bytes[i] === PLUS || bytes[i] === HASH)
      throw protocolError('the Response Topic has a wildcard', 'MQTT-3.3.2-14');
  }
  return stop;
}

function integerEnd(bytes: Uint8Array, start: number, end: number, what: string): number {
  for (let at = start; at < start + 4; at++) {
    if (at >= end) throw cutOff(what, 1, 0);
    const byte = bytes[at] as number;
    if (byte >= 0x80) continue;
    if (byte === 0 && at > start) throw malformed(`${what} is not in its shortest form`, 'MQTT-1.5.5-1');
    return at + 1;
  }
  throw malformed(`${what} is longer than four bytes`, 'MQTT-1.5.5-1');
}

function integerAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = end - 1; at >= start; at--) value = (value << 7) | ((bytes[at] as number) & 0x7f);
  return value;
}

function fourBytesAt(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  return high * 0x10000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
}
