import { readFile } from 'node:fs/promises';
import { type Client, type ClientOptions, PublishError } from '@busbar/client';
import { describeReasonCode, type Properties } from '@busbar/codec';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { Ending } from '../mqtt/ending.ts';
import { type ConnectionJob, openClient, tellerOf } from '../mqtt/opened-client.ts';
import { inputLines } from './input-lines.ts';
import { Window } from './window.ts';

/** Where payloads come from. */
export type PayloadSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'stdin-lines' };

/** What is to be published, and how. */
export interface PublishJob extends ConnectionJob {
  readonly topicName: string;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties: Properties;
  readonly source: PayloadSource;
}

/** Messages on their way at a time: what `-l` holds in memory, however long its input. */
const WINDOW = 500;

/** Publishes everything. @returns The exit code. @throws {CommandError} There is nothing to read. */
export async function publishMessages(job: PublishJob): Promise<number> {
  const payloads = await openPayloads(job);
  const ending = new Ending(tellerOf(job));
  const client = await openClient(job, waysOf(job.source), ending);
  if (client !== undefined) {
    publishAll(client, payloads, job, ending).then(
      (exitCode) => ending.end(exitCode),
      (error: unknown) => ending.end(ExitCode.failure, `Error: cannot read: ${messageOf(error)}`),
    );
  }
  const exitCode = await ending.reached;
  await client?.end();
  return exitCode;
}

/** A stream of lines outlives its connection; a single message is given up with it, as mosquitto_pub does. */
function waysOf({ kind }: PayloadSource): ClientOptions {
  if (kind !== 'stdin-lines') return { reconnect: false };
  return { queue: { qos0: true, maximumMessages: 2 * WINDOW } };
}

async function publishAll(client: Client, payloads: Payloads, job: PublishJob, ending: Ending): Promise<number> {
  const window = new Window(WINDOW);
  let count = 0;
  let exitCode: number = ExitCode.success;
  for await (const payload of payloads) {
    count += 1;
    const what = job.source.kind === 'stdin-lines' ? `line ${count}` : 'the message';
    await window.enter();
    void publish(client, payload, what, job, ending).then((isDone) => {
      if (!isDone) exitCode = ExitCode.failure;
      window.leave();
    });
  }
  await window.empty();
  return exitCode;
}

/** @returns Whether the message went out; what the server made of it is another matter. */
async function publish(
  client: Client,
  payload: Uint8Array,
  what: string,
  job: PublishJob,
  ending: Ending,
): Promise<boolean> {
  const { topicName, qos, retain, properties } = job;
  try {
    await client.publish(topicName, payload, { qos, retain, properties });
    return true;
  } catch (error) {
    if (ending.isReached) return false; // why is told already
    const tell = tellerOf(job);
    // mosquitto_pub warns and ends with 0 when the server does not accept a message.
    if (error instanceof PublishError)
      tell(`Warning: ${what} was not accepted: ${describeReasonCode(error.reasonCode)}`);
    else tell(`Error: ${what} was not sent: ${messageOf(error)}`);
    return error instanceof PublishError;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type Payloads = AsyncIterable<Uint8Array> | readonly Uint8Array[];

async function openPayloads({ source, isQuiet }: PublishJob): Promise<Payloads> {
  switch (source.kind) {
    case 'bytes':
      return [source.bytes];
    case 'file':
      return [await readWhole(source.path, isQuiet)];
    case 'stdin': {
      const chunks: Uint8Array[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk);
      if (chunks.length === 0)
        throw new CommandError(ExitCode.failure, isQuiet ? '' : 'stdin (-s) is empty; -n sends an empty message');
      return [Buffer.concat(chunks)];
    }
    case 'stdin-lines':
      return inputLines(process.stdin);
  }
}

async function readWhole(path: string, isQuiet: boolean): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new CommandError(ExitCode.failure, isQuiet ? '' : `cannot read -f ${path}: ${messageOf(error)}`);
  }
}
