import assert from 'node:assert/strict';
import {
  type Authenticate,
  type AuthenticationMethod,
  type AuthenticationStep,
  type Broker,
  type BrokerLimits,
  type BrokerLog,
  type BrokerStats,
  type Capabilities,
  createBroker,
  MemoryStore,
} from '@busbar/broker';
import { type Packet, PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, VirtualClock } from '@busbar/testkit';
import { createMemoryPair, type MemoryPairOptions, type MemoryTransport } from '@busbar/transport';
import { FuzzPeer } from './fuzz-peer.ts';
import { AuthenticationOutcome, FUZZ_METHOD, REFUSED_USER, type Script, SLOW_USER } from './session-script.ts';
import { SteadyPair } from './steady-pair.ts';

/** How a broker under test is made. */
export interface RigSettings {
  readonly limits: Partial<BrokerLimits>;
  readonly capabilities: Partial<Capabilities>;
  /** The version of the well-behaved publisher; the subscriber has another. */
  readonly steadyVersion: 4 | 5;
}

/** Small, so that it is full early: growth beyond it is a leak. */
const maximumRoutes = 256;
const SMALL_LIMITS: Partial<BrokerLimits> = {
  maximumRoutes,
  maximumPacketSize: 2048,
  receiveMaximum: 4,
  topicAliasMaximum: 2,
  outboundTopicAliasMaximum: 2,
  maximumInFlight: 4,
  maximumTopicLevels: 3,
  maximumSubscriptions: 4,
  maximumQueuedMessages: 6,
  maximumQueuedBytes: 8000,
  maximumBufferedBytes: 65_536,
  maximumRetainedMessages: 3,
  maximumRetainedBytes: 3000,
  maximumSessionExpiryInterval: 60,
  maximumClientIdentifierLength: 30,
};

/** The brokers that streams are given to in turn: as it comes, narrow, and with little on offer. */
export const RIG_SETTINGS: readonly RigSettings[] = [
  { limits: { maximumRoutes }, capabilities: { responseInformation: 'answers/' }, steadyVersion: 4 },
  { limits: SMALL_LIMITS, capabilities: { sharedSubscriptionStrategy: 'leastInFlight' }, steadyVersion: 5 },
  {
    limits: { ...SMALL_LIMITS, queuePolicy: 'drop-newest', maximumKeepAlive: 5 },
    capabilities: { checkPayloadFormat: true, sharedSubscriptionStrategy: 'sticky' },
    steadyVersion: 4,
  },
  {
    limits: { maximumRoutes, maximumQueuedMessages: 10 },
    capabilities: {
      checkPayloadFormat: true,
      subscriptionIdentifiersAvailable: false,
      retainAvailable: false,
      sharedSubscriptionStrategy: 'hash',
    },
    steadyVersion: 5,
  },
];

/** A little more than a client has for its CONNECT. */
const CONNECT_TIMEOUT_MS = 10_200;
/** The well-behaved clients say something at least so often: less than the smallest Keep Alive that a broker imposes. */
const LONGEST_SILENCE_MS = 4000;
/** Longer than a tick of the broker's timer, so that it has found out that it has nothing to wait for. */
const LAST_TICK_MS = 250;
/** Longer than the broker waits before it says in the log how much more of the same there was. */
const LAST_WORD_MS = 1_100;
/** Promises that hang on one another take so many turns of the microtask queue at the most. */
const MICROTASK_TURNS = 8;
const STEADY_CLIENTS = 2;
const STEADY_SUBSCRIPTIONS = 3;

/** What the rig has seen, beside the broker's own figures. */
export interface RigFigures {
  connections: number;
  exchanges: number;
  /** Connections that the broker ended for a fault or a timeout, and refusals, by what it says. */
  readonly faults: Map<string, number>;
}

/**
 * A broker in virtual time that runs scripts beside a well-behaved pair of clients, and holds it to its promises at every
 * step: no exception, no error in the log, nothing lost in silence, every connection accounted for; and after each run
 * nothing is left of it, no session, no retained message, no timer.
 *
 * @throws {Error} From its methods: a promise was broken.
 */
export class BrokerRig {
  readonly figures: RigFigures = { connections: 0, exchanges: 0, faults: new Map() };
  readonly #clock: VirtualClock;
  readonly #store: MemoryStore;
  readonly #log: WatchingLog;
  readonly #broker: Broker;
  readonly #steady: SteadyPair;
  /** Seconds that the broker imposes; 0 for none. */
  readonly #keepAlive: number;
  #peers: FuzzPeer[] = [];

  private constructor(
    clock: VirtualClock,
    store: MemoryStore,
    log: WatchingLog,
    broker: Broker,
    settings: RigSettings,
  ) {
    this.#clock = clock;
    this.#store = store;
    this.#log = log;
    this.#broker = broker;
    this.#keepAlive = settings.limits.maximumKeepAlive ?? 0;
    this.#steady = new SteadyPair(this.#open, clock.run.bind(clock), settings.steadyVersion, this.#keepAlive);
  }

