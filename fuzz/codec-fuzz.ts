import { isDeepStrictEqual } from 'node:util';
import {
  decodePacket,
  decodeUtf8,
  encodePacket,
  type Packet,
  PacketError,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  PublishView,
  utf8Fault,
} from '@busbar/codec';
import { frame, packetVectors, propertyVectors, refusedVectors, toHex } from '@busbar/testkit';
import { FuzzFind } from './fuzz-find.ts';
import { mutate } from './mutation.ts';
import { SeededRandom } from './random.ts';

/** What a run has done so far. */
export interface CodecFigures {
  streams: number;
  byteLength: number;
  /** Packets that were understood, and encoded to themselves again. */
  packets: number;
  /** Refusals by code. */
  readonly refusals: Map<string, number>;
}

/** A packet to begin with, parted into its first byte and its body: the length between them follows the mutations. */
interface Sample {
  readonly version: ProtocolVersion;
  readonly firstByte: number;
  readonly body: Uint8Array;
}

/** Where a packet lies in a buffer. */
interface Range {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

const SAMPLES: readonly Sample[] = [...packetVectors, ...packetVectors, ...propertyVectors, ...refusedVectors].map(
  (vector) => {
    const bodyStart = vector.bytes.findIndex((byte, at) => at > 0 && byte < 0x80) + 1;
    return { version: vector.version, firstByte: vector.bytes[0] ?? 0, body: vector.bytes.subarray(bodyStart) };
  },
);
const MAXIMUM_PACKET_SIZE = 4096;

/**
 * Feeds the codec streams of changed packets and plain noise, cut anywhere, and holds it to its promises: nothing but a
 * PacketError is thrown; a packet that is understood encodes to itself; a view judges a PUBLISH as decodePacket does.
 * The same seed makes the same streams.
 *
 *     samples --mutate--> stream --cut--> splitter --> decode --> encode --> decode again
 *                                                 \--> view
 *
 * @example new CodecFuzz(7).run(1000)
 */
export class CodecFuzz {
  readonly figures: CodecFigures = { streams: 0, byteLength: 0, packets: 0, refusals: new Map() };
  readonly #seed: number;
  readonly #view = new PublishView();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Tries this many more streams. @throws {FuzzFind} The codec broke a promise. */
  run(streams: number): void {
    for (let left = streams; left > 0; left--) {
      const random = new SeededRandom(Math.imul(this.#seed, 1_000_003) + this.figures.streams);
      const sample = random.pick(SAMPLES);
      const version = random.oneIn(5) ? random.pick([3, 4, 5] as const) : sample.version;
      const stream = random.oneIn(20) ? random.bytes(random.below(60)) : makeStream(sample, random);
      try {
        this.#feed(stream, version, random);
      } catch (error) {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
        const place = `seed ${this.#seed}, stream ${this.figures.streams}, level ${version}`;
        throw new FuzzFind(`${place}: ${toHex(stream)}\n${what}`, { cause: error });
      }
      this.figures.streams++;
      this.figures.byteLength += stream.length;
    }
  }

  #feed(stream: Uint8Array, version: ProtocolVersion, random: SeededRandom): void {
    const splitter = new PacketSplitter(MAXIMUM_PACKET_SIZE);
    const refusal = this.#refusalOf(() => {
      for (const chunk of cut(stream, random)) {
        splitter.push(chunk);
        while (splitter.next()) this.#check(splitter, version);
      }
    });
    if (refusal === undefined && (splitter.unfinished?.arrived ?? 0) > stream.length) {
      throw new Error('more has arrived than was sent');
    }
  }

