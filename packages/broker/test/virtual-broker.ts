import assert from 'node:assert/strict';
import {
  type ConnackPacket,
  type ConnectPacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
  type SubackPacket,
  type SubscribePacket,
  type SubscriptionRequest,
} from '@busbar/codec';
import { connectPacket, RawClient, subscribePacket, VirtualClock } from '@busbar/testkit';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport } from '@busbar/transport';
import { type Broker, type BrokerOptions, createBroker, MemoryStore, type Store } from '../src/index.ts';
import { type LogLine, RecordingLog } from './recording-log.ts';

/** A client in virtual time: what it is sent has come as soon as the call that caused it returns. */
export class VirtualClient extends RawClient {
  readonly connack: ConnackPacket;
  readonly #run: () => void;
  #nextPacketId = 1;

  constructor(transport: MemoryTransport, run: () => void, connect: ConnectPacket) {
    super(transport, connect.protocolVersion);
    this.#run = run;
    this.send(connect);
    const connack = this.take();
    this.connack =
      connack?.type === PacketType.connack ? connack : assert.fail(`no CONNACK: ${JSON.stringify(connack)}`);
  }

  override send(...what: (Packet | Uint8Array)[]): void {
    super.send(...what);
    this.#run?.();
  }

  /** Subscribes, and leaves what follows the SUBACK to be taken. */
  subscribe(
    topicFilter: string,
    options: Partial<SubscriptionRequest> = {},
    properties: SubscribePacket['properties'] = {},
  ): SubackPacket {
    this.send(subscribePacket(this.#nextPacketId++, topicFilter, options, properties));
    const suback = this.take();
    return suback?.type === PacketType.suback ? suback : assert.fail(`no SUBACK: ${JSON.stringify(suback)}`);
  }

  /** Takes the messages that have come and were not taken; nothing else may have come. */
  messages(): PublishPacket[] {
    return this.takeAll().map((packet) => {
      return packet.type === PacketType.publish ? packet : assert.fail(`no PUBLISH: ${JSON.stringify(packet)}`);
    });
  }

  /** Takes the messages that have come, as texts. */
  texts(): string[] {
    return this.messages().map(({ payload }) => Buffer.from(payload).toString());
  }

  /** Sends DISCONNECT, and the end after it. */
  disconnect(reasonCode: ReasonCode = ReasonCode.normalDisconnection, properties = {}): void {
    this.send({ type: PacketType.disconnect, reasonCode, properties });
    this.transport.end();
    this.#run();
  }

  /** Falls off the network: what is under way is lost. */
  cut(): void {
    (this.transport as MemoryTransport).cut();
    this.#run();
  }
}

/** What a test says of a client; see `connectPacket` for the defaults. */
export interface VirtualConnect extends Partial<ConnectPacket> {
  readonly pair?: MemoryPairOptions;
}

/** A broker in virtual time, with clients in memory: no port, no waiting. */
export class VirtualBroker {
  readonly clock: VirtualClock;
  readonly store: Store;
  readonly log: RecordingLog;
  readonly broker: Broker;

  private constructor(clock: VirtualClock, store: Store, log: RecordingLog, broker: Broker) {
    this.clock = clock;
    this.store = store;
    this.log = log;
    this.broker = broker;
  }

  /** Starts one without `$SYS` topics, so that nothing happens by itself. */
  static async start(options: BrokerOptions = {}, clock = new VirtualClock()): Promise<VirtualBroker> {
    const store = options.store ?? new MemoryStore();
    const log = new RecordingLog();
    const defaults = { clock, store, log, listeners: [], systemTopicsInterval: 0 };
    return new VirtualBroker(clock, store, log, await createBroker({ ...defaults, ...options }));
  }

  /** Opens a Network Connection. @returns The client's end. */
  open(pair: MemoryPairOptions = {}): MemoryTransport {
    const [near, far] = createMemoryPair({ schedule: this.clock.task, ...pair });
    this.broker.accept(far);
    return near;
  }

  /** Opens a connection and leaves CONNECT to the test. */
  raw(version: ProtocolVersion = 5, pair: MemoryPairOptions = {}): RawClient {
    return new RawClient(this.open(pair), version);
  }

  /** Connects a client, named, and takes its CONNACK. */
  connect(clientIdentifier: string, { pair, ...connect }: VirtualConnect = {}): VirtualClient {
    const run = () => this.clock.run();
    return new VirtualClient(this.open(pair), run, connectPacket({ clientIdentifier, ...connect }));
  }

  /** Connects a client whose session stays. */
  connectLasting(clientIdentifier: string, connect: VirtualConnect = {}): VirtualClient {
    const properties = { sessionExpiryInterval: 3600, ...connect.properties };
    return this.connect(clientIdentifier, { cleanStart: false, ...connect, properties });
  }

  run(): void {
    this.clock.run();
  }

  advance(milliseconds: number): void {
    this.clock.advance(milliseconds);
  }

  /** Stops the broker, and lets as much time pass as that takes. */
  async stop(): Promise<void> {
    let isStopped = false;
    const stopping = this.broker.stop().then(() => {
      isStopped = true;
    });
    for (let turn = 0; !isStopped; turn++) {
      if (turn < 10) this.run();
      else this.advance(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await stopping;
    this.run();
  }

  /** Log lines of a level and above, since the last call. */
  takeLog(level?: LogLine['level']): LogLine[] {
    return this.log.take(level);
  }

  /** Messages that wait: queued, or in flight and not taken over yet. */
  get waiting(): number {
    let waiting = 0;
    for (const { queued, inFlight } of this.broker.inspect.sessions()) waiting += queued + inFlight;
    return waiting;
  }

  /** Asserts that of all messages that matched each is delivered, waits or is in the loss ledger. */
  assertNothingLostInSilence(): void {
    const { messagesMatched, messagesDelivered, messagesDropped, dropped } = this.broker.stats();
    const account = `${messagesDelivered} delivered, ${this.waiting} waiting, lost: ${JSON.stringify(dropped)}`;
    assert.equal(messagesDelivered + this.waiting + messagesDropped, messagesMatched, account);
  }
}
