import type { Broker, BrokerLog, ListenerOptions } from '@busbar/broker';
import { messageOf } from '../command/message-of.ts';
import { type ConfigurationSource, type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.ts';
import { ConfigurationError } from '../config/place.ts';
import type { Configuration, ListenerSettings } from '../config/schema.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { LogLevel } from './log.ts';
import { replacementsOf, rulesOf } from './open-listeners.ts';

/** What is taken over while the broker runs; everything else needs a new start. */
const TAKEN_OVER = new Set(['authentication', 'authorization', 'limits']);
/** What is taken over of a listener, of `authentication` where it had one of its own before. */
const TAKEN_OVER_OF_LISTENERS = new Set(['maximumConnections', 'connectionRate', 'authentication']);
/** What of `authentication` is made when the broker starts. */
const FIXED_OF_AUTHENTICATION = ['backOff', 'flapping', 'sessionOwnership'] as const;

/** What is told of a new configuration besides the broker. */
export interface Reloadable {
  readonly http?: Pick<HttpServer, 'replaceToken'> | undefined;
  /** Undefined where the command line says how much is logged. */
  readonly setLevel?: ((level: LogLevel) => void) | undefined;
}

/**
 * Reads a configuration again and takes over users, rules, limits, certificates, the level of the log and the token of HTTP. It
 * is all or nothing: what is wrong is said in the log, and everything stays as it was. Clients stay connected, but for those whose user is gone.
 *
 * @returns What has been done, in a line.
 * @throws {Error} What is wrong, a line each.
 */
export function reload(
  source: ConfigurationSource,
  broker: Broker,
  before: LoadedConfiguration,
  log: BrokerLog,
  { http, setLevel }: Reloadable,
): string {
  let loaded: LoadedConfiguration;
  try {
    loaded = loadConfiguration(source);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    for (const fault of error.faults) log.error({ fault }, 'the configuration is not taken over');
    throw error;
  }
  const { options } = loaded;
  const listeners = replacementsOf(before.options, options);
  for (const notice of loaded.notices) log.warn({}, notice);
  replaceCertificates(broker, listeners, log);
  http?.replaceToken(loaded.http?.token);
  setLevel?.(loaded.configuration.log?.level ?? 'info');
  broker.replaceAuthorization(rulesOf(before.options, options));
  const { authenticators, allowAnonymous } = options;
  broker.replaceAuthentication({ authenticators, allowAnonymous }, listeners);
  const fixed = broker.replaceLimits(options.limits ?? {}, listeners);
  const restart = [...changedSections(before, loaded), ...fixed.map((name) => `limits.${name}`)];
  if (isFrameFixed(before, loaded)) restart.push('limits.maximumPacketSize (listeners with WebSocket)');
  if (restart.length > 0) log.warn({ settings: restart }, 'these settings have changed and need a new start');
  log.info({}, 'the configuration has been read again');
  const rest = restart.length === 0 ? '' : `; a new start is needed for ${restart.join(', ')}`;
  return `the configuration has been read again${rest}`;
}

/** Certificates come first: they are what may still fail, and then nothing else has changed. */
function replaceCertificates(broker: Broker, listeners: readonly ListenerOptions[], log: BrokerLog): void {
  try {
    for (const [place, { tls }] of listeners.entries()) {
      if (tls !== undefined) broker.replaceCertificates({ place }, tls);
    }
  } catch (error) {
    const fault = messageOf(error);
    log.error({ fault }, 'the configuration is not taken over');
    throw error;
  }
}

function changedSections(
  { configuration: before }: LoadedConfiguration,
  { configuration: after }: LoadedConfiguration,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof typeof before>;
  const sections = [...names].filter((name) => {
    return !TAKEN_OVER.has(name) && isOther(fixedPartOf(name, before), fixedPartOf(name, after));
  });
  const fixed = FIXED_OF_AUTHENTICATION.filter((name) => {
    return isOther(before.authentication?.[name], after.authentication?.[name]);
  });
  return [...sections, ...fixed.map((name) => `authentication.${name}`)];
}

function isOther(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) !== JSON.stringify(after);
}

/** Of `http` the token is taken over, of `log` the level, of listeners what each says of its clients. */
function fixedPartOf(name: keyof Configuration, configuration: Configuration): unknown {
  if (name === 'log') return { ...configuration.log, level: undefined };
  if (name === 'listeners') return configuration.listeners?.map(fixedPartOfListener);
  if (name !== 'http' || configuration.http === undefined) return configuration[name];
  const { token: _, tokenFile: __, ...rest } = configuration.http;
  return rest;
}

function fixedPartOfListener(listener: ListenerSettings): unknown {
  const { chain, allowAnonymous } = listener.authentication ?? {};
  const hasOwnChain = chain !== undefined || allowAnonymous !== undefined;
  return [Object.entries(listener).filter(([name]) => !TAKEN_OVER_OF_LISTENERS.has(name)), hasOwnChain];
}

/** A WebSocket listener is told the largest frame when it is opened. */
function isFrameFixed({ options: before }: LoadedConfiguration, { options: after }: LoadedConfiguration): boolean {
  const isWebSocket = before.listeners?.some(({ transport }) => transport === 'ws' || transport === 'wss') === true;
  return isWebSocket && before.limits?.maximumPacketSize !== after.limits?.maximumPacketSize;
}
