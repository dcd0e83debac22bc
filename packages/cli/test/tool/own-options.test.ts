import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readCases, renderOptionsPage, testsOf } from '../../../../scripts/reference/mosquitto-options.mjs';
import { TOOL_OPTIONS } from '../../src/tool/tool-options.ts';
import { RecordingServer, type Script } from '../mosquitto/recording-server.ts';
import { publish } from '../mosquitto/tool-case.ts';
import { runInProcess } from '../support/in-process.ts';

/** What mosquitto 2.1 and ours have and Debian's 2.0 has not, so that there is nothing to compare with. */

const ROOT = new URL('../../../../', import.meta.url).pathname;

beforeAll(() => {
  vi.stubEnv('XDG_CONFIG_HOME', '/does/not/exist');
});

afterAll(() => vi.unstubAllEnvs());

async function run(script: Script, name: string, ...args: readonly string[]) {
  const server = await RecordingServer.open(script);
  const [first = '', ...rest] = name.startsWith('mosquitto') ? [] : [name];
  const words = [...(first === '' ? [] : [first, ...rest]), '-h', '127.0.0.1', '-p', server.port, ...args];
  const ended = await runInProcess(words, first === '' ? name : 'busbar');
  await server.quiet();
  server.close();
  return { ...ended, packets: server.packets };
}

const messages = (...afterSubscribe: string[]): Script => ({ afterSubscribe });

describe('of 2.1', () => {
  test.each([
    ['always', '00'],
    ['new', '10'],
    ['never', '20'],
  ])('--retain-handling %s', async (handling, options) => {
    const { packets } = await run({}, 'mosquitto_sub', '-t', 'a', '-E', '-V', '5', '--retain-handling', handling);
    expect(packets[1]).toBe(`8207000100000161${options}`);
  });

  test('--retain-handling with another word, and without one', async () => {
    expect((await run({}, 'mosquitto_sub', '-t', 'a', '--retain-handling', 'x')).stderr).toBe(
      "Error: Unknown value 'x' for --retain-handling.\n\n\nUse 'mosquitto_sub --help' to see usage.\n",
    );
    expect((await runInProcess(['--retain-handling'], 'mosquitto_sub')).stderr).toBe(
      "Error: --retain-handling argument given but no option specified.\n\n\nUse 'mosquitto_sub --help' to see usage.\n",
    );
  });

  test('--message-rate', async () => {
    const { exitCode, stdout } = await run(
      messages(publish('a', 'x'), publish('a', 'y')),
      'mosquitto_sub',
      '-t',
      'a',
      '--message-rate',
      '-W',
      '2',
    );
    expect(exitCode).toBe(27);
    expect(stdout).toMatch(/^2 msgs\/s\n/);
  });

  test('-w: each topic has its line', async () => {
    const script = messages(publish('a', '1'), publish('b', '2'), publish('a', '3'));
    const { stdout } = await run(script, 'mosquitto_sub', '-t', '#', '-w', '-v', '-C', '3');
    expect(stdout).toBe(
      '\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\x1b[2;1Ha 1\n\x1b[2;1H\n\x1b[3;1Hb 2\n\x1b[3;1H\n\x1b[2;1Ha 3\n\x1b[3;1H\n',
    );
  });

  test('--latency', async () => {
    const script = messages(publish('r', 'y', { version5: true }));
    const { stdout } = await run(script, 'mosquitto_rr', '-t', 'q', '-e', 'r', '-m', 'x', '--latency');
    expect(stdout).toMatch(/^y\nLatency: \d+\.\d{6}(ms|µs)\n$/);
  });

  test('-R of rr prints no retained answer', async () => {
    const script = messages(
      publish('r', 'old', { version5: true, retain: true }),
      publish('r', 'new', { version5: true }),
    );
    expect((await run(script, 'mosquitto_rr', '-t', 'q', '-e', 'r', '-n', '-R')).stdout).toBe('new\n');
  });
});

