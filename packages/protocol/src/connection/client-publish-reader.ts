import {
  DUP,
  decodeServerPacket,
  NO_PROPERTIES,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type PublishProperties,
  type QoS,
  RETAIN,
} from '@busbar/codec';
import { copyOf } from '../message/byte-copy.ts';

/** A Topic Name that has been checked, and its bytes to recognise it by. */
interface KnownTopic {
  readonly bytes: Uint8Array;
  readonly name: string;
}

const PUBLISH = PacketType.publish;
const SUBSCRIPTION_IDENTIFIER = 11;
/** Places for Topic Names that are recognised; each has one, which the next of the same place takes. */
const KNOWN_TOPICS = 512;
const LARGEST_KNOWN_TOPIC = 256;
const NO_BYTES = new Uint8Array(0);

/**
 * Reads the PUBLISH packets of a server: the client's short road. A Topic Name is decoded and checked the first time only, a
 * lone Subscription Identifier makes no new object, and a small payload is copied at once instead of being a view first, so
 * that it does not keep the chunk alive in which it came. Everything unusual goes the codec's way, which also finds all faults.
 */
export class ClientPublishReader {
  readonly #version: ProtocolVersion;
  readonly #topics: (KnownTopic | undefined)[] = new Array(KNOWN_TOPICS);
  /** Properties with nothing but the Subscription Identifier of this place. */
  readonly #identified: (Readonly<PublishProperties> | undefined)[] = [];

  constructor(version: ProtocolVersion) {
    this.#version = version;
  }

  /**
   * @param start Where the packet begins, `bodyStart` where its body does, `end` where it ends.
   * @throws {PacketError} The bytes are not a PUBLISH packet of this version.
   */
  read(bytes: Uint8Array, start: number, bodyStart: number, end: number): PublishPacket {
    const firstByte = bytes[start] as number;
    const qos = ((firstByte >> 1) & 0b11) as QoS | 3;
    const topicStart = bodyStart + 2;
    const topicLength = ((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number);
    let at = topicStart + topicLength;
    const place = topicLength > LARGEST_KNOWN_TOPIC || at > end ? 0 : placeOf(bytes, topicStart, at);
    const topic = this.#topics[place];
    if (qos === 3 || topic === undefined || !isSame(topic.bytes, bytes, topicStart, at)) {
      return this.#readSlowly(bytes, start, bodyStart, end, place);
    }
    let packetId = 0;
    if (qos !== 0) {
      packetId = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      at += 2;
    }
    let properties: Readonly<PublishProperties> | undefined = NO_PROPERTIES;
    if (this.#version === 5) {
      properties = bytes[at] === 0 ? NO_PROPERTIES : this.#identifiedAt(bytes, at);
      at += properties === NO_PROPERTIES ? 1 : 3;
    }
    const isDupAtQos0 = qos === 0 && (firstByte & DUP) !== 0;
    if (properties === undefined || at > end || isDupAtQos0 || (qos !== 0 && packetId === 0)) {
      return this.#readSlowly(bytes, start, bodyStart, end, place);
    }
    return {
      type: PUBLISH,
      dup: (firstByte & DUP) !== 0,
      qos,
      retain: (firstByte & RETAIN) !== 0,
      topicName: topic.name,
      packetId,
      properties,
      payload: ownBytes(bytes, at, end),
    };
  }

  /** Properties of two bytes: a Subscription Identifier below 128. */
  #identifiedAt(bytes: Uint8Array, at: number): Readonly<PublishProperties> | undefined {
    const identifier = bytes[at + 2] as number;
    const isAlone = bytes[at] === 2 && bytes[at + 1] === SUBSCRIPTION_IDENTIFIER && identifier > 0 && identifier < 0x80;
    if (!isAlone) return undefined;
    let properties = this.#identified[identifier];
    if (properties === undefined) {
      const subscriptionIdentifiers: number[] = [identifier];
      properties = Object.freeze({ subscriptionIdentifiers });
      Object.freeze(subscriptionIdentifiers);
      this.#identified[identifier] = properties;
    }
    return properties;
  }

  #readSlowly(bytes: Uint8Array, start: number, bodyStart: number, end: number, place: number): PublishPacket {
    const packet = decodeServerPacket(bytes[start] as number, bytes, bodyStart, end, this.#version) as Packet &
      PublishPacket;
    const topicStart = bodyStart + 2;
    const topicEnd = topicStart + (((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number));
    const isWorthKnowing = packet.topicName !== '' && topicEnd - topicStart <= LARGEST_KNOWN_TOPIC;
    if (isWorthKnowing) this.#topics[place] = { bytes: copyOf(bytes, topicStart, topicEnd), name: packet.topicName };
    return { ...packet, payload: ownBytes(packet.payload, 0, packet.payload.length) };
  }
}

/** A small payload that somebody keeps must not keep the whole chunk alive in which it came. */
function ownBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const byteLength = end - start;
  if (byteLength === 0) return NO_BYTES;
  return byteLength * 2 >= bytes.buffer.byteLength ? bytes.subarray(start, end) : copyOf(bytes, start, end);
}

function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] as number)) | 0;
  return hash & (KNOWN_TOPICS - 1);
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[start + at]) return false;
  return true;
}
