import net from 'node:net';
import { setTimeout as rest } from 'node:timers/promises';
import { encodePacket, PacketSplitter, PacketType } from '@busbar/codec';

const PAIRS = 20;
const WINDOW = 50;
const RATE = 5_000;
const PAYLOAD = new Uint8Array(64).fill(0x61);

/** A connection of MQTT 3.1.1 with a session that stays. */
class Client {
  onAcknowledged = (/** @type {number} */ _packetId) => {};
  #socket;
  #splitter = new PacketSplitter(Number.POSITIVE_INFINITY);
  #answered = () => {};
  /** Acknowledgements that leave together. @type {number[]} */
  #due = [];

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk)).on('error', () => {});
  }

  static async connect(port, clientIdentifier) {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const client = new Client(socket);
    const none = { will: undefined, userName: undefined, password: undefined, properties: {} };
    await client.ask({
      type: PacketType.connect,
      protocolVersion: 4,
      clientIdentifier,
      cleanStart: false,
      keepAlive: 0,
      ...none,
    });
    return client;
  }

  /** Sends a packet and waits for CONNACK or SUBACK. */
  async ask(packet) {
    const answered = new Promise((resolve) => {
      this.#answered = () => resolve(undefined);
    });
    this.#socket.write(encodePacket(packet, 4));
    await answered;
  }

  async subscribe(topicFilter) {
    const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 };
    await this.ask({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [{ topicFilter, ...options }],
      properties: {},
    });
  }

  write(bytes) {
    this.#socket.write(bytes);
  }

  destroy() {
    this.#socket.destroy();
  }

  #read(chunk) {
    const splitter = this.#splitter;
    splitter.push(chunk);
    while (splitter.next()) {
      const { bytes, start, bodyStart } = splitter;
      const type = (bytes[start] ?? 0) >> 4;
      if (type === PacketType.puback) this.onAcknowledged(((bytes[bodyStart] ?? 0) << 8) | (bytes[bodyStart + 1] ?? 0));
      else if (type === PacketType.publish) {
        const at = bodyStart + 2 + (((bytes[bodyStart] ?? 0) << 8) | (bytes[bodyStart + 1] ?? 0));
        this.#due.push(0x40, 2, bytes[at] ?? 0, bytes[at + 1] ?? 0);
      } else if (type === PacketType.connack || type === PacketType.suback) this.#answered();
    }
    if (this.#due.length === 0) return;
    this.#socket.write(Uint8Array.from(this.#due));
    this.#due = [];
  }
}

/**
 * @param {{ port: number, seconds: number, cpuMs: () => number }} broker
 * @returns Acknowledged messages a second with full windows, CPU time of each; then the same at a fixed rate, with latencies.
 */
export async function measure({ port, seconds, cpuMs }) {
  const subscribers = [];
  const publishers = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const subscriber = await Client.connect(port, `subscriber-${pair}`);
    await subscriber.subscribe(`durable/${pair}`);
    subscribers.push(subscriber);
    publishers.push(await Client.connect(port, `publisher-${pair}`));
  }
  const packets = publishers.map((_, pair) => packetOf(`durable/${pair}`));
  const full = await runFull(publishers, packets, seconds, cpuMs);
  const atRate = await runAtRate(publishers, packets, seconds, cpuMs);
  for (const client of [...publishers, ...subscribers]) client.destroy();
  return { ...full, ...atRate };
}

function packetOf(topicName) {
  const packet = {
    type: PacketType.publish,
    dup: false,
    qos: 1,
    retain: false,
    packetId: 1,
    topicName,
    payload: PAYLOAD,
    properties: {},
  };
  const bytes = encodePacket(/** @type {any} */ (packet), 4);
  return { bytes, at: 4 + topicName.length };
}

function withPacketId({ bytes, at }, packetId) {
  const copy = bytes.slice();
  copy[at] = packetId >> 8;
  copy[at + 1] = packetId;
  return copy;
}

/** Every acknowledgement makes room for the next message. */
async function runFull(publishers, packets, seconds, cpuMs) {
  let acknowledged = 0;
  let isOver = false;
  for (const [pair, publisher] of publishers.entries()) {
    publisher.onAcknowledged = (packetId) => {
      acknowledged++;
      if (!isOver) publisher.write(withPacketId(packets[pair], packetId));
    };
    for (let packetId = 1; packetId <= WINDOW; packetId++) publisher.write(withPacketId(packets[pair], packetId));
  }
  await rest(1_000);
  const [before, cpuBefore, startedAt] = [acknowledged, cpuMs(), performance.now()];
  await rest(seconds * 1_000);
  const [count, cpu, elapsed] = [acknowledged - before, cpuMs() - cpuBefore, (performance.now() - startedAt) / 1_000];
  isOver = true;
  await rest(1_000);
  return { ackedPerSecond: count / elapsed, cpuMicroseconds: (cpu * 1_000) / count };
}

/** Messages leave when they are due, whatever became of those before; latency counts from then. */
async function runAtRate(publishers, packets, seconds, cpuMs) {
  const latencies = [];
  /** @type {Map<number, number>[]} */
  const due = publishers.map(() => new Map());
  for (const [pair, publisher] of publishers.entries()) {
    publisher.onAcknowledged = (packetId) => {
      const at = due[pair]?.get(packetId);
      if (at !== undefined) latencies.push(performance.now() - at);
    };
  }
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  const total = RATE * seconds;
  for (let sent = 0; sent < total; ) {
    const isDue = Math.min(total, Math.floor(((performance.now() - startedAt) * RATE) / 1_000));
    for (; sent < isDue; sent++) {
      const pair = sent % publishers.length;
      const packetId = (Math.floor(sent / publishers.length) % 65_535) + 1;
      due[pair]?.set(packetId, startedAt + (sent * 1_000) / RATE);
      publishers[pair].write(withPacketId(packets[pair], packetId));
    }
    await rest(1);
  }
  await rest(1_000);
  latencies.sort((one, other) => one - other);
  const percentile = (part) => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return { p50: percentile(0.5), p99: percentile(0.99), cpuAtRate: ((cpuMs() - cpuBefore) * 1_000) / total };
}
