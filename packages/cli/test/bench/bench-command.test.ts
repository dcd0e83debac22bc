import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';
import { runBusbar, startBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

let broker: BrokerUnderTest;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker.close());

const SHORT = ['-d', '300ms', '--warm-up', '100ms', '--patience', '500ms', '--quiet'];

function bench(...args: readonly string[]) {
  return runBusbar(['bench', '-p', broker.port, ...SHORT, ...args]);
}

const CLEAN = { lost: 0, duplicates: 0, reordered: 0, refused: 0, foreign: 0, unsent: 0, failed: [] };

describe('every workload, as a program with threads', () => {
  test.each([
    ['fan-in', ['--publishers', '4', '--subscribers', '2']],
    ['fan-out', ['--subscribers', '10', '-q', '1']],
    ['pairs', ['--publishers', '4', '-V', '5', '--user-properties', '2', '-q', '2']],
    ['shared', ['--publishers', '4', '-V', '5']],
    ['connect', ['--connections', '40']],
    ['retained', ['--messages', '400', '-q', '1']],
  ])('%s', async (workload, args) => {
    const { exitCode, stdout, stderr } = await bench('-w', workload, '--threads', '2', '--json', ...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ ...CLEAN, run: { workload, threads: 2 } });
    expect(result.received).toBe(result.expected);
    expect(result.received).toBeGreaterThan(0);
    expect(result.latencyMs.p99).toBeGreaterThan(0);
  });
});

test('a table for people, with CPU time and memory of the broker', async () => {
  const { exitCode, stdout } = await bench('--publishers', '2', '-q', '1', '--pid', String(process.pid));
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^pairs at mqtt:\/\/localhost:\d+: 2 to 2, QoS 1, 64 bytes, MQTT 3\.1\.1, 0\.3 s measured\n\n/,
  );
  expect(stdout).toMatch(/^ {2}sent +[\d,]+ {2}\([\d,]+\/s\)$/m);
  expect(stdout).toMatch(/^ {2}lost +0$/m);
  expect(stdout).toMatch(/^ {2}latency +p50 [\d.]+ ms {2}p90 .* max [\d.]+ ms$/m);
  expect(stdout).toMatch(/^ {2}broker CPU +[\d.]+ s, [\d.]+ µs per delivery$/m);
  expect(stdout).toMatch(/^ {2}broker memory +[\d.]+ MiB at the most$/m);
});

