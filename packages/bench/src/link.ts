import {
  type ConnackPacket,
  type ConnectPacket,
  decodePacket,
  describeReasonCode,
  encodePacket,
  FIRST_FAILURE,
  PacketError,
  PacketSplitter,
  PacketType,
  PublishView,
  packetTypeName,
} from '@busbar/codec';
import { type ByteTransport, dialTcp, dialTls, dialWebSocket, type TransportReceiver } from '@busbar/transport';
import { BenchError } from './bench-error.ts';
import type { BenchPlan } from './plan.ts';

/** Milliseconds for a connection with its CONNACK, and for any other answer of the broker. */
const ANSWER_TIMEOUT_MS = 30_000;
const UNACCEPTABLE_PROTOCOL_VERSION = 1;
const LARGEST_PACKET = 268_435_460;
const PINGREQ = Buffer.of(0xc0, 0);
const DISCONNECT = Buffer.of(0xe0, 0);

/** What the owner of a {@link Link} is told once the connection stands. */
export interface LinkOwner {
  /** A PUBLISH lies in the view, until this returns. */
  handlePublish(view: PublishView): void;
  /** PUBACK, PUBREC, PUBREL or PUBCOMP. */
  handleAcknowledgement(type: number, packetId: number, reasonCode: number): void;
  /** All packets that came together have been told. */
  handleChunkEnd(): void;
  /** The socket has taken everything after having been full. */
  handleWritable(): void;
}

/** An answer of the broker that is waited for. */
interface Answer {
  readonly type: number;
  readonly resolve: (reasonCodes: readonly number[]) => void;
  readonly reject: (error: BenchError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One MQTT connection of the load: as little as will do. Packets are walked where they lie, nothing is made of a PUBLISH or an
 * acknowledgement, and what is sent comes encoded from its owner.
 */
export class Link implements TransportReceiver {
  readonly name: string;
  readonly transport: ByteTransport;
  connack: ConnackPacket | undefined;
  readonly #plan: BenchPlan;
  readonly #view = new PublishView();
  readonly #splitter = new PacketSplitter(LARGEST_PACKET);
  readonly #fail: (error: BenchError) => void;
  #owner: LinkOwner | undefined;
  #isEnding = false;
  #answer: Answer | undefined;
  #pings: NodeJS.Timeout | undefined;

  private constructor(plan: BenchPlan, name: string, transport: ByteTransport, fail: (error: BenchError) => void) {
    this.#plan = plan;
    this.name = name;
    this.transport = transport;
    this.#fail = fail;
  }

  /**
   * Connects.
   *
   * @param name What messages call it, and its Client Identifier: `publisher 7`.
   * @param handleFailure Told when the connection ends before {@link end}.
   * @throws {BenchError} It cannot be reached, or it refuses.
   */
  static async open(plan: BenchPlan, name: string, handleFailure: (error: BenchError) => void): Promise<Link> {
    const transport = await dial(plan);
    let isOpen = false;
    const link = new Link(plan, name, transport, (error) => {
      if (isOpen) handleFailure(error);
    });
    const connected = link.#until(PacketType.connack);
    transport.attach(link);
    transport.write(Buffer.from(encodePacket(connectPacket(plan, name), plan.version)));
    await connected;
    isOpen = true;
    return link;
  }

  /** Whether the connection is over, or is being ended. */
  get isEnded(): boolean {
    return this.#isEnding;
  }

  /** From now on the owner is told what comes. */
  attach(owner: LinkOwner): void {
    this.#owner = owner;
  }

  /** Subscribes. @throws {BenchError} The broker refuses. */
  async subscribe(topicFilter: string): Promise<void> {
    const { qos, version } = this.#plan;
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscriptions = [{ topicFilter, qos, ...options }];
    const packet = { type: PacketType.subscribe, packetId: 1, subscriptions, properties: {} };
    const answer = this.#until(PacketType.suback);
    this.transport.write(Buffer.from(encodePacket(packet, version)));
    const [granted = FIRST_FAILURE] = await answer;
    if (granted >= FIRST_FAILURE) {
      const reason = describeReasonCode(granted as ConnackPacket['reasonCode']);
      throw new BenchError('refused', `the broker refused the subscription to '${topicFilter}': ${reason}`);
    }
    if (granted < qos) {
      throw new BenchError('refused', `the broker grants QoS ${granted} for '${topicFilter}', the run wants ${qos}`);
    }
  }

  /** Resolves when the broker has taken everything that was sent before: it answers in order. */
  async ping(): Promise<void> {
    const answer = this.#until(PacketType.pingresp);
    this.transport.write(PINGREQ);
    await answer;
  }

  /** Ends the connection in order; nothing is told any more. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearInterval(this.#pings);
    clearTimeout(this.#answer?.timer);
    this.transport.write(DISCONNECT);
    this.transport.end();
  }

  handleBytes(bytes: Uint8Array): void {
    try {
      this.#splitter.push(bytes);
      while (this.#splitter.next()) this.#handlePacket(this.#splitter);
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      this.#giveUp(new BenchError('broken', `the broker sent what is no MQTT packet: ${error.message}`));
    }
    this.#owner?.handleChunkEnd();
  }

  handleWritable(): void {
    this.#owner?.handleWritable();
  }

  handleClosed(error?: Error): void {
    const why = error === undefined ? 'the broker closed the connection' : error.message;
    this.#giveUp(new BenchError('lost', `connection of ${this.name} lost: ${why}`));
  }

  #handlePacket(splitter: PacketSplitter): void {
    const { bytes, start, bodyStart, end } = splitter;
    const first = bytes[start] as number;
    const type = first >> 4;
    if (this.#isEnding) return;
    if (type === PacketType.publish && this.#owner !== undefined) {
      this.#view.read(bytes, start, bodyStart, end, this.#plan.version);
      this.#owner.handlePublish(this.#view);
    } else if (type >= PacketType.puback && type <= PacketType.pubcomp && this.#owner !== undefined) {
      const packetId = ((bytes[bodyStart] as number) << 8) | (bytes[bodyStart + 1] as number);
      const reasonCode = end > bodyStart + 2 ? (bytes[bodyStart + 2] as number) : 0;
      this.#owner.handleAcknowledgement(type, packetId, reasonCode);
    } else {
      this.#handleRare(splitter, first);
    }
  }

  #handleRare(splitter: PacketSplitter, first: number): void {
    const { bytes, bodyStart, end } = splitter;
    if (this.#isRefusalOf311(splitter, first)) {
      return this.#giveUp(new BenchError('refused', 'the broker does not speak MQTT 5.0'));
    }
    const packet = decodePacket(first, bytes, bodyStart, end, this.#plan.version);
    switch (packet.type) {
      case PacketType.connack:
        return this.#handleConnack(packet);
      case PacketType.suback:
        return this.#resolve(packet.type, packet.reasonCodes);
      case PacketType.pingresp:
        return this.#resolve(packet.type, []);
      case PacketType.disconnect: {
        const reason = describeReasonCode(packet.reasonCode);
        return this.#giveUp(new BenchError('lost', `connection of ${this.name} lost: the broker ended it: ${reason}`));
      }
      default:
        this.#giveUp(
          new BenchError('broken', `the broker sent ${packetTypeName(packet.type)}, which was not asked for`),
        );
    }
  }

  /** A server that knows no 5.0 says so in the words of 3.1.1, which have no properties (section 3.2.2.3 of 3.1.1). */
  #isRefusalOf311({ bytes, bodyStart, end }: PacketSplitter, first: number): boolean {
    const isShort = first >> 4 === PacketType.connack && end === bodyStart + 2;
    return this.#plan.version === 5 && isShort && bytes[bodyStart + 1] === UNACCEPTABLE_PROTOCOL_VERSION;
  }

  #handleConnack(packet: ConnackPacket): void {
    this.connack = packet;
    const { reasonCode, properties } = packet;
    const { version, qos } = this.#plan;
    if (reasonCode >= FIRST_FAILURE) {
      const reason = describeReasonCode(reasonCode);
      return this.#giveUp(new BenchError('refused', `the broker refused the connection: ${reason}`));
    }
    if (version === 5 && qos > (properties.maximumQoS ?? 2)) {
      const what = `the broker takes at most QoS ${properties.maximumQoS}, the run wants ${qos}`;
      return this.#giveUp(new BenchError('refused', what));
    }
    const { serverKeepAlive = 0 } = properties;
    if (serverKeepAlive > 0) this.#pings = setInterval(() => this.transport.write(PINGREQ), serverKeepAlive * 500);
    this.#resolve(PacketType.connack, []);
  }

