import { BlockPool, ByteSlab, type ServerConnectionLimits, type SharedStrategy } from '@busbar/protocol';
import type { ByteTransport, TlsCredentials } from '@busbar/transport';
import type { Authenticator } from './auth/authenticator.ts';
import { AuthenticatorChain } from './auth/authenticator-chain.ts';
import type { AuthenticationMethod } from './auth/enhanced-authentication.ts';
import { Authorization, type AuthorizationOptions } from './authorization/authorization.ts';
import type { Explanation } from './authorization/explain.ts';
import { type Clock, systemClock } from './clock/clock.ts';
import { Alarm, TimerWheel } from './clock/timer-wheel.ts';
import { type Capabilities, resolveCapabilities } from './config/capabilities.ts';
import { type DurabilityRule, DurabilityRules } from './config/durability.ts';
import { type BrokerLimits, replaceLimits, resolveLimits } from './config/limits.ts';
import type { BrokerRooms } from './entrance/broker-rooms.ts';
import { type AuthenticationOptions, chainOptionsOf } from './entrance/chain-of.ts';
import { ConnectRates } from './entrance/connect-rates.ts';
import { ConnectionCensus } from './entrance/connection-census.ts';
import { type Bound, Entrance, type ListenerLimits } from './entrance/entrance.ts';
import { linesOf } from './entrance/lines.ts';
import { checkListeners, type ListenerOptions } from './entrance/listener-options.ts';
import { LoginGuard, type LoginGuardOptions } from './entrance/login-guard.ts';
import { Turn } from './entrance/turn.ts';
import type { BrokerHooks } from './hook/broker-hooks.ts';
import { startHooks, stopHooks, wireHooks } from './hook/hooks.ts';
import type { InProcessClient } from './hook/in-process-client.ts';
import { Inspection } from './inspect/inspection.ts';
import { LocalClient } from './local/local-client.ts';
import { Metrics } from './metrics/metrics.ts';
import { CommitTimes } from './observe/commit-times.ts';
import { Counters } from './observe/counters.ts';
import { DeliveryTimes } from './observe/delivery-times.ts';
import { LimitWatch } from './observe/limit-watch.ts';
import { type BrokerLog, silentLog } from './observe/log.ts';
import { LoopLag } from './observe/loop-lag.ts';
import { LossLedger } from './observe/loss-ledger.ts';
import type { Later } from './observe/quiet-line.ts';
import { QuietWarning } from './observe/quiet-warning.ts';
import { Readiness } from './observe/readiness.ts';
import { Tallies } from './observe/tallies.ts';
import { processMemory } from './overload/memory.ts';
import { Overload } from './overload/overload.ts';
import { RetainedMessages } from './retained/retained-messages.ts';
import { Router } from './router/router.ts';
import { explainSession, type RightsQuestion } from './session/explain-session.ts';
import { SessionTable } from './session/session-table.ts';
import { QueueAccount } from './session/waiting-messages.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { Store } from './store/store.ts';
import type { Subscriber } from './subscription/receiver.ts';
import { SubscriptionTable } from './subscription/subscription-table.ts';
import { type BrokerStats, statsOf } from './system/broker-stats.ts';
import { resolveSystemTopicsInterval, SystemTopics } from './system/system-topics.ts';
import { type TraceListener, Traces } from './trace/traces.ts';
import { publishWill } from './will/will-publication.ts';
import { Wills } from './will/wills.ts';

/** As in package.json; all packages have one version. */
const VERSION = '0.1.0';

/** Bytes that may wait in a socket while memory is used up: slow readers lose first. */
const SCARCE_BUFFERED_BYTES = 65_536;

