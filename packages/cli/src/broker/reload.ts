import type { Broker, BrokerLog } from '@busbar/broker';
import { messageOf } from '../command/message-of.ts';
import { type ConfigurationSource, type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.ts';
import { ConfigurationError } from '../config/place.ts';
import type { Configuration } from '../config/schema.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { LogLevel } from './log.ts';

/** What is taken over while the broker runs; everything else needs a new start. */
const TAKEN_OVER = new Set(['authentication', 'authorization', 'limits']);
/** What is taken over of a listener. */
const TAKEN_OVER_OF_LISTENERS = new Set(['maximumConnections', 'connectionRate']);

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
  for (const notice of loaded.notices) log.warn({}, notice);
  replaceCertificates(broker, loaded, log);
  http?.replaceToken(loaded.http?.token);
  setLevel?.(loaded.configuration.log?.level ?? 'info');
  broker.replaceAuthorization(options.authorization);
  const { authenticators, allowAnonymous } = options;
  broker.replaceAuthentication({ authenticators, allowAnonymous }, options.listeners ?? []);
  const isSame = sameListeners(before, loaded);
  const fixed = broker.replaceLimits(options.limits ?? {}, (isSame ? loaded : before).options.listeners ?? []);
  const restart = [...changedSections(before, loaded, isSame), ...fixed.map((name) => `limits.${name}`)];
  if (isFrameFixed(before, loaded)) restart.push('limits.maximumPacketSize (listeners with WebSocket)');
  if (restart.length > 0) log.warn({ settings: restart }, 'these settings have changed and need a new start');
  log.info({}, 'the configuration has been read again');
  const rest = restart.length === 0 ? '' : `; a new start is needed for ${restart.join(', ')}`;
  return `the configuration has been read again${rest}`;
}

/** Certificates come first: they are what may still fail, and then nothing else has changed. */
function replaceCertificates(broker: Broker, { options }: LoadedConfiguration, log: BrokerLog): void {
  try {
    for (const { tls, port } of options.listeners ?? []) {
      if (tls !== undefined && port !== undefined && port !== 0) broker.replaceCertificates(port, tls);
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
  hasSameListeners: boolean,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof typeof before>;
  return [...names].filter((name) => {
    if (TAKEN_OVER.has(name) || (name === 'listeners' && hasSameListeners)) return false;
    return JSON.stringify(fixedPartOf(name, before)) !== JSON.stringify(fixedPartOf(name, after));
  });
}

/** Of `http` the token is taken over, of `log` the level. */
function fixedPartOf(name: keyof Configuration, configuration: Configuration): unknown {
  if (name === 'log') return { ...configuration.log, level: undefined };
  if (name !== 'http' || configuration.http === undefined) return configuration[name];
  const { token: _, tokenFile: __, ...rest } = configuration.http;
  return rest;
}

/** Whether the listeners differ by nothing but what is taken over: then each is bounded by what its own place says. */
function sameListeners(before: LoadedConfiguration, after: LoadedConfiguration): boolean {
  const fixed = ({ configuration: { listeners = [] } }: LoadedConfiguration): string =>
    JSON.stringify(
      listeners.map((each) => Object.entries(each).filter(([name]) => !TAKEN_OVER_OF_LISTENERS.has(name))),
    );
  return fixed(before) === fixed(after);
}

/** A WebSocket listener is told the largest frame when it is opened. */
function isFrameFixed({ options: before }: LoadedConfiguration, { options: after }: LoadedConfiguration): boolean {
  const isWebSocket = before.listeners?.some(({ transport }) => transport === 'ws' || transport === 'wss') === true;
  return isWebSocket && before.limits?.maximumPacketSize !== after.limits?.maximumPacketSize;
}
