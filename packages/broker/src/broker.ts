import type { ByteTransport, TlsCredentials } from '@busbar/transport';
import type { BrokerOptions } from './assembly/broker-options.ts';
import { checkOptions } from './assembly/check-options.ts';
import { type EntranceRooms, wireEntrance } from './assembly/entrance-rooms.ts';
import { type Ground, layGround } from './assembly/ground.ts';
import { type LoadRooms, wireLoad } from './assembly/load-rooms.ts';
import { type MessageRooms, wireMessages } from './assembly/message-rooms.ts';
import type { AuthorizationOptions } from './authorization/authorization.ts';
import type { Explanation } from './authorization/explain.ts';
import { type BrokerLimits, replaceLimits, resolveLimits } from './config/limits.ts';
import { type AuthenticationOptions, authenticatorsOf, chainOptionsOf } from './entrance/chain-of.ts';
import type { Bound, ListenerLimits, ListenerPlace } from './entrance/entrance.ts';
import { checkListeners, type ListenerOptions } from './entrance/listener-options.ts';
import { askingFirst, withFirst } from './hook/asked-first.ts';
import { startHooks, stopHooks } from './hook/hooks.ts';
import type { InProcessClient } from './hook/in-process-client.ts';
import { Inspection } from './inspect/inspection.ts';
import { Metrics } from './metrics/metrics.ts';
import type { Readiness } from './observe/readiness.ts';
import { reportStoreFailure } from './observe/store-failure.ts';
import { explainSession, type RightsQuestion } from './session/explain-session.ts';
import { type BrokerStats, statsOf } from './system/broker-stats.ts';
import { resolveSystemTopicsInterval, SystemTopics } from './system/system-topics.ts';
import type { TraceListener } from './trace/traces.ts';

/** As in package.json; all packages have one version. */
const VERSION = '0.1.0';

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
   * @param where Their port, or the place of one listener in the options.
   * @throws {UsageError} `unknown-listener`: no listener with TLS is there.
   * @throws {TransportError} They cannot be used; the former ones stay in use.
   */
  replaceCertificates(where: number | ListenerPlace, credentials: TlsCredentials): void;
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
  /**
   * Stops gracefully: no new connections, 0x8B to 5.0 clients, what was sent is flushed; sessions stay in the store. May be called
   * again.
   */
  stop(): Promise<void>;
}

/**
 * Starts a broker and resolves when it listens.
 *
 * @throws {UsageError} Options, limits, hooks or listener options that do not exist or are out of range; `hook-not-started`.
 * @throws {TransportError} A listener's port is in use or may not be opened.
 * @example
 * const broker = await createBroker({ listeners: [{ port: 0 }] });
 * console.log(broker.listeners[0].port);
 * await broker.stop();
 */
export async function createBroker(options: BrokerOptions = {}): Promise<Broker> {
  checkOptions(options);
  checkListeners(options.listeners ?? [{}], resolveLimits(options.limits).maximumClientIdentifierLength);
  const house = build(options);
  house.readiness.report('starting', 'the broker is starting');
  restore(house);
  const system = systemTopicsOf(house);
  system.start();
  await open(house);
  if (options.measuresTimes || (options.watchesLoad ?? options.clock === undefined)) house.loopLag.start();
  house.readiness.report('starting', undefined);
  return brokerOf(house, system);
}

/** All rooms of one broker. */
interface House extends Ground, MessageRooms, LoadRooms, EntranceRooms {
  readonly options: BrokerOptions;
}

function build(options: BrokerOptions): House {
  const ground = layGround(options);
  const messages = wireMessages(ground, options);
  const load = wireLoad(ground, messages);
  return { options, ...ground, ...messages, ...load, ...wireEntrance(ground, messages, load, options) };
}