describe('with a meaning of its own', () => {
  test('--remove-retained clears what comes, and waits for the acknowledgement', async () => {
    const script = messages(publish('a/b', 'x', { retain: true }));
    const { exitCode, packets, stdout } = await run(
      script,
      'mosquitto_sub',
      '-t',
      'a/#',
      '--remove-retained',
      '-C',
      '1',
      '-v',
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'a/b x\n' });
    expect(packets.slice(2)).toEqual(['33070003612f620002', 'e000']);
  });

  test('--random-filter: all of 100 %, and about half of 50 %', async () => {
    const script = messages(...Array.from({ length: 400 }, (_, at) => publish('a', `${at}`)));
    const all = await run(script, 'mosquitto_sub', '-t', 'a', '-C', '400', '--random-filter', '100');
    expect(all.stdout.split('\n')).toHaveLength(401);
    const half = (await run(script, 'mosquitto_sub', '-t', 'a', '-C', '400', '--random-filter', '50')).stdout.split(
      '\n',
    ).length;
    expect(half).toBeGreaterThan(120);
    expect(half).toBeLessThan(280);
  });

  test('-k: PINGREQ after so long a silence', async () => {
    const { packets } = await run({}, 'mosquitto_sub', '-t', 'a', '-k', '5', '-W', '6');
    expect(packets.slice(2)).toEqual(['c000', 'e000']);
  }, 20_000);

  test('a connection that breaks is made again, and what was not acknowledged is sent again', async () => {
    const server = await RecordingServer.open({ cutAfter: 8 });
    const args = ['sub', '-h', '127.0.0.1', '-p', server.port, '-t', 'a', '-E'];
    const { exitCode, stderr } = await runInProcess(args);
    server.close();
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Connection lost, trying again: [^\n]+\nConnected again\n$/);
    expect(server.packets.filter((packet) => packet.startsWith('82'))).toHaveLength(2);
  });

  test('--no-reconnect ends with 7', async () => {
    const { exitCode, stderr } = await run({ cutAfter: 8 }, 'sub', '-t', 'a', '--no-reconnect');
    expect({ exitCode, lines: stderr.split('\n').length }).toEqual({ exitCode: 7, lines: 2 });
  });

  test('--json, --decode, --schema and --message-type', async () => {
    const script = messages(publish('a', '{"b":1}'));
    expect((await run(script, 'sub', '-t', 'a', '-C', '1', '--decode', 'hex')).stdout).toBe('7b2262223a317d\n');
    expect(JSON.parse((await run(script, 'sub', '-t', 'a', '-C', '1', '--json')).stdout)).toMatchObject({
      topic: 'a',
      payload: '{"b":1}',
    });
    const wrong = await run(script, 'sub', '-t', 'a', '--decode', 'protobuf', '--message-type', 'x');
    expect(wrong.stderr).toContain('--decode protobuf needs --schema');
    const missing = await run(script, 'sub', '-t', 'a', '--schema', '/does/not/exist.proto');
    expect({ exitCode: missing.exitCode, lines: missing.stderr.split('\n').length }).toEqual({ exitCode: 1, lines: 2 });
  });

  test('-S looks the service up, and says when there is none', async () => {
    const { exitCode, stderr } = await runInProcess(['pub', '-t', 'a', '-m', 'x', '-h', 'nowhere.invalid', '-S']);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^Error: cannot connect to nowhere\.invalid:1883: [^\n]+\n$/),
    });
  });
});

test('every option has a test, and docs/reference/mosquitto-options.md says which', () => {
  const cases = readCases(ROOT);
  expect(TOOL_OPTIONS.filter((option) => testsOf(option, cases).length === 0).map(({ flags }) => flags[0])).toEqual([]);
  expect(readFileSync(`${ROOT}docs/reference/mosquitto-options.md`, 'utf8')).toBe(
    renderOptionsPage(TOOL_OPTIONS, cases),
  );
});