  /** Resolves when a packet of this type comes, rejects when the connection ends before. */
  #until(type: number): Promise<readonly number[]> {
    if (this.#isEnding) return Promise.reject(new BenchError('lost', `connection of ${this.name} lost`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const what = `no ${packetTypeName(type)} from the broker in ${ANSWER_TIMEOUT_MS / 1000} s`;
        this.#giveUp(new BenchError('unreachable', what));
      }, ANSWER_TIMEOUT_MS);
      this.#answer = { type, resolve, reject, timer };
    });
  }

  #resolve(type: number, reasonCodes: readonly number[]): void {
    const answer = this.#answer;
    if (answer?.type !== type) return;
    this.#answer = undefined;
    clearTimeout(answer.timer);
    answer.resolve(reasonCodes);
  }

  #giveUp(error: BenchError): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearInterval(this.#pings);
    clearTimeout(this.#answer?.timer);
    this.#answer?.reject(error);
    this.transport.destroy();
    this.#fail(error);
  }
}

/** @throws {BenchError} There is no connection. */
async function dial({ url, tls, version }: BenchPlan): Promise<ByteTransport> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const limits = { timeoutMs: ANSWER_TIMEOUT_MS, ...(tls !== undefined && { tls }) };
  try {
    switch (protocol) {
      case 'mqtt:':
        return await dialTcp({ host, port: Number(port) || 1883, timeoutMs: ANSWER_TIMEOUT_MS });
      case 'mqtts:':
        return await dialTls({ host, port: Number(port) || 8883, ...limits });
      default:
        return await dialWebSocket({ url, subprotocols: [version === 3 ? 'mqttv3.1' : 'mqtt'], ...limits });
    }
  } catch (error) {
    throw new BenchError('unreachable', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function connectPacket({ version, userName, password, runId }: BenchPlan, name: string): ConnectPacket {
  return {
    type: PacketType.connect,
    protocolVersion: version,
    bridge: false,
    cleanStart: true,
    keepAlive: 0,
    clientIdentifier: `bench${runId}${name.replace(/^(\w)\w* /, '$1')}`, // 'publisher 7' is p7: letters and digits, and short [MQTT-3.1.3-5]
    will: undefined,
    userName,
    password: password === undefined ? undefined : Buffer.from(password),
    properties: {},
  };
}