  static async start(settings: RigSettings): Promise<BrokerRig> {
    const clock = new VirtualClock();
    const store = new MemoryStore();
    const log = new WatchingLog();
    const own = { clock, store, log, listeners: [], systemTopicsInterval: 0 };
    // Whoever tidies up takes every session, whoever it is of, and however many logins have failed before.
    const backOff = { addressFailures: Number.MAX_SAFE_INTEGER, nameFailures: Number.MAX_SAFE_INTEGER };
    const open = { sessionOwnership: 'anyone', login: { backOff } } as const;
    const asked = { authenticate, authenticationMethods: [fuzzMethod] };
    const { limits, capabilities } = settings;
    const broker = await createBroker({ ...own, ...open, ...asked, limits, capabilities });
    return new BrokerRig(clock, store, log, broker, settings);
  }

  stats(): BrokerStats {
    return this.#broker.stats();
  }

  /** Runs scripts side by side, a step of each in turn, and ends all that they have begun. */
  async run(scripts: readonly Script[]): Promise<void> {
    const courses = scripts.map((script) => new Course(script, this));
    const length = Math.max(0, ...scripts.map((script) => script.length));
    for (let round = 0; round < length; round++) {
      for (const [at, course] of courses.entries()) {
        course.step(round);
        // Now and then several clients are heard in one turn of the event loop.
        if ((round + at) % 3 > 0) this.#clock.run();
      }
      await this.#rest();
    }
    await this.#finish();
  }

  /** Ends the well-behaved clients too: after that the broker is as empty as it began. */
  async leave(): Promise<void> {
    this.#steady.leave();
    this.#clock.advance(LAST_TICK_MS);
    this.#assertEmpty(0, 0);
    await this.#broker.stop();
  }

  connect(windowBytes: number, isAnswering: boolean): FuzzPeer {
    this.figures.connections++;
    const peer = new FuzzPeer(this.#open({ windowBytes }), isAnswering);
    this.#peers.push(peer);
    return peer;
  }

  /** Lets time pass, in which the well-behaved clients go on. */
  wait(milliseconds: number): void {
    for (let left = milliseconds; left > 0; left -= LONGEST_SILENCE_MS) {
      this.#clock.advance(Math.min(left, LONGEST_SILENCE_MS));
      this.#exchange();
    }
  }

  readonly #open = (options: MemoryPairOptions = {}): MemoryTransport => {
    const [near, far] = createMemoryPair({ schedule: this.#clock.task, ...options });
    this.#broker.accept(far);
    return near;
  };

  /** Lets everything under way come to its end, promises included, and asserts what holds at all times. */
  async #rest(): Promise<void> {
    this.#clock.run();
    for (let turn = 0; turn < MICROTASK_TURNS; turn++) await undefined;
    this.#exchange();
    this.#assertInvariant();
  }

  #exchange(): void {
    this.figures.exchanges++;
    const assertArrived = this.#steady.exchange();
    this.#clock.run();
    assertArrived();
  }

  #assertInvariant(): void {
    if (this.#log.firstError !== undefined) throw new Error(`the broker's log: ${this.#log.firstError}`);
    for (const [message, count] of this.#log.takeFaults()) {
      this.figures.faults.set(message, (this.figures.faults.get(message) ?? 0) + count);
    }
    const stats = this.#broker.stats();
    const open = this.#peers.filter((peer) => !peer.isClosed).length;
    assert.ok(
      stats.connections <= open + STEADY_CLIENTS,
      `${stats.connections} connections, ${open} of scripts are open`,
    );
    assert.ok(stats.clients <= stats.connections, `${stats.clients} clients on ${stats.connections} connections`);
    const waiting = this.#waiting();
    const { messagesMatched, messagesDelivered, messagesDropped, dropped } = stats;
    const account = `${messagesDelivered} delivered, ${waiting} waiting, lost: ${JSON.stringify(dropped)}`;
    assert.equal(messagesDelivered + waiting + messagesDropped, messagesMatched, account);
  }

