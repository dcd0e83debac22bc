import type { ProtocolVersion } from '@busbar/codec';
import { acknowledgementPacket, type PublishContent, publishPacket } from './wire-packets.ts';

const DUP = 0x08;
const LARGEST_PACKET_ID = 65_535;

interface InFlight {
  /** Undefined once PUBREC has come. */
  content: PublishContent | undefined;
  bytes: Uint8Array;
}

interface Queued {
  readonly packetId: number;
  readonly content: PublishContent;
  readonly bytes: Uint8Array;
}

/**
 * The messages of QoS 1 and 2 that a tool has under way, across its connections, and the Packet Identifiers. As in
 * libmosquitto every message takes an identifier, also at QoS 0, so that the numbers in logs and warnings agree.
 */
export class OutgoingMessages {
  readonly #inFlight = new Map<number, InFlight>();
  readonly #maximum: number;
  #queue: Queued[] = [];
  #queueAt = 0;
  #window: number;
  #lastPacketId = 0;

  /** @param maximum Messages in flight at the most. */
  constructor(maximum: number) {
    this.#maximum = maximum;
    this.#window = maximum;
  }

  /** Messages that are in flight or wait for it. */
  get size(): number {
    return this.#inFlight.size + this.#queue.length - this.#queueAt;
  }

  takePacketId(): number {
    do this.#lastPacketId = (this.#lastPacketId % LARGEST_PACKET_ID) + 1;
    while (this.#inFlight.has(this.#lastPacketId));
    return this.#lastPacketId;
  }

  /** The server's Receive Maximum [MQTT-3.3.4-7]. */
  limitTo(receiveMaximum: number): void {
    this.#window = Math.min(this.#maximum, receiveMaximum);
  }

  /** @returns The packet, when it may leave now. */
  add(packetId: number, content: PublishContent, version: ProtocolVersion): Uint8Array | undefined {
    const bytes = publishPacket(version, content, packetId);
    if (content.qos === 0) return bytes;
    if (this.#inFlight.size >= this.#window || this.#queueAt < this.#queue.length) {
      this.#queue.push({ packetId, content, bytes });
      return undefined;
    }
    this.#inFlight.set(packetId, { content, bytes });
    return bytes;
  }

  takeQueued(): Queued | undefined {
    const next = this.#queue[this.#queueAt];
    if (next === undefined || this.#inFlight.size >= this.#window) return undefined;
    this.#queueAt += 1;
    if (this.#queueAt === this.#queue.length) {
      this.#queue = [];
      this.#queueAt = 0;
    }
    this.#inFlight.set(next.packetId, { content: next.content, bytes: next.bytes });
    return next;
  }

  handlePubrec(packetId: number): void {
    const entry = this.#inFlight.get(packetId);
    if (entry === undefined) return;
    entry.content = undefined;
    entry.bytes = acknowledgementPacket(0x62, packetId);
  }

  /** @returns Whether there was one. */
  remove(packetId: number): boolean {
    return this.#inFlight.delete(packetId);
  }

  /** What was sent and not finished, in its order, PUBLISH packets with DUP set [MQTT-3.3.1-1]. */
  *unfinished(): Iterable<{ packetId: number; content: PublishContent | undefined; bytes: Uint8Array }> {
    for (const [packetId, { content, bytes }] of this.#inFlight) {
      if (content !== undefined) bytes[0] = (bytes[0] ?? 0) | DUP;
      yield { packetId, content, bytes };
    }
  }
}
