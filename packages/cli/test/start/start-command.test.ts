import { createServer } from 'node:net';
import { connect, type Message } from '@busbar/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runInProcess } from '../support/in-process.ts';
import {
  isInstalled,
  LAUNCHER,
  runBusbar,
  startBroker,
  startBusbar,
  startProgram,
} from '../support/running-command.ts';

/** A line of the report: the time, then what goes on. */
const LINE =
  /^\d\d:\d\d \| \w+ · [\d.]+ msg\/s in · [\d.]+ out · \d+ connections.* · \d+ topics · 0 dropped · CPU \d+ % · \d+ MB/;

async function startDemo(...args: readonly string[]) {
  const command = startBusbar(['start', '--data', 'memory', '--port', '0', ...args]);
  const [, port = ''] = await command.untilStdout(/ready on mqtt:\/\/\S+:(\d+)/);
  return { command, port };
}

describe('where there is no terminal', () => {
  test('one line a second, a device that is lost and comes back, and closing words', async () => {
    const { command, port } = await startDemo('--for', '16s', '--seed', '7');
    const { exitCode, signal, stdout, stderr } = await command.ended;

    expect({ exitCode, signal, stderr }).toEqual({ exitCode: 0, signal: null, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[1]).toBe(`Look in: ${commandInTests()} sub -p ${port} -t 'plant/#' -v`);
    const report = lines.filter((line) => LINE.test(line));
    expect(report.length).toBeGreaterThanOrEqual(12);
    expect(report.length).toBeLessThanOrEqual(16);

    const told = report.join('\n');
    expect(told).toContain('12 devices are connected and publish');
    expect(told).toContain('drive fell off the network: its TCP connection is broken');
    expect(told).toContain('the broker published its will: plant/line1/drive/status is offline');
    expect(told).toContain('drive is connected again, the broker has kept its session');
    const [, queued] = /drive was away for \d\.\d s: (\d+) queued readings delivered/.exec(told) ?? [];
    expect(Number(queued)).toBeGreaterThanOrEqual(8);
    expect(stdout).toMatch(/lost network once; \d+ queued readings delivered afterwards\n/);
    expect(stdout).toMatch(/ \d+ numbered ones received, none missing\n/);
  }, 40_000);

  test('everybody can join in: the values come over MQTT, states are retained', async () => {
    const { command, port } = await startDemo();
    const client = await connect(`mqtt://localhost:${port}`, { clientIdentifier: 'visitor' });
    onTestFinished(() => client.end({ timeoutMs: 0 }));
    const seen = new Map<string, Message>();
    await client.subscribe('plant/#', { qos: 1, retainAsPublished: true }, (message) => {
      seen.set(message.topicName, message);
    });
    await expect.poll(() => seen.size, { timeout: 15_000 }).toBeGreaterThan(28);

    expect(seen.get('plant/line1/control/state')).toMatchObject({ retain: true, qos: 1 });
    expect(seen.get('plant/line1/filler/temperature')?.text()).toMatch(/^\d\.\d\d$/);
    expect(seen.get('plant/line1/tank/level')?.json()).toMatchObject({ unit: '%', value: expect.any(Number) });
    await command.untilStdout(/visitor connected from 127\.0\.0\.1:\d+ \(MQTT 5\.0\)/);
    await command.untilStdout(/14 connections \(1 of yours\)/);
  }, 40_000);

  test('the closing words count connections, however short the day was', async () => {
    const { command } = await startDemo('--for', '900ms');
    expect((await command.ended).stdout).toMatch(/ [1-9]\d* connections at most/);
  });

  test('the same seed gives the same values', async () => {
    const levels = await Promise.all([readLevels('5'), readLevels('5'), readLevels('6')]);
    const [first, again, other] = levels;
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  }, 40_000);

  /** The first values of a reading, by the number that the device gives each. */
  async function readLevels(seed: string): Promise<unknown[]> {
    const { port } = await startDemo('--seed', seed);
    const client = await connect(`mqtt://localhost:${port}`);
    onTestFinished(() => client.end({ timeoutMs: 0 }));
    const values = new Map<number, number>();
    for await (const message of client.subscribe('plant/line1/energy/power')) {
      const { n, value } = message.json() as { n: number; value: number };
      values.set(n, value);
      if (n >= 6) break;
    }
    return [4, 5, 6].map((n) => values.get(n));
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in order, with the closing words', async (signal) => {
    const { command } = await startDemo();
    command.kill(signal);
    const { exitCode, stdout, stderr } = await command.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('Bottling line 1, ');
  });

  test('a reader that goes away ends it', async () => {
    const { command } = await startDemo();
    command.closeStdout();
    expect(await command.ended).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

/** What the hints say depends on whether npm has started the tests. */
function commandInTests(): string {
  const { npm_lifecycle_event: script } = process.env;
  return script === undefined ? 'busbar' : 'npx busbar';
}

describe('the port', () => {
  test('another one is taken, and said, when 1883 is taken', async () => {
    // Whoever has 1883 already does as well as we do.
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.once('error', () => resolve()).listen(1883, '127.0.0.1', resolve));
    onTestFinished(() => void occupant.close());
    const { stdout } = await runBusbar(['start', '--data', 'memory', '--for', '500ms']);
    const [, port] = /ready on mqtt:\/\/localhost:(\d+)/.exec(stdout) ?? [];
    expect(Number(port)).toBeGreaterThan(0);
    expect(Number(port)).not.toBe(1883);
    expect(stdout).toContain(`any MQTT client: localhost:${port} (1883 was taken)`);
  });

  test('one that was asked for and is taken is an error', async () => {
    const { port } = await startBroker();
    const { exitCode, stderr } = await runBusbar(['start', '--data', 'memory', '--port', port, '--for', '10s']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`^Error: port ${port} is taken: [^\n]+\n$`));
  });
});

test('--no-demo runs the broker alone', async () => {
  const { exitCode, stdout, stderr } = await runBusbar([
    'start',
    '--data',
    'memory',
    '--no-demo',
    '-p',
    '0',
    '--for',
    '300ms',
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^busbar broker [\d.]+ ready on mqtt:\/\/localhost:\d+ [^\n]+\n$/);
  expect(stderr).toMatch(/"reason":"time is over","msg":"stopping"/);
});

test.each([
  [['--for', 'ever'], "--for: expected a time such as 500ms, 20s or 5m (up to 24 days), not 'ever'"],
  [['--seed', '-1'], '--seed: expected a whole number from 0 to 4294967295'],
  [['--no-dmo'], "unknown option '--no-dmo'; did you mean '--no-demo'?"],
])('%j: one line, exit code 2', async (args, line) => {
  const { exitCode, stderr } = await runInProcess(['start', ...args]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/^Error: [^\n]+ \(see 'busbar start --help'\)\n$/);
  expect(stderr).toContain(line);
});

/** `script` of util-linux gives a program a terminal. */
describe.skipIf(!isInstalled('script'))('in a terminal', () => {
  const ENTER = '\x1b[?1049h\x1b[?25l';
  const LEAVE = '\x1b[?25h\x1b[?1049l';

  function startInTerminal(environment: string, ...args: readonly string[]) {
    const line = [environment, process.execPath, LAUNCHER, 'start', '--data', 'memory', '-p', '0', ...args].join(' ');
    return startProgram('script', ['-qfec', `stty rows 30 cols 100; ${line}`, '/dev/null']);
  }

  test('the table is drawn on a screen of its own, which is given back at the end', async () => {
    const command = startInTerminal('TERM=xterm', '--for', '3s', '--seed', '1');
    const { exitCode, stdout } = await command.ended;

    expect(exitCode).toBe(0);
    const enteredAt = stdout.indexOf(ENTER);
    const leftAt = stdout.indexOf(LEAVE);
    expect(enteredAt).toBeGreaterThan(0);
    expect(leftAt).toBeGreaterThan(enteredAt);
    const drawn = stdout.slice(enteredAt, leftAt);
    expect(drawn).toContain('last value');
    expect(drawn).toContain('control/state');
    expect(drawn).toContain('\x1b[36m Look in: ');
    expect(stdout.slice(leftAt)).toContain('Bottling line 1, 3.');
    expect(stdout.slice(leftAt)).not.toContain('\x1b[?1049h');
  });

  test.each([
    ['q', 'q'],
    ['Ctrl-C', '\x03'],
  ])('%s ends it', async (_, key) => {
    const command = startInTerminal('TERM=xterm');
    await command.untilStdout(/last value/);
    command.stdin.write(key);
    const { exitCode, stdout } = await command.ended;
    expect(exitCode).toBe(0);
    expect(stdout.lastIndexOf(LEAVE)).toBeGreaterThan(stdout.lastIndexOf(ENTER));
    expect(stdout).toContain('Bottling line 1, ');
  });

  test('NO_COLOR takes the colours away, not the table', async () => {
    const { stdout } = await startInTerminal('NO_COLOR=1 TERM=xterm', '--for', '1500ms').ended;
    expect(stdout).toContain('last value');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: how colours begin
    expect(stdout).not.toMatch(/\x1b\[\d+m/);
  });

  test('a dumb terminal gets lines', async () => {
    const { stdout } = await startInTerminal('TERM=dumb', '--for', '2500ms').ended;
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toMatch(/00:01 \| /);
  });
});
