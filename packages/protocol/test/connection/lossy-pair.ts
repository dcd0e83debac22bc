import assert from 'node:assert/strict';
import {
  type ConnectPacket,
  NO_PROPERTIES,
  type ProtocolVersion,
  type PublishPacket,
  type PublishView,
  type QoS,
  ReasonCode,
} from '@busbar/codec';
import { ClientConnection } from '../../src/connection/client-connection.ts';
import type { ClientClosing, ClientConnectionOwner } from '../../src/connection/client-connection-owner.ts';
import type { Closing } from '../../src/connection/closing.ts';
import { BlockPool, type ByteSink } from '../../src/connection/output-buffer.ts';
import { ServerConnection } from '../../src/connection/server-connection.ts';
import { LATER, type ServerConnectionOwner } from '../../src/connection/server-connection-owner.ts';
import { ApplicationMessage, type MessageContent } from '../../src/message/application-message.ts';
import { Delivery } from '../../src/message/delivery.ts';
import { SessionState } from '../../src/session/session-state.ts';

/** A message of the test: its number is its payload, and with it the order in which its sender sent it. */
export interface Numbered {
  readonly number: number;
  readonly qos: QoS;
}

export interface Scenario {
  readonly version: ProtocolVersion;
  readonly toServer: readonly QoS[];
  readonly toClient: readonly QoS[];
  /** How many bytes each connection carries, both directions together, before it is cut; later ones are not. */
  readonly cuts: readonly number[];
  /** Each connection has a Receive Maximum from 1 to this. */
  readonly clientReceiveMaximum: number;
  readonly serverReceiveMaximum: number;
  readonly topicAliases: number;
  /** Decides all that is left to chance: order of events, sizes of chunks, who accepts late, who notices what. */
  readonly seed: number;
}

const KEEP_ALIVE = 0;
const MOST_STEPS = 20_000;

/** A small generator of pseudo-random numbers (xorshift32). */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
}

/** Bytes on their way in one direction. */
class Wire implements ByteSink {
  readonly bufferedBytes = 0;
  bytes: number[] = [];

  write(bytes: Uint8Array): void {
    this.bytes.push(...bytes);
  }

  writeAll(segments: readonly Uint8Array[]): void {
    for (const segment of segments) this.write(segment);
  }

  take(count: number): Uint8Array {
    return Uint8Array.from(this.bytes.splice(0, count));
  }
}

/** A message that its receiver accepts later, and on which connection it came. */
interface Held<Machine> {
  readonly machine: Machine;
  readonly qos: 1 | 2;
  readonly packetId: number;
}

/** What one side has received, and what it is still accepting. */
abstract class Side<Machine> {
  readonly arrived: Numbered[] = [];
  held: Held<Machine>[] = [];
  queue: Numbered[];
  protected readonly chance: Chance;

  constructor(messages: readonly QoS[], chance: Chance) {
    this.queue = messages.map((qos, number) => ({ qos, number }));
    this.chance = chance;
  }

  protected receive(machine: Machine, topicName: string, payload: Uint8Array, qos: QoS, packetId: number) {
    const number = payload[0] ?? assert.fail('a payload');
    assert.equal(topicName, topicOf(number), 'Topic Aliases resolved');
    this.arrived.push({ number, qos });
    if (qos === 0 || this.chance.below(3) > 0) return ReasonCode.success;
    this.held.push({ machine, qos, packetId });
    return LATER;
  }
}

function topicOf(number: number): string {
  return `t/${number % 3}`;
}

class ClientSide extends Side<ClientConnection> implements ClientConnectionOwner {
  readonly session = new SessionState<MessageContent>();
  machine: ClientConnection | undefined;
  readonly done: number[] = [];
  readonly #scenario: Scenario;
  #hasSession = false;

  constructor(scenario: Scenario, chance: Chance) {
    super(scenario.toServer, chance);
    this.#scenario = scenario;
  }

