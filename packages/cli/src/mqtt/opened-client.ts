import {
  type Client,
  type ClientOptions,
  ConnectionEndedError,
  ConnectionRefusedError,
  type ConnectOptions,
  connect,
} from '@busbar/client';
import { ExitCode } from '../exit-code.ts';
import type { Ending } from './ending.ts';
import { connackCode } from './return-code.ts';

/** Whom to connect to and as whom, and what to tell of it. */
export interface ConnectionJob {
  readonly server: string;
  readonly clientOptions: ClientOptions & { readonly protocolVersion: 3 | 4 | 5 };
  /** Print every packet. */
  readonly isTraced: boolean;
  /** Print no errors. */
  readonly isQuiet: boolean;
}

/** Where lines about the connection go: stderr, or nowhere with `--quiet`. */
export function tellerOf({ isQuiet }: Pick<ConnectionJob, 'isQuiet'>): (line: string) => void {
  return isQuiet ? () => {} : (line) => process.stderr.write(`${line}\n`);
}

/**
 * Connects. When that fails, or when the server refuses us as we come back after a loss, the command ends.
 *
 * @returns The client, undefined when there is none.
 */
export async function openClient(
  job: ConnectionJob,
  more: ConnectOptions,
  ending: Ending,
): Promise<Client | undefined> {
  const { protocolVersion } = job.clientOptions;
  const tell = tellerOf(job);
  try {
    const dial = job.isTraced ? { dial: await tracedDial(protocolVersion) } : {};
    const client = await connect(job.server, { ...job.clientOptions, ...more, ...dial });
    client.on('disconnected', ({ reason, nextAttemptInMs }) => {
      if (nextAttemptInMs !== undefined) tell(`Connection lost, trying again: ${reason.message}`);
      else if (reason.code !== 'ended') ending.end(ExitCode.connectionLost, `Error: ${reason.message}`);
    });
    client.on('connected', ({ sessionPresent }) =>
      tell(`Connected again${sessionPresent ? ', the session goes on' : ''}`),
    );
    client.on('attempt-failed', ({ error }) => {
      if (error instanceof ConnectionRefusedError) endWith(error, protocolVersion, ending);
    });
    return client;
  } catch (error) {
    endWith(error, protocolVersion, ending);
    return undefined;
  }
}

function endWith(error: unknown, protocolVersion: 3 | 4 | 5, ending: Ending): void {
  const { exitCode, line } = explainFailure(error, protocolVersion);
  ending.end(exitCode, `Error: ${line}`);
}

/** The exit code and the line for a connection that was not made. */
export function explainFailure(error: unknown, protocolVersion: 3 | 4 | 5): { exitCode: number; line: string } {
  if (error instanceof ConnectionRefusedError) {
    const { reasonCode, message } = error;
    // The code that the server said is the exit code of mosquitto's tools.
    return { exitCode: connackCode(reasonCode, protocolVersion) ?? ExitCode.failure, line: message };
  }
  if (error instanceof ConnectionEndedError) return { exitCode: ExitCode.connectionLost, line: error.message };
  return { exitCode: ExitCode.failure, line: error instanceof Error ? error.message : String(error) };
}

/** Loaded with `-d` only. */
async function tracedDial(protocolVersion: 3 | 4 | 5): Promise<NonNullable<ClientOptions['dial']>> {
  const { dialTcp } = await import('@busbar/transport');
  const { TracedTransport } = await import('./packet-trace.ts');
  const print = (line: string) => process.stdout.write(`${line}\n`);
  return async ({ host, port }, signal) =>
    new TracedTransport(await dialTcp({ host, port, signal }), protocolVersion, print);
}
