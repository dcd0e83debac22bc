import type { Broker, BrokerLog } from '@busbar/broker';
import { type ConfigurationSource, type LoadedConfiguration, loadConfiguration } from '../config/load-configuration.ts';
import { ConfigurationError } from '../config/place.ts';

/** What is taken over while the broker runs; everything else needs a new start. */
const TAKEN_OVER = new Set(['authentication', 'authorization']);

/**
 * Reads a configuration again and takes over users, rules and certificates. It is all or nothing: what is wrong is said in the
 * log, and everything stays as it was. Clients stay connected, but for those whose user is gone.
 *
 * @returns What has been done, in a line.
 * @throws {Error} What is wrong, a line each.
 */
export function reload(
  source: ConfigurationSource,
  broker: Broker,
  before: LoadedConfiguration,
  log: BrokerLog,
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
  replaceCertificates(broker, loaded, log);
  broker.replaceAuthorization(options.authorization);
  const { authenticators, allowAnonymous } = options;
  broker.replaceAuthentication({ authenticators, allowAnonymous }, options.listeners ?? []);
  const restart = changedSections(before, loaded);
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
    const fault = error instanceof Error ? error.message : String(error);
    log.error({ fault }, 'the configuration is not taken over');
    throw error;
  }
}

function changedSections(
  { configuration: before }: LoadedConfiguration,
  { configuration: after }: LoadedConfiguration,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof typeof before>;
  return [...names].filter(
    (name) => !TAKEN_OVER.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
}