/** Takes up what the store has kept. */
function restore(house: House): void {
  const { clock, store, router, retained, sessions, wills, entrance, commitTimes } = house;
  const state = store.load({
    now: () => clock.now(),
    endOfTurn: (callback) => clock.endOfTurn(callback),
    successorOf: (sharedFilter) => router.successorOf(sharedFilter),
    handleFailure: (failure) => {
      reportStoreFailure(house, failure);
      if (failure !== undefined) entrance.handleStoreFailure();
    },
    handleCommit: (commit) => commitTimes.handleCommit(commit),
  });
  const records = [...state.sessions];
  retained.restore(state.retained);
  sessions.restore(records);
  wills.restore(records);
}

function systemTopicsOf(house: House): SystemTopics {
  const { clock, wheel, store, router, options } = house;
  return new SystemTopics({
    clock,
    wheel,
    intervalSeconds: resolveSystemTopicsInterval(options.systemTopicsInterval),
    version: VERSION,
    durability: store.durability,
    failure: () => store.failure,
    read: () => statsOf(house),
    publish: (message) => router.publishOwn(message, clock.now()),
  });
}

/** Lets hooks begin, and then clients in; where either fails, everything ends. */
async function open({ options, listeners, entrance, local, wheel, log, clock }: House): Promise<void> {
  try {
    await startHooks(options.hooks ?? [], local, log, clock);
    await entrance.listen(listeners);
  } catch (error) {
    await entrance.close();
    local.close();
    wheel.stop();
    await stopHooks(options.hooks ?? [], log, clock);
    throw error;
  }
}

function brokerOf(house: House, system: SystemTopics): Broker {
  const { sessions, entrance, local, authorization, readiness } = house;
  let stopped: Promise<void> | undefined;
  return {
    listeners: entrance.bound,
    accept: entrance.accept,
    publish: local.publish,
    subscribe: local.subscribe,
    replaceCertificates: (where, credentials) => entrance.replaceCertificates(where, credentials),
    ...replacementsOf(house),
    stats: () => statsOf(house),
    trace: (clientIdentifier, listener) => entrance.trace(clientIdentifier, listener),
    inspect: new Inspection(house),
    metrics: new Metrics({ version: VERSION, ...house }),
    readiness,
    explain(question, clientIdentifier, topic) {
      const session = sessions.get(clientIdentifier);
      return session === undefined ? undefined : explainSession(session, authorization, question, topic);
    },
    kick: (clientIdentifier, message = 'the operator has ended the connection') =>
      sessions.get(clientIdentifier)?.kick(message) ?? false,
    stop() {
      stopped ??= stop(house, system);
      return stopped;
    },
  };
}

type Replacements = Pick<Broker, 'replaceAuthorization' | 'recheckRights' | 'replaceAuthentication' | 'replaceLimits'>;

function replacementsOf(house: House): Replacements {
  const { limits, hooks, sessions, authorization, entrance, chain, listeners, overload, bufferedBytes } = house;
  const handleRightsChanged = (): void => {
    sessions.handleRulesChanged();
    entrance.handleRightsChanged();
  };
  return {
    replaceAuthorization(replacement) {
      authorization.replace(replacement);
      handleRightsChanged();
    },
    recheckRights() {
      authorization.recheck();
      handleRightsChanged();
    },
    replaceAuthentication(replacement, own) {
      chain.replace(chainOptionsOf(withFirst(hooks.authenticators, replacement), listeners));
      if (own !== undefined) entrance.replaceChains(askingFirst(hooks.authenticators, own));
      entrance.handleRightsChanged();
    },
    replaceLimits(replacement, own) {
      const unchanged = replaceLimits(limits, replacement);
      bufferedBytes.adjust(overload.isOutOfMemory);
      entrance.handleLimitsChanged(own);
      return unchanged;
    },
  };
}

async function stop(house: House, system: SystemTopics): Promise<void> {
  const { readiness, loopLag, wills, entrance, local, wheel, store, options, log, clock, chain, listeners } = house;
  readiness.report('stopping', 'the broker is stopping');
  loopLag.stop();
  wills.stop();
  system.stop();
  await entrance.close();
  local.close();
  wheel.stop();
  await store.close();
  await stopHooks(options.hooks ?? [], log, clock);
  await Promise.all([...authenticatorsOf(chain, listeners)].map((authenticator) => authenticator.close?.()));
}
