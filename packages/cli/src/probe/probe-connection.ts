import type { Duplex } from 'node:stream';
import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketSplitter,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from '@busbar/codec';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { dialWire } from '../tool/wire-dial.ts';

const LARGEST_PACKET = 268_435_460;
/** What a server may take to answer before it counts as no answer. */
const ANSWER_MS = 2000;
/** The same for a server that has not answered before. */
const IMPATIENT_MS = 300;
/** How long after a PINGRESP a server may still think of hanging up. */
const LATE_MS = 100;
/** How long nothing has to come before nothing will. */
const QUIET_MS = 300;

/**
 * A connection that a probe plays by hand: it sends any packet, also a wrong one, and waits for what comes. Messages are
 * acknowledged by themselves.
 */
export class ProbeConnection {
  readonly stream: Duplex;
  readonly #version: ProtocolVersion;
  readonly #splitter = new PacketSplitter(LARGEST_PACKET);
  readonly #arrived: Packet[] = [];
  #isClosed = false;
  #patienceMs = ANSWER_MS;
  #wake: () => void = () => {};

  private constructor(stream: Duplex, version: ProtocolVersion) {
    this.stream = stream;
    this.#version = version;
    stream.resume();
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('error', () => {});
    stream.on('close', () => this.#close());
    stream.on('end', () => this.#close());
  }

  /** @throws {DialFailure} */
  static async open(settings: ToolSettings, version: ProtocolVersion): Promise<ProbeConnection> {
    return new ProbeConnection(await dialWire(settings), version);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    this.sendBytes(encodePacket(packet, this.#version));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.#isClosed) this.stream.write(bytes);
  }

  /**
   * The answer that fits, and takes it away; undefined when none comes in time or the server hangs up. A server that has owed
   * an answer once is not waited for that long again.
   */
  async next<Wanted extends Packet>(fits: (packet: Packet) => packet is Wanted): Promise<Wanted | undefined> {
    const packet = await this.#take(fits, this.#patienceMs);
    if (packet === undefined) this.#patienceMs = IMPATIENT_MS;
    return packet;
  }

  /** Every message that comes until nothing has come for a while. */
  async messages(): Promise<PublishPacket[]> {
    const found: PublishPacket[] = [];
    for (;;) {
      const message = await this.#take(isPublish, QUIET_MS);
      if (message === undefined) return found;
      found.push(message);
    }
  }

  /** Whether the server hangs up over what was sent: if it does not, it answers the PINGREQ that follows. */
  async hangsUp(): Promise<boolean> {
    this.send({ type: PacketType.pingreq });
    const pingresp = await this.next(ofType(PacketType.pingresp));
    return this.closes(pingresp === undefined ? 0 : LATE_MS);
  }

  /** Whether the connection is closed, in time. */
  async closes(timeoutMs = ANSWER_MS): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (!this.#isClosed && performance.now() < deadline) await this.#change(deadline - performance.now());
    return this.#isClosed;
  }

  end(): void {
    if (!this.#isClosed) this.stream.end(Uint8Array.of(0xe0, 0));
    setTimeout(() => this.stream.destroy(), 200).unref();
  }

  async #take<Wanted extends Packet>(
    fits: (packet: Packet) => packet is Wanted,
    timeoutMs: number,
  ): Promise<Wanted | undefined> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const at = this.#arrived.findIndex(fits);
      if (at >= 0) return this.#arrived.splice(at, 1).find(fits);
      const left = deadline - performance.now();
      if (left <= 0 || this.#isClosed) return undefined;
      await this.#change(left);
    }
  }

  #receive(bytes: Uint8Array): void {
    try {
      this.#splitter.push(bytes);
      while (this.#splitter.next()) {
        const { bytes: all, start, bodyStart, end } = this.#splitter;
        this.#handle(decodePacket(all[start] ?? 0, all.slice(), bodyStart, end, this.#version));
      }
    } catch {
      this.stream.destroy(); // what is no MQTT is no answer
    }
    this.#wake();
  }

  #handle(packet: Packet): void {
    if (packet.type === PacketType.publish && packet.qos === 1) this.#acknowledge(0x40, packet.packetId);
    if (packet.type === PacketType.publish && packet.qos === 2) this.#acknowledge(0x50, packet.packetId);
    if (packet.type === PacketType.pubrel) this.#acknowledge(0x70, packet.packetId);
    else this.#arrived.push(packet);
  }

  #acknowledge(first: number, packetId: number): void {
    this.sendBytes(Uint8Array.of(first, 2, packetId >> 8, packetId & 0xff));
  }

  #close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Whether a packet is of a type: `next(ofType(PacketType.connack))`. */
export function ofType<Type extends Packet['type']>(type: Type) {
  return (packet: Packet): packet is Extract<Packet, { type: Type }> => packet.type === type;
}

export const isPublish = ofType(PacketType.publish);
