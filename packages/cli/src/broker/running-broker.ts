import { type Broker, type BrokerLog, createBroker, isLoopback } from '@busbar/broker';
import { TransportError } from '@busbar/transport';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { readVersion } from '../version.ts';
import { openDataStore, storeFault } from './data-store.ts';
import { holdYoungGeneration } from './young-generation.ts';

/** Where to listen. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly log: BrokerLog;
  /** The data directory, or `memory`. */
  readonly data: string;
  readonly allowAnonymous?: boolean | undefined;
  /** Whether times are measured for metrics. */
  readonly measuresTimes?: boolean;
}

/** Starts a broker. @throws {CommandError} In one line, why it cannot listen, or not use its data. */
export async function startBroker(listening: Listening): Promise<Broker> {
  try {
    return await attempt(listening);
  } catch (error) {
    const { host, port } = listening;
    if (error instanceof TransportError) throw new CommandError(ExitCode.failure, explain(error, host, port));
    throw error;
  }
}

/** Starts a broker on a free port if this one is taken. @throws {CommandError} As {@link startBroker}. */
export async function startBrokerNear(listening: Listening): Promise<Broker> {
  try {
    return await attempt(listening);
  } catch (error) {
    const isTaken = error instanceof TransportError && error.code === 'EADDRINUSE';
    return startBroker(isTaken ? { ...listening, port: 0 } : listening);
  }
}

async function attempt({ host, port, log, data, allowAnonymous, measuresTimes = false }: Listening): Promise<Broker> {
  holdYoungGeneration();
  const store = await openDataStore(data);
  try {
    const isOpen = allowAnonymous === true || isLoopback({ host });
    const options = { listeners: [{ host, port }], log, allowAnonymous: isOpen, measuresTimes };
    const broker = await createBroker({ ...options, ...(store === undefined ? {} : { store }) });
    if (!isOpen) log.warn({ host }, NOBODY);
    return broker;
  } catch (error) {
    await store?.close();
    throw storeFault(error) ?? error;
  }
}

const NOBODY =
  'nobody may connect: others than this machine reach the port, and nobody is there who knows users; give a configuration with them, or --allow-anonymous';

function explain({ code, message }: TransportError, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is taken: stop what listens there, or choose another with --port (0 takes a free one)`;
    case 'EACCES':
      return `port ${port} may not be opened by this user: choose one above 1023 with --port`;
    case 'EADDRNOTAVAIL':
      return `--host ${host} is not an address of this machine`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `--host ${host} is not known: give an address of this machine, such as 0.0.0.0 for all`;
    default:
      return message;
  }
}

/** The port that was really opened. */
export function portOf(broker: Broker): number {
  return broker.listeners[0]?.port ?? 0;
}

/** The host that a client on this machine types; what listens everywhere is reached at localhost. */
export function hostFor(host: string): string {
  return ['0.0.0.0', '::', '*'].includes(host) ? 'localhost' : host;
}

/** The URL that a client on this machine types. */
export function urlOf(broker: Broker, host: string): string {
  const name = hostFor(host);
  return `mqtt://${name.includes(':') ? `[${name}]` : name}:${portOf(broker)}`;
}

/** The one line that says that clients may come. */
export function readyLine(broker: Broker, host: string): string {
  const others = hostFor(host) === host ? '' : ', also from other machines';
  return `busbar broker ${readVersion()} ready on ${urlOf(broker, host)}${others} (MQTT 3.1, 3.1.1 and 5.0)`;
}