  open(): ClientConnection {
    const { version: protocolVersion, clientReceiveMaximum, topicAliases } = this.#scenario;
    const receiveMaximum = 1 + this.chance.below(clientReceiveMaximum);
    const properties = { receiveMaximum, topicAliasMaximum: topicAliases, sessionExpiryInterval: 1000 };
    const options = {
      protocolVersion,
      clientIdentifier: 'c',
      cleanStart: false,
      keepAlive: KEEP_ALIVE,
      properties,
      topicAliases,
    };
    this.machine = new ClientConnection(options, this, this.session);
    this.machine.handleConnectionMade(0);
    return this.machine;
  }

  get canSend(): boolean {
    const [next] = this.queue;
    if (next === undefined || !this.machine?.isConnected) return false;
    return next.qos === 0 || this.machine.hasRoom;
  }

  send(): void {
    const next = this.queue.shift() ?? assert.fail('something to send');
    const payload = Uint8Array.of(next.number);
    const message = {
      topicName: topicOf(next.number),
      payload,
      qos: next.qos,
      retain: false,
      properties: NO_PROPERTIES,
    };
    this.machine?.publish(message);
  }

  settle(): void {
    const [held] = this.held.splice(this.chance.below(this.held.length), 1);
    if (held === undefined) return;
    const isOld = held.machine !== this.machine;
    // A QoS 2 message may be accepted on either connection; a QoS 1 message of an old one comes again.
    if (!isOld || this.chance.below(2) === 0) held.machine.acceptPublish(held.qos, held.packetId);
    if (isOld && held.qos === 2) this.machine?.acceptPublish(held.qos, held.packetId);
  }

  handleConnected(agreement: { sessionPresent: boolean }): void {
    assert.ok(agreement.sessionPresent || !this.#hasSession);
    this.#hasSession = true;
  }

  handlePublish(packet: PublishPacket) {
    const machine = this.machine ?? assert.fail('a machine');
    return this.receive(machine, packet.topicName, packet.payload, packet.qos, packet.packetId);
  }

  handlePublished(packetId: number, reasonCode: ReasonCode): void {
    assert.equal(reasonCode, ReasonCode.success);
    this.done.push(packetId);
  }

  handleClosing(closing: ClientClosing): void {
    assert.equal(closing.cause, 'lost', closing.message);
  }

  handleAuth(): void {}
  handleSuback(): void {}
  handleUnsuback(): void {}
  handleWindow(): void {}
}

class ServerSide extends Side<ServerConnection> implements ServerConnectionOwner {
  readonly session = new SessionState<Delivery>();
  machine: ServerConnection | undefined;
  readonly #scenario: Scenario;
  readonly #pool = new BlockPool();
  #hasSession = false;

  constructor(scenario: Scenario, chance: Chance) {
    super(scenario.toClient, chance);
    this.#scenario = scenario;
  }

