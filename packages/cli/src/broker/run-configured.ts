import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Broker, type BrokerHooks, type BrokerLog, createBroker, UsageError } from '@busbar/broker';
import { TransportError } from '@busbar/transport';
import { CommandError } from '../command/command-error.ts';
import { messageOf } from '../command/message-of.ts';
import { StopSignal } from '../command/stop-signal.ts';
import {
  type ConfigurationSource,
  isYaml,
  type LoadedConfiguration,
  loadConfiguration,
} from '../config/load-configuration.ts';
import { ConfigurationError } from '../config/place.ts';
import { faultsText } from '../config/run-config.ts';
import { ExitCode } from '../exit-code.ts';
import { readVersion } from '../version.ts';
import { openControl } from './control.ts';
import { openDataStore, storeFault } from './data-store.ts';
import { defaultData } from './default-data.ts';
import { openHttp } from './http.ts';
import { loadExtensions } from './load-extensions.ts';
import { type LogFormat, type OpenLog, openLog } from './log.ts';
import { reload } from './reload.ts';
import { ServiceManager } from './service-manager.ts';
import { ServiceSignals } from './service-signals.ts';
import { USUAL_PORT } from './usual-port.ts';
import { holdYoungGeneration } from './young-generation.ts';

/** How a broker is run from a configuration. */
export interface ConfiguredRun {
  readonly config: string | undefined;
  readonly set: readonly string[];
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly data: string | undefined;
  readonly verbose: boolean;
  readonly logFormat: LogFormat | undefined;
  readonly allowAnonymous: boolean;
  readonly http: number | undefined;
  readonly testConfig: boolean;
}

/** Runs a broker as its configuration says until a signal ends it; SIGHUP reads the configuration again. @returns The exit code. */
export async function runConfigured(run: ConfiguredRun): Promise<number> {
  const source = sourceOf(run);
  const loaded = loadOrFail(source);
  if (run.testConfig) {
    for (const notice of loaded.notices) process.stderr.write(`Notice: ${notice}\n`);
    process.stdout.write(`${run.config ?? 'configuration'}: ok\n`);
    return ExitCode.success;
  }
  const { configuration, folder } = loaded;
  const logging = await openLogOf(run, loaded);
  const { log } = logging;
  const setLevel = run.verbose ? undefined : logging.setLevel;
  for (const notice of loaded.notices) log.warn({}, notice);
  const stopSignal = new StopSignal();
  const signals = new ServiceSignals(log, true);
  const data = run.data ?? configuration.data ?? defaultData(loaded.options.listeners?.[0]?.port ?? USUAL_PORT);
  const hooks = await loadExtensions(configuration.extensions, folder, { log });
  const http = await openHttp(loaded.http, log);
  const where = run.data === undefined ? fromFolder(data, folder) : data;
  const { broker, removePidFile } = await startWithPidFile(loaded, where, log, hooks).catch((error) => {
    http?.close();
    throw error;
  });
  http?.attach(broker);
  const service = new ServiceManager(process.env, log);
  const read = (): string => {
    logging.reopen();
    return service.reload(() => reload(source, broker, loaded, log, { http, setLevel }));
  };
  const control = await openControl(broker, log, { reload: async () => read() });
  signals.handleHangUpWith(() => {
    try {
      read();
    } catch {
      // It is in the log: nobody waits for the answer to a signal.
    }
  });
  process.stdout.write(`${readyLineOf(broker)}\n`);
  service.ready(readyLineOf(broker));
  const reason = await stopSignal.received;
  signals.handleHangUpWith(() => {});
  log.info({ reason }, 'stopping');
  service.stopping();
  http?.handleStopping();
  control?.close();
  await broker.stop();
  http?.close();
  removePidFile();
  await service.close();
  stopSignal.ignore();
  signals.ignore();
  log.info({}, 'stopped');
  return ExitCode.success;
}

function openLogOf(
  { verbose, logFormat }: ConfiguredRun,
  { configuration, folder }: LoadedConfiguration,
): Promise<OpenLog> {
  const { level = 'info', format, file } = configuration.log ?? {};
  return openLog({
    format: logFormat ?? format,
    level: verbose ? 'debug' : level,
    file: file === undefined ? undefined : path.resolve(folder, file),
  });
}

/** What stands on the command line is a setting like any other, but for a mosquitto.conf, where `-p` is one more port. */
function sourceOf({ config, set, port, host, http, allowAnonymous }: ConfiguredRun): ConfigurationSource {
  const isOurs = config === undefined || isYaml(config);
  const sets = [
    ...set,
    ...(isOurs && port !== undefined ? [`listeners[0].port=${port}`] : []),
    ...(host === undefined ? [] : [`listeners[0].host=${JSON.stringify(host)}`]),
    ...(http === undefined ? [] : [`http.port=${http}`]),
    ...(allowAnonymous ? ['authentication.allowAnonymous=true'] : []),
  ];
  const ports = isOurs || port === undefined ? [] : [port];
  return { file: config, sets, environment: process.env, ports };
}

function loadOrFail(source: ConfigurationSource): LoadedConfiguration {
  try {
    return loadConfiguration(source);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const isOurs = source.file === undefined || isYaml(source.file);
    throw new CommandError(isOurs ? ExitCode.failure : ExitCode.invalidConf, faultsText(error));
  }
}

/** Starts the broker and then writes its pid file: one that cannot have the port leaves the file of the one that has. */
async function startWithPidFile(
  loaded: LoadedConfiguration,
  data: string,
  log: BrokerLog,
  hooks: readonly BrokerHooks[],
): Promise<{ broker: Broker; removePidFile: () => void }> {
  const broker = await start(loaded, data, log, hooks);
  try {
    return { broker, removePidFile: writePidFile(loaded.configuration.pidFile, loaded.folder) };
  } catch (error) {
    await broker.stop();
    throw error;
  }
}

async function start(
  { options }: LoadedConfiguration,
  data: string,
  log: BrokerLog,
  hooks: readonly BrokerHooks[],
): Promise<Broker> {
  holdYoungGeneration();
  const store = await openDataStore(data);
  try {
    return await createBroker({ ...options, hooks, log, ...(store === undefined ? {} : { store }) });
  } catch (error) {
    await store?.close();
    const fault = storeFault(error);
    if (fault !== undefined) throw fault;
    if (error instanceof UsageError || error instanceof TransportError)
      throw new CommandError(ExitCode.failure, error.message);
    throw error;
  }
}

function fromFolder(data: string, folder: string): string {
  return data === 'memory' ? data : path.resolve(folder, data);
}

function writePidFile(pidFile: string | undefined, folder: string): () => void {
  if (pidFile === undefined) return () => {};
  const file = path.resolve(folder, pidFile);
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    throw new CommandError(ExitCode.failure, `the pid file cannot be written: ${messageOf(error)}`);
  }
  return () => rmSync(file, { force: true });
}

const SCHEMES: Readonly<Record<string, string>> = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' };

/** The one line that says that clients may come, and where. */
export function readyLineOf(broker: Broker): string {
  const places = broker.listeners.map(({ transport, address, port }) => {
    if (transport === 'unix') return `unix:${address}`;
    return `${SCHEMES[transport]}://${address.includes(':') ? `[${address}]` : address}:${port}`;
  });
  return `busbar broker ${readVersion()} ready on ${places.join(', ')} (MQTT 3.1, 3.1.1 and 5.0)`;
}