  #check(range: Range, version: ProtocolVersion): void {
    let packet: Packet | undefined;
    const refusal = this.#refusalOf(() => {
      packet = decodeRange(range, version);
    });
    if ((range.bytes[range.start] ?? 0) >> 4 === PacketType.publish) this.#checkView(range, version, packet, refusal);
    if (packet === undefined) return;
    this.figures.packets++;
    const spoken = packet.type === PacketType.connect ? packet.protocolVersion : version;
    const encoded = encodePacket(packet, spoken);
    const again = decodeAlone(encoded, spoken);
    if (!isDeepStrictEqual(again, packet)) throw new Error(`${toHex(encoded)} is no more ${say(packet)}`);
  }

  /** Holds a view against what decodePacket made of the same bytes; the characters of the Topic Name it does not judge. */
  #checkView(
    range: Range,
    version: ProtocolVersion,
    packet: Packet | undefined,
    refusal: PacketError | undefined,
  ): void {
    const { bytes, start, bodyStart, end } = range;
    const view = this.#view;
    let viewRefusal: PacketError | undefined;
    try {
      view.read(bytes, start, bodyStart, end, version);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      viewRefusal = error;
    }
    if (refusal !== undefined && !hasTopicName(range)) return;
    if (viewRefusal?.code !== refusal?.code) {
      throw new Error(`the view answers ${viewRefusal?.message}, decodePacket ${refusal?.message}`);
    }
    if (packet?.type === PacketType.publish && !isSame(view, packet))
      throw new Error(`the view differs from ${say(packet)}`);
  }

  /** Counts the refusal of an attempt and answers it. @throws Whatever is thrown that is not a PacketError. */
  #refusalOf(attempt: () => void): PacketError | undefined {
    try {
      attempt();
      return undefined;
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      const { refusals } = this.figures;
      refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
      return error;
    }
  }
}

/** One to three packets, most of them changed, most of them with a Remaining Length that fits. */
function makeStream(first: Sample, random: SeededRandom): Uint8Array {
  const stream: number[] = [];
  let sample = first;
  do {
    const body = random.oneIn(5) ? sample.body : mutate(sample.body, random, random.pick(SAMPLES).body);
    const firstByte = random.oneIn(20) ? random.below(256) : sample.firstByte;
    const packet = frame(firstByte, body);
    stream.push(...(random.oneIn(15) ? mutate(packet, random, body) : packet));
    sample = random.pick(SAMPLES);
  } while (random.oneIn(3));
  return Uint8Array.from(stream);
}

/** Copies of a stream's parts, so that nothing in one can be read from another. */
function cut(stream: Uint8Array, random: SeededRandom): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let at = 0;
  while (at < stream.length) {
    const end = random.oneIn(3) ? at + random.below(4) : at + random.below(stream.length - at + 1);
    chunks.push(stream.slice(at, end));
    at = end;
  }
  return chunks;
}

function decodeRange({ bytes, start, bodyStart, end }: Range, version: ProtocolVersion): Packet {
  return decodePacket(bytes[start] ?? 0, bytes, bodyStart, end, version);
}

/** Decodes one packet of our own making; undefined when it is none. */
function decodeAlone(bytes: Uint8Array, version: ProtocolVersion): Packet | undefined {
  const splitter = new PacketSplitter(2 * MAXIMUM_PACKET_SIZE);
  splitter.push(bytes);
  try {
    return splitter.next() && splitter.end === bytes.length ? decodeRange(splitter, version) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether what stands where the Topic Name belongs is UTF-8 without wildcards, or is cut off. */
function hasTopicName({ bytes, bodyStart, end }: Range): boolean {
  const topicStart = bodyStart + 2;
  const topicEnd = topicStart + (((bytes[bodyStart] ?? 0) << 8) | (bytes[bodyStart + 1] ?? 0));
  if (topicStart > end || topicEnd > end) return true;
  const topic = bytes.subarray(topicStart, topicEnd);
  return utf8Fault(topic, 0, topic.length) === undefined && !topic.includes(0x23) && !topic.includes(0x2b);
}

function isSame(view: PublishView, packet: PublishPacket): boolean {
  const { dup, qos, retain, packetId, topicAlias, messageExpiryInterval, payloadIsText, hasSubscriptionIdentifier } =
    view;
  const { properties } = packet;
  return (
    isDeepStrictEqual([dup, qos, retain, packetId], [packet.dup, packet.qos, packet.retain, packet.packetId]) &&
    decodeUtf8(view.topicBytes, view.topicStart, view.topicEnd) === packet.topicName &&
    isDeepStrictEqual(view.payload, packet.payload) &&
    topicAlias === (properties.topicAlias ?? 0) &&
    messageExpiryInterval === (properties.messageExpiryInterval ?? -1) &&
    payloadIsText === (properties.payloadFormatIndicator === 1) &&
    hasSubscriptionIdentifier === (properties.subscriptionIdentifiers !== undefined)
  );
}

function say(packet: Packet): string {
  return JSON.stringify(packet);
}
