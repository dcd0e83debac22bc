import { open, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import {
  type CheckResult,
  checkStore,
  compactStore,
  dumpStore,
  readStoreStats,
  restoreStore,
  StoreError,
  type StoreStats,
} from '@busbar/store-lmdb';
import { CommandError } from '../command/command-error.ts';
import { noneOf } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** What `busbar store` was told beside what to do. */
export interface StoreRun {
  readonly data: string;
  readonly file: string | undefined;
  readonly json: boolean;
}

type Action = (run: StoreRun) => Promise<number>;

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['check', check],
  ['dump', dump],
  ['restore', restore],
  ['stats', stats],
  ['compact', compact],
]);

/** Does what `busbar store` is asked for. @returns The exit code. @throws {CommandError} In one line, why it cannot. */
export async function runStore(name: string, run: StoreRun): Promise<number> {
  const action = ACTIONS.get(name);
  if (action === undefined) throw noneOf([...ACTIONS.keys()], name);
  try {
    return await action(run);
  } catch (error) {
    if (error instanceof StoreError || (error instanceof Error && error.name === 'RecordError'))
      throw new CommandError(ExitCode.failure, error.message);
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && syscall !== undefined) throw new CommandError(ExitCode.failure, message);
    throw error;
  }
}

async function check({ data, json }: StoreRun): Promise<number> {
  const result = await checkStore(data);
  print(json ? JSON.stringify(result) : wordsOfCheck(data, result));
  return result.problems.length === 0 ? ExitCode.success : ExitCode.failure;
}

function wordsOfCheck(data: string, { problems, ...counts }: CheckResult): string {
  const { sessions, subscriptions, queued, inFlight, retained, shared } = counts;
  const what = `${sessions} sessions, ${subscriptions} subscriptions, ${queued} messages wait, ${inFlight} in flight, ${retained} retained, ${shared} shared`;
  return [`${data}: ${problems.length === 0 ? 'ok' : `${problems.length} problems`}, ${what}`, ...problems].join('\n');
}

async function dump({ data, file }: StoreRun): Promise<number> {
  if (file === undefined) {
    await dumpStore(data, process.stdout).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error; // whoever reads has seen enough
    });
    return ExitCode.success;
  }
  const output = (await open(file, 'wx', 0o600)).createWriteStream();
  let lines: number;
  try {
    lines = await dumpStore(data, output);
    output.end();
    await finished(output);
  } catch (error) {
    // A part of a dump is none, and would stand in the way of the next attempt.
    output.destroy();
    await rm(file, { force: true });
    throw error;
  }
  print(`${lines} lines in ${file}`);
  return ExitCode.success;
}

async function restore({ data, file }: StoreRun): Promise<number> {
  const input = file === undefined ? process.stdin : (await open(file)).createReadStream();
  const rows = await restoreStore(data, input);
  print(`${rows} rows in ${data}`);
  return ExitCode.success;
}

async function stats({ data, json }: StoreRun): Promise<number> {
  const found = await readStoreStats(data);
  print(json ? JSON.stringify(found) : wordsOfStats(data, found));
  return ExitCode.success;
}

function wordsOfStats(data: string, found: StoreStats): string {
  const { holder, fileBytes, rows, batches, writtenAt, queued, queuedBytes, inFlight, largest } = found;
  const lines: [string, string][] = [
    ['directory', `${data}, ${holder === undefined ? 'not in use' : `in use by process ${holder}`}`],
    ['file', `${fileBytes} bytes`],
    ['sessions', `${rows.sessions}`],
    ['subscriptions', `${rows.subscriptions}`],
    ['queued', `${queued} messages, ${queuedBytes} bytes`],
    ['in flight', `${inFlight}`],
    ['shared', `${rows.messages} messages in several queues`],
    ['retained', `${rows.retained}`],
    ['written', writtenAt === 0 ? 'never' : `${new Date(writtenAt).toISOString()}, ${batches} batches`],
    ...largest.map((each): [string, string] => [
      'largest queue',
      `${each.queued} messages, ${each.queuedBytes} bytes: ${each.clientIdentifier}`,
    ]),
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n');
}

async function compact({ data }: StoreRun): Promise<number> {
  const { before, after } = await compactStore(data);
  print(`${data}: ${before} bytes before, ${after} now`);
  return ExitCode.success;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