  /** Messages that are queued, or in flight and not taken over yet. */
  #waiting(): number {
    let waiting = 0;
    for (const { queue, flows } of this.#store.load().sessions) {
      waiting += queue.length;
      for (const { message } of flows.outbound.inFlight) if (message !== undefined) waiting++;
    }
    return waiting;
  }

  // --- the end of a run ------------------------------------------------------------------------------------------------

  async #finish(): Promise<void> {
    for (const peer of this.#peers) peer.setReading(true);
    this.#clock.run();
    this.wait(CONNECT_TIMEOUT_MS);
    await this.#rest();
    const open = this.#peers.filter((peer) => !peer.isClosed).length + STEADY_CLIENTS;
    const { connections, clients } = this.#broker.stats();
    assert.deepEqual({ connections, clients }, { connections: open, clients: open }, 'who is not in by now is out');
    for (const [at, peer] of this.#peers.entries()) {
      if (at % 2 === 0) peer.cut();
      else peer.end();
    }
    await this.#rest();
    this.#peers = [];
    this.#endSessions();
    this.#clearRetained();
    await this.#rest();
    this.wait(LAST_WORD_MS);
    this.#clock.advance(LAST_TICK_MS);
    this.#assertEmpty(STEADY_CLIENTS, STEADY_SUBSCRIPTIONS);
  }

  #endSessions(): void {
    for (const { clientIdentifier } of this.#store.load().sessions) {
      if (!clientIdentifier.startsWith('steady ')) this.#sendAlone(clientIdentifier);
    }
  }

  #clearRetained(): void {
    const topicNames = Array.from(this.#store.load().retained, ({ message }) => message.topicName);
    if (topicNames.length === 0) return;
    this.#sendAlone('janitor', ...topicNames.map((topicName) => publishPacket(topicName, '', { retain: true })));
  }

  /** A connection with Clean Session, which ends the session before it, and its own. */
  #sendAlone(clientIdentifier: string, ...packets: Packet[]): void {
    const client = new RawClient(this.#open(), 4);
    const disconnect = { type: PacketType.disconnect, reasonCode: ReasonCode.success, properties: {} } as const;
    client.send(
      connectPacket({ protocolVersion: 4, clientIdentifier, keepAlive: this.#keepAlive }),
      ...packets,
      disconnect,
    );
    client.transport.end();
    this.#clock.run();
    assert.ok(client.isClosed, `the connection that ended the session '${clientIdentifier}' is over`);
  }

  #assertEmpty(clients: number, subscriptions: number): void {
    const stats = this.#broker.stats();
    const left = {
      connections: stats.connections,
      clients: stats.clients,
      sessions: stats.sessions,
      storedSessions: [...this.#store.load().sessions].length,
      subscriptions: stats.subscriptions,
      sharedSubscriptions: stats.sharedSubscriptions,
      retained: stats.retained,
      retainedBytes: stats.retainedBytes,
      timers: this.#clock.timerCount,
    };
    const expected = { connections: clients, clients, sessions: clients, storedSessions: clients, subscriptions };
    // Where the broker imposes a Keep Alive, the well-behaved clients have one.
    const timers = clients > 0 && this.#keepAlive > 0 ? 1 : 0;
    const nothing = { sharedSubscriptions: 0, retained: 0, retainedBytes: 0, timers };
    assert.deepEqual(left, { ...expected, ...nothing }, 'what is left when all sessions have ended');
  }
}

/** Where a script stands. */
class Course {
  readonly #script: Script;
  readonly #rig: BrokerRig;
  #peer: FuzzPeer | undefined = undefined;

  constructor(script: Script, rig: BrokerRig) {
    this.#script = script;
    this.#rig = rig;
  }

  step(at: number): void {
    const step = this.#script[at];
    if (step === undefined) return;
    if (step.kind === 'open') this.#peer = this.#rig.connect(step.windowBytes, step.isAnswering);
    else if (step.kind === 'wait') this.#rig.wait(step.milliseconds);
    else if (step.kind === 'send') this.#peer?.send(step);
    else if (step.kind === 'read') this.#peer?.setReading(step.isReading);
    else if (step.kind === 'end') this.#peer?.end();
    else this.#peer?.cut();
  }
}

/** Keeps the first error, and counts what the broker found fault with. */
class WatchingLog implements BrokerLog {
  firstError: string | undefined = undefined;
  #faults = new Map<string, number>();

  takeFaults(): Map<string, number> {
    const faults = this.#faults;
    this.#faults = new Map();
    return faults;
  }

  debug(): void {}

  info(): void {}

  warn(fields: { readonly reason?: string }, message: string): void {
    const what = fields.reason ?? (message.split(':')[0] ?? '').replace(/, and \d+ more$/, '');
    this.#faults.set(what, (this.#faults.get(what) ?? 0) + 1);
  }

  error(fields: object, message: string): void {
    if (message !== METHOD_FAILED) this.firstError ??= `${message} ${JSON.stringify(fields)}`;
  }
}

/** What the broker says of a method of authentication that fails, as the one below does when asked to. */
const METHOD_FAILED = 'authentication failed to answer';

const authenticate: Authenticate = ({ userName }) => {
  const verdict = userName === REFUSED_USER ? ReasonCode.badUserNameOrPassword : ReasonCode.success;
  return userName === SLOW_USER ? Promise.resolve(verdict) : verdict;
};

/** Comes to what the first byte of the client's data says, at once or later. */
const fuzzMethod: AuthenticationMethod = {
  name: FUZZ_METHOD,
  begin: () => ({ next: (data) => outcomeOf(data?.[0]) }),
};

function outcomeOf(asked: number | undefined): AuthenticationStep | Promise<AuthenticationStep> {
  const accept: AuthenticationStep = { kind: 'accept', data: Uint8Array.of(1) };
  if (asked === AuthenticationOutcome.continue) return { kind: 'continue', data: Uint8Array.of(1) };
  if (asked === AuthenticationOutcome.acceptLater) return Promise.resolve(accept);
  if (asked === AuthenticationOutcome.fail) return Promise.reject(new Error('failed, as asked'));
  if (asked !== AuthenticationOutcome.refuse) return accept;
  return { kind: 'refuse', reasonCode: ReasonCode.badUserNameOrPassword, message: 'refused, as asked' };
}