/** How a broker is made; everything has a default. */
export interface BrokerOptions extends AuthenticationOptions {
  /** Default: `localhost:1883`. An empty list listens nowhere; see {@link Broker.accept}. */
  readonly listeners?: readonly ListenerOptions[];
  /** Bounds on what peers can grow; see {@link BrokerLimits}. */
  readonly limits?: Partial<BrokerLimits>;
  /** What of MQTT is offered; see {@link Capabilities}. Default: everything. */
  readonly capabilities?: Partial<Capabilities>;
  /** Default: says nothing. */
  readonly log?: BrokerLog;
  /** How failed logins are slowed down, and clients that flap kept out. */
  readonly login?: LoginGuardOptions;
  /** What clients may publish, subscribe to and receive. Default: everything. */
  readonly authorization?: AuthorizationOptions | undefined;
  /**
   * Whose a session is: its `user`'s, so that nobody with another user name can connect with its Client Identifier, or
   * `anyone`'s who knows the identifier. Default: its user's, where clients are asked who they are or there are rules.
   */
  readonly sessionOwnership?: 'user' | 'anyone';
  /** Methods of enhanced authentication that clients may choose, such as {@link scramSha256}. Default: none. */
  readonly authenticationMethods?: readonly AuthenticationMethod[];
  /** What a program adds: see {@link BrokerHooks}. Asked in this order. Default: nothing. */
  readonly hooks?: readonly BrokerHooks[];
  /** Default: a new {@link MemoryStore}. */
  readonly store?: Store;
  /**
   * What an acknowledgement is worth by topic, the first rule that matches: with `memory` nobody waits for the store. Default:
   * as much as the store promises. See {@link DurabilityRule}.
   */
  readonly durability?: readonly DurabilityRule[];
  /** Seconds between two publications of the `$SYS` topics; 0 turns them off. Default: 10. */
  readonly systemTopicsInterval?: number;
  /**
   * Whether times are measured for {@link Broker.metrics}: of a sample of messages, and of the event loop. Default: false; what is
   * counted is there in any case.
   */
  readonly measuresTimes?: boolean;
  /**
   * Whether event loop and memory are watched, and clients that connect slowed or refused when there is too much to do. Default: true,
   * but with a `clock` of your own.
   */
  readonly watchesLoad?: boolean;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** A running broker. Several in one process do not know each other. */
export interface Broker extends InProcessClient {
  /** Where it listens, as really bound. */
  readonly listeners: readonly Bound[];
  /** Takes in a Network Connection of your own making: an in-memory pair, a tunnel. */
  accept(transport: ByteTransport): void;
  /**
   * Gives the TLS listeners on a port new certificates, authorities and revocation lists for the connections to come. Those
   * that are open stay.
   *
   * @throws {UsageError} `unknown-listener`: no listener with TLS has this port.
   * @throws {TransportError} They cannot be used; the former ones stay in use.
   */
  replaceCertificates(port: number, credentials: TlsCredentials): void;
  /**
   * Gives the broker other rules; undefined ends all rules. Subscriptions that they no longer allow end, nobody is disconnected.
   *
   * @throws {UsageError} `invalid-rule`: all that is wrong with them, a line each; the former ones stay.
   */
  replaceAuthorization(options: AuthorizationOptions | undefined): void;
  /**
   * Asks rules and `authorize` hooks anew about everything that they have allowed or denied. Subscriptions that are no longer allowed
   * end, nobody is disconnected.
   */
  recheckRights(): void;
  /**
   * Asks others about the clients to come. Clients that are connected stay, but for those whose user is gone: 0x87.
   *
   * @param own The authenticators of listeners that have their own, in the order of the listeners. Default: they keep them.
   */
  replaceAuthentication(
    options: AuthenticationOptions,
    own?: readonly Pick<ListenerOptions, 'authenticators' | 'allowAnonymous'>[],
  ): void;
  /**
   * Bounds clients otherwise from now on: what is open, waits or is retained already stays, even if it is more.
   *
   * @param limits Those that are left out get their defaults.
   * @param own The bounds that listeners have of their own, in the order of the listeners.
   * @returns The names of limits that need a new start to change.
   * @throws {UsageError} `invalid-limit`, `unknown-limit`: nothing has changed then.
   */
  replaceLimits(limits: Partial<BrokerLimits>, own: readonly ListenerLimits[]): string[];
  /**
   * Why the client of a session may or may not do something, by the rules as they are now.
   *
   * @param topic As the client would name it.
   * @returns Undefined when there is no session of this Client Identifier.
   */
  explain(question: RightsQuestion, clientIdentifier: string, topic: string): Explanation | undefined;
  stats(): BrokerStats;
  /** Clients, sessions, subscriptions, retained messages, topics and losses, to look at. */
  readonly inspect: Inspection;
  /**
   * Shows each packet that a client sends and is sent, without payloads and secrets, as it happens: of one that is connected, and
   * of one that is not when it connects. Packets of a client that nobody traces cost nothing more.
   *
   * @param listener Must be quick: the broker waits.
   * @returns Ends it.
   */
  trace(clientIdentifier: string, listener: TraceListener): () => void;
  /** What goes on, for Prometheus. */
  readonly metrics: Metrics;
  /** Whether the broker should be sent clients, and what speaks against it. */
  readonly readiness: Readiness;
  /**
   * Ends the connection of a client; a 5.0 client is told 0x98. Its session stays as it asked for.
   *
   * @returns Whether it was connected.
   */
  kick(clientIdentifier: string, message?: string): boolean;
  /** Stops gracefully: no new connections, 0x8B to 5.0 clients, what was sent is flushed; sessions stay in the store. */
  stop(): Promise<void>;
}

/**
 * Starts a broker and resolves when it listens.
 *
 * @throws {UsageError} Limits or listener options that do not exist or are out of range; `hook-not-started`.
 * @throws {TransportError} A listener's port is in use or may not be opened.
 * @example
 * const broker = await createBroker({ listeners: [{ port: 0 }] });
 * console.log(broker.listeners[0].port);
 * await broker.stop();
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  checkListeners(options.listeners ?? [{}]);
  const limits = resolveLimits(options.limits);
  const capabilities = resolveCapabilities(options.capabilities);
  const clock = options.clock ?? systemClock;
  const store = options.store ?? new MemoryStore();
  const wheel = new TimerWheel(clock);
  const later: Later = (callback, delayMs) => wheel.set(new Alarm(callback), clock.now() + delayMs);
  const counters = new Counters();
  const tallies = new Tallies();
  const readiness = new Readiness();
  readiness.report('starting', 'the broker is starting');
  const turn = new Turn(clock);
  const deliveryTimes = new DeliveryTimes(options.measuresTimes ?? false, {
    now: () => clock.now(),
    awaitFlush: (times) => turn.mark(times),
    random: Math.random,
  });
  const loopLag = new LoopLag(clock, (lagMs, now) => overload.handleTick(lagMs, now));
  const commitTimes = new CommitTimes();
  const log = options.log ?? silentLog;
  const hooks = wireHooks(options.hooks ?? [], log, clock);
  const ledger = new LossLedger(hooks.drop);
  const limitWatch = new LimitWatch(log, () => clock.now(), later);
  const queued = new QueueAccount();
  const bufferedBytes = { maximum: limits.maximumBufferedBytes };
  const overload = new Overload({
    limits,
    memory: processMemory,
    log,
    limitWatch,
    handleLevel: (reason) => readiness.report('overloaded', reason),
    handleMemory(isOut) {
      queued.isShut = isOut;
      retained.isShut = isOut;
      bufferedBytes.maximum = isOut ? SCARCE_BUFFERED_BYTES : limits.maximumBufferedBytes;
    },
  });
  const subscriptions = new SubscriptionTable(sharedStrategyOf(capabilities));
  const retained = new RetainedMessages(store, limits);
  const authorization = new Authorization(options.authorization, hooks.authorize);
  const listeners = askingFirst(hooks.authenticators, options.listeners ?? [{}]);
  const chain = new AuthenticatorChain(chainOptionsOf(withFirst(hooks.authenticators, options), listeners));
  const durability = new DurabilityRules(options.durability);
  const router = new Router(subscriptions, retained, counters, ledger, limits, authorization, durability, limitWatch);
  const around = {
    limits,
    capabilities,
    counters,
    ledger,
    slab: new ByteSlab(),
    queued,
    limitWatch,
    authorization,
    deliver: hooks.deliver,
    deliveryTimes,
  };
  const sessions = new SessionTable({ store, subscriptions, retained, clock, wheel, around });
  const deniedWills = new QuietWarning(log, 'a Will may not be published', later);
  const deniedWill = (fields: object): void => deniedWills.warn(fields, clock.now());
  const willRooms = { authorization, ledger, tallies, deniedWill, clock, ask: hooks.publish };
  const wills = new Wills(clock, wheel, store, (message, record) =>
    publishWill(willRooms, message, record, (allowed) => router.publishOwn(allowed, clock.now())),
  );
  sessions.onEnd = ({ record }) => wills.handleSessionEnd(record);
  const tellOfSession = hooks.session;
  if (tellOfSession !== undefined) sessions.onOver = ({ identity }, kind) => tellOfSession({ kind, identity });
  const local = new LocalClient({ router, subscriptions, retained, store, clock, log, around });
  const rooms: BrokerRooms = {
    limits,
    capabilities,
    connectionLimits: connectionLimitsOf(limits, capabilities),
    clock,
    wheel,
    turn,
    pool: new BlockPool((byteLength) => Buffer.allocUnsafeSlow(byteLength)),
    log,
    later,
    hooks,
    counters,
    tallies,
    deliveryTimes,
    readiness,
    traces: new Traces(),
    ledger,
    chain,
    authenticationMethods: new Map(options.authenticationMethods?.map((method) => [method.name, method])),
    router,
    sessions,
    store,
    wills,
    authorization,
    census: new ConnectionCensus(),
    connectRates: new ConnectRates(limits, clock.now()),
    overload,
    limitWatch,
    bufferedBytes,
    loginGuard: new LoginGuard(options.login ?? {}, clock, log, later, tallies.loginFailures),
    lines: linesOf(log, later),
    protectsSessions: protectsSessions(options),
    makeClientIdentifier: () => makeClientIdentifier(rooms.limits),
  };
  const entrance = new Entrance(rooms);
  const state = store.load({
    now: () => clock.now(),
    endOfTurn: (callback) => clock.endOfTurn(callback),
    successorOf: (sharedFilter) => router.successorOf(sharedFilter),
    handleFailure: (failure) => {
      handleStoreFailure(rooms, failure);
      if (failure !== undefined) entrance.handleStoreFailure();
    },
    handleCommit: (commit) => commitTimes.handleCommit(commit),
  });
  const records = [...state.sessions];
  retained.restore(state.retained);
  sessions.restore(records);
  wills.restore(records);
  const system = new SystemTopics({
    clock,
    wheel,
    intervalSeconds: resolveSystemTopicsInterval(options.systemTopicsInterval),
    version: VERSION,
    durability: store.durability,
    failure: () => store.failure,
    read: () => statsOf({ ...rooms, subscriptions, retained }),
    publish: (message) => router.publishOwn(message, clock.now()),
  });
  system.start();
  try {
    await startHooks(options.hooks ?? [], local);
    for (const listener of listeners) await entrance.listen(listener);
  } catch (error) {
    await entrance.close();
    local.close();
    wheel.stop();
    await stopHooks(options.hooks ?? [], log);
    throw error;
  }
  if (options.measuresTimes || (options.watchesLoad ?? options.clock === undefined)) loopLag.start();
  readiness.report('starting', undefined);
  return {
    listeners: entrance.bound,
    accept: entrance.accept,
    publish: local.publish,
    subscribe: local.subscribe,
    replaceCertificates: (port, credentials) => entrance.replaceCertificates(port, credentials),
    replaceAuthorization(replacement) {
      authorization.replace(replacement);
      sessions.handleRulesChanged();
      entrance.handleRightsChanged();
    },
    recheckRights() {
      authorization.recheck();
      sessions.handleRulesChanged();
      entrance.handleRightsChanged();
    },
    replaceAuthentication(replacement, own) {
      chain.replace(chainOptionsOf(withFirst(hooks.authenticators, replacement), listeners));
      if (own !== undefined) entrance.replaceChains(askingFirst(hooks.authenticators, own));
      entrance.handleRightsChanged();
    },
    replaceLimits: (replacement, own) => {
      const unchanged = replaceLimits(limits, replacement);
      rooms.connectionLimits = connectionLimitsOf(limits, capabilities);
      bufferedBytes.maximum = overload.isOutOfMemory ? SCARCE_BUFFERED_BYTES : limits.maximumBufferedBytes;
      entrance.handleLimitsChanged(own);
      return unchanged;
    },
    stats: () => statsOf({ ...rooms, subscriptions, retained }),
    trace: (clientIdentifier, listener) => entrance.trace(clientIdentifier, listener),
    inspect: new Inspection({ clock, sessions, retained, router, ledger }),
    metrics: new Metrics({
      version: VERSION,
      counters,
      tallies,
      ledger,
      sessions,
      subscriptions,
      retained,
      queued: around.queued,
      store,
      readiness,
      deliveryTimes,
      loopLag,
      commitTimes,
      limitWatch,
      overload,
    }),
    readiness,
    explain(question, clientIdentifier, topic) {
      const session = sessions.get(clientIdentifier);
      return session === undefined ? undefined : explainSession(session, authorization, question, topic);
    },
    kick: (clientIdentifier, message = 'the operator has ended the connection') =>
      sessions.get(clientIdentifier)?.kick(message) ?? false,
    async stop() {
      readiness.report('stopping', 'the broker is stopping');
      loopLag.stop();
      wills.stop();
      system.stop();
      await entrance.close();
      local.close();
      wheel.stop();
      await store.close();
      await stopHooks(options.hooks ?? [], log);
      await Promise.all([...authenticatorsOf(chain, listeners)].map((authenticator) => authenticator.close?.()));
    },
  };
}

function protectsSessions(options: BrokerOptions): boolean {
  const { sessionOwnership, authenticators = [], authenticate, authorization, hooks = [] } = options;
  if (sessionOwnership !== undefined) return sessionOwnership === 'user';
  const asksHooks = hooks.some((each) => each.authenticate !== undefined || each.authorize !== undefined);
  return authenticators.length > 0 || authenticate !== undefined || authorization !== undefined || asksHooks;
}

/** Hooks are asked before all others. */
function withFirst<T extends { readonly authenticators?: readonly Authenticator[] | undefined }>(
  first: readonly Authenticator[],
  options: T,
): T {
  return first.length === 0 ? options : { ...options, authenticators: [...first, ...(options.authenticators ?? [])] };
}

/** The same for listeners that have authenticators of their own. */
function askingFirst<T extends { readonly authenticators?: readonly Authenticator[] | undefined }>(
  first: readonly Authenticator[],
  listeners: readonly T[],
): readonly T[] {
  return listeners.map((each) => (each.authenticators === undefined ? each : withFirst(first, each)));
}

function authenticatorsOf({ options }: AuthenticatorChain, listeners: readonly ListenerOptions[]): Set<Authenticator> {
  return new Set([...options.authenticators, ...listeners.flatMap(({ authenticators = [] }) => authenticators)]);
}

const USUAL_IDENTIFIER_LENGTH = 41;
const SHORTEST_IDENTIFIER_LENGTH = 23;

/**
 * A Client Identifier of 41 characters, as Mosquitto's are; or of 23, which every server must allow (section 3.1.3.1), where ours
 * have a tighter limit: the client may come back with it.
 */
function makeClientIdentifier({ maximumClientIdentifierLength }: BrokerLimits): string {
  const identifier = `auto-${crypto.randomUUID().toUpperCase()}`;
  if (maximumClientIdentifierLength >= USUAL_IDENTIFIER_LENGTH) return identifier;
  return identifier.replaceAll('-', '').replace('auto', 'auto-').slice(0, SHORTEST_IDENTIFIER_LENGTH);
}

function sharedStrategyOf({ sharedSubscriptionStrategy: name }: Capabilities): SharedStrategy<Subscriber> {
  if (name === 'random') return { name, random: Math.random };
  if (name === 'leastInFlight') return { name, measure: (subscriber) => subscriber.inFlight };
  return { name };
}

function connectionLimitsOf(limits: BrokerLimits, capabilities: Capabilities): ServerConnectionLimits {
  const { connectTimeoutMs, maximumPacketSize, maximumConnectSize, receiveMaximum, maximumInFlight } = limits;
  const { topicAliasMaximum, outboundTopicAliasMaximum } = limits;
  const { maximumQoS, retainAvailable, plainAnswers } = capabilities;
  const publishing = {
    maximumPacketSize,
    maximumConnectSize,
    receiveMaximum,
    topicAliasMaximum,
    maximumQoS,
    retainAvailable,
  };
  return { connectTimeoutMs, ...publishing, outboundTopicAliasMaximum, maximumInFlight, plainAnswers };
}

function handleStoreFailure({ log, tallies, readiness }: BrokerRooms, failure: string | undefined): void {
  readiness.report('store', failure);
  if (failure === undefined) {
    log.info({}, 'the store keeps messages again');
    return;
  }
  tallies.storeFailures++;
  log.error({ error: failure }, 'the store cannot keep messages: what would have to be kept is refused with 0x97');
}