  open(): ServerConnection {
    const { topicAliases, version } = this.#scenario;
    const serverReceiveMaximum = 1 + this.chance.below(this.#scenario.serverReceiveMaximum);
    const limits = {
      connectTimeoutMs: 1000,
      maximumPacketSize: 1_000,
      // Below 5.0 a client cannot know it.
      receiveMaximum: version === 5 ? serverReceiveMaximum : 65_535,
      topicAliasMaximum: topicAliases,
      outboundTopicAliasMaximum: topicAliases,
      maximumInFlight: serverReceiveMaximum,
      maximumQoS: 2 as const,
      retainAvailable: true,
    };
    return new ServerConnection(this, limits, this.#pool, 0);
  }

  get canSend(): boolean {
    const [next] = this.queue;
    if (next === undefined || !this.machine?.isConnected) return false;
    return next.qos === 0 || this.machine.hasRoom;
  }

  send(): void {
    const { number, qos } = this.queue.shift() ?? assert.fail('something to send');
    const content = {
      topicName: topicOf(number),
      payload: Uint8Array.of(number),
      qos,
      retain: false,
      properties: NO_PROPERTIES,
    };
    const delivery = new Delivery(ApplicationMessage.of(content, '', 0).own(), qos, false, undefined);
    this.machine?.deliver(delivery, 0);
  }

  settle(): void {
    const [held] = this.held.splice(this.chance.below(this.held.length), 1);
    if (held === undefined) return;
    if (held.qos === 2) this.session.inbound.accept(held.packetId);
    if (held.machine === this.machine || held.qos === 2) {
      this.machine?.acceptPublish(held.qos, held.packetId, ReasonCode.success);
    }
  }

  handleConnect(packet: ConnectPacket): void {
    const sessionPresent = this.#hasSession && !packet.cleanStart;
    if (!sessionPresent) this.session.clear();
    this.#hasSession = true;
    this.machine?.acceptConnect({ session: this.session, sessionPresent, keepAlive: 0, properties: NO_PROPERTIES }, 0);
  }

  handlePublish(view: PublishView) {
    const machine = this.machine ?? assert.fail('a machine');
    const topicName = String.fromCharCode(...view.topicBytes.subarray(view.topicStart, view.topicEnd));
    return this.receive(machine, topicName, view.payload, view.qos, view.packetId);
  }

  handleClosing(closing: Closing): void {
    assert.equal(closing.cause, 'lost', closing.message);
  }

  handleAuth(): void {}
  handleSubscribe(): void {}
  handleUnsubscribe(): void {}
  handleDelivered(): void {}
  readonly keepMark = 0;
  handleCompleted(): void {}
  handleReleased(): void {}
  handleUndeliverable(): void {}
  handleWindow(): void {}
}

/**
 * A client's and a server's machine with their sessions, joined by connections that deliver in chunks of any size, at any
 * time, and are cut at any byte; after a cut the client connects again.
 */
export class LossyPair {
  readonly client: ClientSide;
  readonly server: ServerSide;
  readonly #chance: Chance;
  readonly #cuts: number[];
  #up = new Wire();
  #down = new Wire();
  #bytesLeft = 0;

  constructor(scenario: Scenario) {
    this.#chance = new Chance(scenario.seed);
    this.#cuts = [...scenario.cuts];
    this.client = new ClientSide(scenario, this.#chance);
    this.server = new ServerSide(scenario, this.#chance);
    this.#reconnect();
  }

  /** Lets happen what can happen, in any order, until nothing can. */
  run(): void {
    for (let step = 0; step < MOST_STEPS; step++) {
      const possible = this.#possible();
      if (possible.length === 0) return;
      possible[this.#chance.below(possible.length)]?.();
      this.#flush();
    }
    assert.fail('the two never become quiet');
  }

  #possible(): (() => void)[] {
    const { client, server } = this;
    const possible: (() => void)[] = [];
    if (this.#up.bytes.length > 0) possible.push(() => this.#deliver(this.#up, 'up'));
    if (this.#down.bytes.length > 0) possible.push(() => this.#deliver(this.#down, 'down'));
    if (client.canSend) possible.push(() => client.send());
    if (server.canSend) possible.push(() => server.send());
    if (client.held.length > 0) possible.push(() => client.settle());
    if (server.held.length > 0) possible.push(() => server.settle());
    return possible;
  }

  #flush(): void {
    this.client.machine?.flushTo(this.#up);
    this.server.machine?.output.flushTo(this.#down);
  }

  #deliver(wire: Wire, direction: 'up' | 'down'): void {
    const count = Math.min(1 + this.#chance.below(40), this.#bytesLeft);
    const bytes = wire.take(count);
    this.#bytesLeft -= bytes.length;
    if (direction === 'up') this.server.machine?.handleBytes(bytes, 0);
    else this.client.machine?.handleBytes(bytes, 0);
    if (this.#bytesLeft === 0) this.#cut();
  }

  /** Either side may still get some of what was on its way before it notices. */
  #cut(): void {
    this.#flush();
    const stillUp = this.#up.take(this.#chance.below(this.#up.bytes.length + 1));
    const stillDown = this.#down.take(this.#chance.below(this.#down.bytes.length + 1));
    if (this.#chance.below(2) === 0) this.server.machine?.handleBytes(stillUp, 0);
    if (this.#chance.below(2) === 0) this.client.machine?.handleBytes(stillDown, 0);
    this.client.machine?.handleConnectionLost(0);
    this.server.machine?.handleLost('cut', 0);
    this.#reconnect();
  }

  #reconnect(): void {
    this.#up = new Wire();
    this.#down = new Wire();
    this.#bytesLeft = this.#cuts.shift() ?? Number.POSITIVE_INFINITY;
    this.server.machine = this.server.open();
    this.client.open();
    this.#flush();
  }
}