describe('--fail-if', () => {
  test('limits that hold are silent', async () => {
    const { exitCode, stderr } = await bench('--publishers', '2', '--fail-if', 'lost>0', 'p99>50s', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  test('a limit that is broken is told with its figure, exit code 3', async () => {
    const args = [
      '--publishers',
      '2',
      '--fail-if',
      'lost>0',
      'p99>1us',
      '--fail-if',
      'receive-rate<1000000000',
      '--json',
    ];
    const { exitCode, stdout, stderr } = await bench(...args);
    expect(exitCode).toBe(3);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Error: the limit 'p99>1us' is broken: p99 is [\d.]+ ms$/);
    expect(lines[1]).toMatch(/^Error: the limit 'receive-rate<1000000000' is broken: receive-rate is [\d.]+$/);
    expect(JSON.parse(stdout).failed).toEqual(['p99>1us', 'receive-rate<1000000000']);
  });

  test('a broker that loses messages is caught', async () => {
    const port = await startLossyProxy(Number(broker.port));
    const args = ['bench', '-p', String(port), ...SHORT, '--publishers', '2', '--fail-if', 'lost>0'];
    const { exitCode, stdout, stderr } = await runBusbar(args);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^Error: the limit 'lost>0' is broken: lost is \d+\n$/);
    expect(stdout).toMatch(/^ {2}lost +[1-9]/m);
  });
});

/** Stands before the broker and leaves out every tenth chunk that begins with a whole PUBLISH of the bench and holds no more. */
async function startLossyProxy(brokerPort: number): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = connectSocket(brokerPort, 'localhost');
    sockets.push(client, upstream);
    let count = 0;
    client.on('error', () => {}).on('data', (bytes) => upstream.write(bytes));
    upstream
      .on('error', () => {})
      .on('data', (bytes: Buffer) => {
        const size = (bytes[1] ?? 0) + 2;
        const isPublish = (bytes[0] ?? 0) >> 4 === 3 && (bytes[1] ?? 0x80) < 0x80;
        if (!isPublish || bytes.length < size) client.write(bytes);
        else client.write(++count % 3 === 0 ? bytes.subarray(size) : bytes);
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

describe('errors are one line', () => {
  const USAGE = "(see 'busbar bench --help')";

  test.each([
    [
      ['--fail-if', 'p98>1'],
      /^Error: --fail-if: there is no metric 'p98'; the metrics are mean, p50, .*receive-rate \(see/,
    ],
    [['--fail-if'], /^Error: .*--fail-if needs <limit...>, and the line ends before that/],
    [
      ['-w', 'fanin'],
      /^Error: -w\/--workload: expected fan-in, fan-out, pairs, shared, connect or retained, not 'fanin'/,
    ],
    [
      ['-L', 'http://x'],
      /^Error: -L\/--url: expected mqtt:\/\/, mqtts:\/\/, ws:\/\/ or wss:\/\/ and a host, not 'http:\/\/x'/,
    ],
    [['-L', 'mqtt://x', '-p', '1'], /^Error: -h and -p do not go together with -L\/--url/],
    [['--topic-prefix', 'a/#'], /^Error: --topic-prefix: /],
    [['-P', 'secret'], /^Error: -P\/--pw needs -u\/--username below MQTT 5.0/],
    [['--cert', 'x.pem'], /^Error: --cert and --key need each other/],
    [['-V', '311', '--user-properties', '1'], /^Error: User Properties need MQTT 5.0/],
    [['--publishers', '2', '--subscribers', '3'], /^Error: pairs have as many subscribers as publishers, not 3 and 2/],
    [['--size', '15'], /^Error: -s\/--size: expected a whole number from 16/],
    [['fan-in'], /^Error: unexpected word 'fan-in': a workload is given with -w/],
  ])('%j', async (args, line) => {
    const { exitCode, stdout, stderr } = await runInProcess(['bench', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr.endsWith(`${USAGE}\n`)).toBe(true);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  test('a broker that cannot be reached, exit code 1', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => {
      server.close(resolve);
    });
    const { exitCode, stderr } = await runBusbar(['bench', '-L', `mqtt://127.0.0.1:${port}`, '--threads', '2']);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`Error: cannot connect to 127.0.0.1:${port}: connection refused (ECONNREFUSED)\n`);
  });

  test('a file that cannot be read, exit code 1', async () => {
    const { exitCode, stderr } = await runInProcess(['bench', '--cafile', '/nowhere.pem']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: cannot read --cafile \/nowhere.pem: ENOENT/);
  });

  test('a broker that goes away, exit code 7', async () => {
    const other = await openBroker();
    const command = startBusbar(['bench', '-p', other.port, '-d', '30s', '--threads', '2']);
    const isBusy = () => other.broker.stats().messagesMatched > 100;
    await vi.waitUntil(isBusy, { timeout: 20_000 });
    await other.close();
    const { exitCode, stderr } = await command.ended;
    expect(exitCode).toBe(7);
    expect(stderr).toMatch(/^Error: connection of (publisher|subscriber) \d+ lost: .*\n$/);
  });
});

test.each(['SIGINT', 'SIGHUP'] as const)('%s ends it with what was measured until then', async (signal) => {
  const other = await openBroker();
  const command = startBusbar(['bench', '-p', other.port, '-d', '60s', '--warm-up', '1ms', '--publishers', '2']);
  await vi.waitUntil(() => other.broker.stats().messagesMatched > 100, { timeout: 20_000 });
  command.kill(signal);
  const { exitCode, stdout, stderr } = await command.ended;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}lost +0$/m);
  await other.close();
});

test('a terminal that is closed leaves no retained messages behind', async () => {
  const other = await openBroker();
  const args = ['bench', '-p', other.port, '-w', 'retained', '--messages', '200000', '--topic-prefix', 'r'];
  const command = startBusbar(args);
  await vi.waitUntil(() => other.broker.stats().retained > 100, { timeout: 20_000 });
  command.kill('SIGHUP');
  await command.ended;
  const left = [...other.broker.inspect.retained()].filter(({ topicName }) => topicName.startsWith('r/'));
  expect(left).toEqual([]);
  await other.close();
});
