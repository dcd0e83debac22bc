import { encodePacket, PacketType, type PublishPacket, PublishView } from '@busbar/codec';
import type { BenchPlan } from './plan.ts';
import { writeStamp } from './stamp.ts';

/** Messages that leave in one write at the most, as long as they have so many bytes together. */
const LONGEST = 16;
const MOST_BYTES = 65_536;
const ANY_PACKET_ID = 1;
const FILLING = 0x78;

/**
 * A row of equal PUBLISH packets, encoded once; for each message only Packet Identifier, stamp and, where every message has a
 * topic of its own, the last digits of the topic are patched in place.
 */
export class Train {
  /** Packets that fit. */
  readonly length: number;
  readonly #packetSize: number;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #packetIdAt: number;
  readonly #stampAt: number;
  readonly #topicEnd: number;

  /** @param retain Whether the messages are retained ones; with a plan of size 0 they clear them. */
  constructor(plan: BenchPlan, topicName: string, retain = false) {
    const { qos, version, size } = plan;
    const packet = encodePacket(
      {
        type: PacketType.publish,
        dup: false,
        qos,
        retain,
        topicName,
        packetId: qos === 0 ? 0 : ANY_PACKET_ID,
        properties: propertiesFor(plan),
        payload: new Uint8Array(size).fill(FILLING),
      },
      version,
    );
    const where = locate(packet, plan);
    this.#packetIdAt = qos === 0 ? -1 : where.packetIdOffset;
    this.#stampAt = size === 0 ? -1 : where.propertiesEnd;
    this.#topicEnd = where.topicEnd;
    this.#packetSize = packet.length;
    this.length = Math.max(1, Math.min(LONGEST, Math.floor(MOST_BYTES / packet.length)));
    this.#bytes = Buffer.alloc(this.length * packet.length);
    for (let at = 0; at < this.length; at++) this.#bytes.set(packet, at * packet.length);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
  }

  /** Fills in the packet at a place. @param packetId Disregarded at QoS 0. */
  patch(place: number, packetId: number, publisher: number, sequence: number, timeUs: number): void {
    const start = place * this.#packetSize;
    if (this.#packetIdAt >= 0) this.#view.setUint16(start + this.#packetIdAt, packetId);
    if (this.#stampAt >= 0) writeStamp(this.#view, start + this.#stampAt, publisher, sequence, timeUs);
  }

  /** Ends the topic of the packet at a place with a number, whose digits must be as many as those in the topic. */
  patchTopic(place: number, number: number, digits: number): void {
    let at = place * this.#packetSize + this.#topicEnd;
    let left = number;
    for (let digit = 0; digit < digits; digit++) {
      this.#bytes[--at] = 0x30 + (left % 10);
      left = Math.floor(left / 10);
    }
  }

  /** The bytes of the first packets; the row must not be changed until the socket has taken them. */
  take(count: number): Uint8Array {
    return this.#bytes.subarray(0, count * this.#packetSize);
  }
}

function propertiesFor({ userProperties }: BenchPlan): PublishPacket['properties'] {
  if (userProperties === 0) return {};
  return { userProperties: Array.from({ length: userProperties }, (_, at) => [`property-${at}`, 'a value']) };
}

/** Where in the packet the parts lie. */
function locate(packet: Uint8Array, { version }: BenchPlan): PublishView {
  let bodyStart = 1;
  while (((packet[bodyStart++] as number) & 0x80) !== 0);
  const view = new PublishView();
  view.read(packet, 0, bodyStart, packet.length, version);
  return view;
}
