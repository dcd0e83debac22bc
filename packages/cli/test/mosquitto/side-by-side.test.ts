import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runForBytes } from '../support/in-process.ts';
import { isInstalled, runLink } from '../support/running-command.ts';
import { ASKING_CASES } from './asking-cases.ts';
import { FORMAT_CASES } from './format-cases.ts';
import { PUBLISHING_CASES } from './publishing-cases.ts';
import { RecordingServer } from './recording-server.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';
import { SUBSCRIBING_CASES } from './subscribing-cases.ts';
import type { ToolCase } from './tool-case.ts';
import { USAGE_CASES } from './usage-cases.ts';

/**
 * Links named mosquitto_pub, mosquitto_sub and mosquitto_rr beside Debian's tools of these names: the same command line, the
 * same server, then the same bytes on the wire, on stdout and stderr, and the same exit code.
 */

vi.setConfig({ testTimeout: 30_000 });

const WIRE_CASES = [...PUBLISHING_CASES, ...REFUSAL_CASES, ...SUBSCRIBING_CASES, ...FORMAT_CASES, ...ASKING_CASES];

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-side-by-side-'));

beforeAll(() => {
  vi.stubEnv('XDG_CONFIG_HOME', folder); // no options files
  vi.stubEnv('TZ', 'Europe/Berlin');
  if (isInstalled('mosquitto_sub')) startTheirs([...WIRE_CASES, ...USAGE_CASES]);
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly packets: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** What two runs cannot have alike: process ids, random letters, the time. */
function normalize({ packets, stdout, stderr, exitCode }: Outcome): Outcome {
  return {
    packets: packets.map((packet) =>
      packet
        .replace(/0017(6d6f73712d)([0-9a-f]{36})/, '0017$1XX')
        .replace(/^10..(.*)(00..)(707265666978)((3[0-9])+)/, '10LL$1LLLL$3PID'),
    ),
    stdout: stdout.replace(/mosq-[A-Za-z0-9]{18}/g, 'mosq-X').replace(/("tst":\t?")[^"]*"/g, '$1NOW"'),
    stderr,
    exitCode,
  };
}

async function runTheirs({ tool, args, input = '', script }: ToolCase): Promise<Outcome> {
  const server = await RecordingServer.open(script);
  const { exitCode, stdout, stderr } = await runFile(`mosquitto_${tool}`, placed(args, server), input);
  await server.quiet();
  server.close();
  return { packets: server.packets, stdout, stderr, exitCode };
}

function runFile(program: string, args: readonly string[], input: string): Promise<Omit<Outcome, 'packets'>> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { encoding: 'latin1', timeout: 10_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(new Error(`${program} ${args.join(' ')}: ${error}`));
      else resolve({ exitCode: child.exitCode, stdout, stderr });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

async function runOurs({ tool, args, input, script }: ToolCase): Promise<Outcome> {
  const server = await RecordingServer.open(script);
  const name = `mosquitto_${tool}`;
  if (input !== undefined) {
    const { exitCode, stderr, stdout } = await runLink(name, placed(args, server), input);
    await server.quiet();
    server.close();
    return { packets: server.packets, stdout, stderr, exitCode };
  }
  const { exitCode, stdoutBytes, stderr } = await runForBytes(placed(args, server), name);
  await server.quiet();
  server.close();
  return { packets: server.packets, stdout: stdoutBytes.toString('latin1'), stderr, exitCode };
}

/** First the server, so that the case may say otherwise. */
function placed(args: readonly string[], { port }: RecordingServer): string[] {
  return ['-h', '127.0.0.1', '-p', port, ...args];
}

const title = ({ tool, args, script }: ToolCase) =>
  `${tool} ${args.map((arg) => (arg.length > 60 ? `${arg.slice(0, 60)}...` : arg)).join(' ')} ${JSON.stringify(script ?? {}).slice(0, 60)}`;

/** Debian's tools mostly sleep: several of them at a time. */
const AT_A_TIME = 12;
const outcomes = new Map<ToolCase, Promise<Outcome>>();

function startTheirs(cases: readonly ToolCase[]): void {
  let chain = Array.from({ length: AT_A_TIME }, () => Promise.resolve<unknown>(undefined));
  for (const each of cases) {
    const [first = Promise.resolve(), ...rest] = chain;
    const outcome = first.then(() => runTheirs(each));
    outcome.catch(() => {}); // the test that awaits it tells
    outcomes.set(each, outcome);
    chain = [...rest, outcome.catch(() => {})];
  }
}

describe.skipIf(!isInstalled('mosquitto_sub'))('with mosquitto-clients installed', () => {
  describe('on the wire', () => {
    test.each(WIRE_CASES.map((each) => [title(each), each] as const))('%s', async (_, each) => compare(each));
  });

  describe('wrong usage', () => {
    test.each(USAGE_CASES.map((each) => [title(each), each] as const))('%s', async (_, each) => compare(each));
  });
});

async function compare(each: ToolCase): Promise<void> {
  const [ours, theirs] = [normalize(await runOurs(each)), normalize(await (outcomes.get(each) ?? runTheirs(each)))];
  const ignored = Object.fromEntries((each.differs?.in ?? []).map((name) => [name, 'differs']));
  expect({ ...ours, ...ignored }).toEqual({ ...theirs, ...ignored });
  for (const name of each.differs?.in ?? []) {
    expect(ours[name], `${each.differs?.why}: does it no more?`).not.toEqual(theirs[name]);
  }
}
