import assert from 'node:assert/strict';
import {
  type ConnackProperties,
  type ConnectPacket,
  NO_PROPERTIES,
  type Packet,
  PacketType,
  type PublishPacket,
  ReasonCode,
  type SubscribePacket,
} from '@busbar/codec';
import { RawClient, VirtualClock } from '@busbar/testkit';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport, TransportError } from '@busbar/transport';
import {
  type Client,
  type ClientEventName,
  type ClientEvents,
  type ConnectOptions,
  connect,
  createClient,
  type ServerAddress,
  type ServerUrls,
} from '../src/index.ts';

const EVENTS: readonly ClientEventName[] = [
  'connected',
  'disconnected',
  'attempt-failed',
  'handler-error',
  'subscription-failed',
  'closed',
];

/** A client in virtual time, and the hand of a test that plays its server over connections in memory. */
export class ClientHarness {
  readonly clock = new VirtualClock();
  readonly client: Client;
  /** The server's ends of all connections that were made. */
  readonly peers: RawClient[] = [];
  readonly #farEnds: MemoryTransport[] = [];
  /** Names of all events but `message`, in order. */
  readonly events: string[] = [];
  readonly eventDetails: unknown[] = [];
  /** What the next dials come to. */
  dialError: Error | undefined;
  /** Whether dials stay unanswered. */
  isDialSilent = false;
  dials = 0;
  random = 0.5;
  memory: MemoryPairOptions = {};
  /** URLs of the servers that were dialled, in order. */
  readonly dialled: string[] = [];
  /** Servers that nobody listens on. */
  readonly deadServers = new Set<string>();
  readonly #options: ConnectOptions;

  constructor(options: ConnectOptions = {}, urls: ServerUrls = 'mqtt://server') {
    this.#options = options;
    this.client = createClient(urls, this.fullOptions());
    for (const name of EVENTS) {
      this.client.on(name, (event) => {
        this.events.push(name);
        this.eventDetails.push(event);
      });
    }
  }

  /** The options of the test with virtual time and connections in memory. */
  fullOptions(): ConnectOptions {
    return {
      clientIdentifier: 'c',
      keepAlive: 0,
      clock: this.clock,
      random: () => this.random,
      dial: (server) => this.#dial(server),
      ...this.#options,
    };
  }

  /** A second client, made by `connect`. */
  connect(options: ConnectOptions = {}): Promise<Client> {
    return connect('mqtt://server', { ...this.fullOptions(), ...options });
  }

  async #dial({ url }: ServerAddress): Promise<MemoryTransport> {
    this.dials++;
    this.dialled.push(url);
    if (this.deadServers.has(url)) throw new TransportError('ECONNREFUSED', `cannot connect to ${url} (ECONNREFUSED)`);
    if (this.isDialSilent) return new Promise(() => {});
    if (this.dialError !== undefined) throw this.dialError;
    const [near, far] = createMemoryPair({ schedule: this.clock.task, ...this.memory });
    this.peers.push(new RawClient(far, this.#options.protocolVersion ?? 5));
    this.#farEnds.push(far);
    return near;
  }

  refuseDials(): void {
    this.dialError = new TransportError('ECONNREFUSED', 'cannot connect (ECONNREFUSED)');
  }

  /** The server's end of the latest connection. */
  get server(): RawClient {
    return this.peers.at(-1) ?? assert.fail('no connection was made');
  }

  /** Lets everything happen that can happen without time passing. */
  async settle(): Promise<void> {
    for (let i = 0; i < 10; i++) {
      this.clock.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async advance(ms: number): Promise<void> {
    await this.settle();
    this.clock.advance(ms);
    await this.settle();
  }

  /** Starts the client and accepts its connection. @returns The CONNECT packet. */
  async start(properties: ConnackProperties = NO_PROPERTIES, sessionPresent = false): Promise<ConnectPacket> {
    this.client.start();
    await this.settle();
    return this.accept(properties, sessionPresent);
  }

  /** Answers the CONNECT that has come. @returns It. */
  async accept(properties: ConnackProperties = NO_PROPERTIES, sessionPresent = false): Promise<ConnectPacket> {
    const packet = this.server.take();
    assert.equal(packet?.type, PacketType.connect);
    await this.send({ type: PacketType.connack, sessionPresent, reasonCode: ReasonCode.success, properties });
    return packet as ConnectPacket;
  }

  async send(...packets: Packet[]): Promise<void> {
    this.server.send(...packets);
    await this.settle();
  }

  /** What the server has got since the last call. */
  async took(): Promise<Packet[]> {
    await this.settle();
    return this.server.takeAll();
  }

  async tookPublishes(): Promise<PublishPacket[]> {
    return (await this.took()).filter((packet) => packet.type === PacketType.publish);
  }

  /** Answers all SUBSCRIBE packets that have come. */
  async grant(...reasonCodes: ReasonCode[]): Promise<SubscribePacket[]> {
    const requests = (await this.took()).filter((packet) => packet.type === PacketType.subscribe);
    for (const [at, { packetId, subscriptions }] of requests.entries()) {
      const reasonCode = reasonCodes[at] ?? subscriptions[0]?.qos ?? ReasonCode.success;
      this.server.send({ type: PacketType.suback, packetId, reasonCodes: [reasonCode], properties: NO_PROPERTIES });
    }
    await this.settle();
    return requests;
  }

  /** The network breaks: both ends see a reset. */
  async cut(): Promise<void> {
    this.cutNow();
    await this.settle();
  }

  /** The same without letting anything happen after it. */
  cutNow(): void {
    this.#farEnds.at(-1)?.cut();
  }

  /** The latest event of this name. */
  lastEvent<Name extends ClientEventName>(name: Name): ClientEvents[Name] {
    const at = this.events.lastIndexOf(name);
    assert.ok(at >= 0, `no ${name}`);
    return this.eventDetails[at] as ClientEvents[Name];
  }
}

/** A message from the server. */
export function publish(topicName: string, packet: Partial<PublishPacket> & { text?: string } = {}): PublishPacket {
  const { text = 'x', ...rest } = packet;
  return {
    type: PacketType.publish,
    dup: false,
    qos: 0,
    retain: false,
    topicName,
    packetId: 0,
    properties: NO_PROPERTIES,
    payload: new TextEncoder().encode(text),
    ...rest,
  };
}

/** What a PUBLISH for these subscriptions has. */
export const identified = (...subscriptionIdentifiers: number[]) => ({ properties: { subscriptionIdentifiers } });

/** Types and Packet Identifiers of what acknowledges. */
export function acknowledgementsIn(packets: Packet[]): [number, number][] {
  return packets.flatMap((packet) =>
    'packetId' in packet ? [[packet.type, packet.packetId] as [number, number]] : [],
  );
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export function acknowledge(
  type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp',
  packetId: number,
  reasonCode: ReasonCode = ReasonCode.success,
): Packet {
  return { type: PacketType[type], packetId, reasonCode, properties: NO_PROPERTIES };
}

/** What a promise has come to so far. */
export async function outcomeOf(promise: PromiseLike<unknown>): Promise<unknown> {
  const pending = Symbol('pending');
  const settled = Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );
  const winner = await Promise.race([settled, new Promise((resolve) => setImmediate(() => resolve(pending)))]);
  return winner === pending ? 'pending' : winner;
}
