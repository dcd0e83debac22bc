import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectClient } from '@busbar/client';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ControlClient } from '../../src/control/control-client.ts';
import { ControlServer } from '../../src/control/control-server.ts';
import { Table } from '../../src/inspect/table.ts';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';
import { runBusbar, startBusbar } from '../support/running-command.ts';

let folder: string;
let socket: string;
let broker: BrokerUnderTest;
let control: ControlServer;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'busbar-control-'));
  socket = path.join(folder, 'broker.sock');
  broker = await openBroker({ limits: { maximumQueuedMessages: 1 }, systemTopicsInterval: 0 });
  control = await ControlServer.open(socket, broker.broker);
});

afterEach(async () => {
  control.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

const inspect = (...args: string[]) => runInProcess(['inspect', ...args, '--socket', socket]);

test('sockets of brokers that were killed are no brokers: the one that runs is found, the others go', async () => {
  vi.stubEnv('XDG_RUNTIME_DIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  const directory = path.join(folder, 'busbar');
  mkdirSync(directory, { mode: 0o700 });
  const live = await ControlServer.open(path.join(directory, '1883.sock'), broker.broker);
  onTestFinished(() => live.close());
  // Linked elsewhere while it is closed, a socket stays behind as after kill -9.
  const killed = await ControlServer.open(path.join(directory, 'killed'), broker.broker);
  linkSync(path.join(directory, 'killed'), path.join(directory, '1884.sock'));
  killed.close();
  expect(await runInProcess(['inspect', 'losses'])).toEqual({ exitCode: 0, stdout: 'nothing was lost\n', stderr: '' });
  expect(readdirSync(directory).filter((file) => file.endsWith('.sock'))).toEqual(['1883.sock']);
});

describe('a broker that does not answer as it should', () => {
  async function answering(answer: (connection: Socket) => void): Promise<string> {
    const file = path.join(folder, 'odd.sock');
    const server = createServer((connection) => {
      connection.on('error', () => {}).once('data', () => answer(connection));
    });
    await new Promise<void>((resolve) => server.listen(file, resolve));
    onTestFinished(() => void server.close());
    return file;
  }

  test('is waited for so long, and no longer', async () => {
    const held: Socket[] = [];
    const client = new ControlClient(await answering((connection) => void held.push(connection)), { answerMs: 20 });
    await expect(client.get('stats')).rejects.toThrow(/^no broker answers at .*: nothing came for 0.02 s$/);
  });

  test.each(['{"clientIdentifier":"a"}\n', '{"clientIdentifier":"a"}\n{"clientId'])(
    'has stopped after %j',
    async (begun) => {
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      const odd = await answering((connection) => {
        connection.end(`${head}${begun.length.toString(16)}\r\n${begun}\r\n`);
      });
      const { exitCode, stdout, stderr } = await runInProcess(['inspect', 'clients', '--json', '--socket', odd]);
      expect([exitCode, stdout, stderr]).toEqual([1, '{"clientIdentifier":"a"}\n', 'Error: the broker has stopped\n']);
      await expect(new ControlClient(odd).get('stats')).rejects.toThrow(/^the broker has stopped$/);
    },
  );
});

test.each([
  ['inspect', 'client', 'clients'],
  ['config', 'chek', 'check'],
  ['completion', 'fsh', 'fish'],
  ['man', 'pubb', 'pub'],
  ['store', 'dmup', 'dump'],
  ['explain', 'publih', 'publish'],
])('busbar %s %s: did you mean %s', async (command, given, meant) => {
  const { exitCode, stderr } = await runInProcess([command, given]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(
    new RegExp(`^Error: [^\\n]*; did you mean '${meant}'\\? \\(see 'busbar ${command} --help'\\)\\n$`),
  );
});

describe('busbar inspect', () => {
  test('clients, sessions and subscriptions, as tables and as JSON lines', async () => {
    const panel = await connectClient(broker.url, { clientIdentifier: 'panel-1', sessionExpiryInterval: 60 });
    await panel.subscribe('plant/+/t', { qos: 1 });
    const other = await connectClient(broker.url, { clientIdentifier: 'press-7', protocolVersion: 4 });

    const { stdout, exitCode } = await inspect('clients');
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(exitCode).toBe(0);
    expect(head).toMatch(/^CLIENT +USER +FROM +MQTT +SECONDS +SUBSCRIPTIONS +QUEUED +IN FLIGHT$/);
    expect(rows.map((row) => row.split(/ +/)[0])).toEqual(['panel-1', 'press-7']);
    expect((await inspect('clients', '--match', 'press')).stdout).toMatch(
      /^CLIENT.*\npress-7 +- +\S+ +3\.1\.1 +\d+ +0 +0 +0\n$/,
    );

    const subscription = JSON.parse((await inspect('subscriptions', '--json')).stdout);
    expect(subscription).toMatchObject({ clientIdentifier: 'panel-1', topicFilter: 'plant/+/t', qos: 1 });
    await panel.end();
    expect((await inspect('sessions')).stdout).toMatch(/panel-1 +- +no +\d+ +60 +1 +0 +0 +0 +no/);
    await other.end();
  });

  test('retained messages, topics and losses', async () => {
    const panel = await connectClient(broker.url, { clientIdentifier: 'panel', sessionExpiryInterval: 60 });
    await panel.subscribe('#', { qos: 1 });
    await panel.end();
    expect((await inspect('losses')).stdout).toBe('nothing was lost\n');
    const device = await connectClient(broker.url, { clientIdentifier: 'device' });
    for (const payload of ['1', '2', '3']) await device.publish('t/1', payload, { qos: 1, retain: true });
    expect((await inspect('retained')).stdout).toMatch(/^TOPIC .*\nt\/1 +1 +1 +device +-\n$/);
    expect((await inspect('topics')).stdout).toBe('TOPIC  RECEIVERS\nt/1            1\n');
    expect((await inspect('losses')).stdout).toMatch(
      /^REASON +MESSAGES +LATEST TOPICS\nqueue-full +2 +t\/1\n\nSESSION +MESSAGES +REASONS +LATEST TOPIC\npanel +2 +queue-full 2 +t\/1\n$/,
    );
    expect(JSON.parse((await inspect('losses', '--json')).stdout)).toMatchObject({ losses: { 'queue-full': 2 } });
    expect((await inspect('stats')).stdout).toMatch(/messagesReceived +3\n/);
    await device.end();
  });

  test('any number of things, while the broker goes on', async () => {
    const device = await connectClient(broker.url, { queue: { maximumMessages: 5_000 } });
    await Promise.all(
      Array.from({ length: 3_000 }, (_, n) => device.publish(`many/${n}`, 'x', { qos: 1, retain: true })),
    );
    const lines = (await inspect('retained', '--json')).stdout.trimEnd().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line).topicName)).size).toBe(3_000);
    await device.end();
  });

  test('what does not exist, and a broker that is not there', async () => {
    expect(await inspect('weather')).toMatchObject({ exitCode: 2, stdout: '' });
    const nowhere = await runInProcess(['inspect', 'clients', '--socket', path.join(folder, 'none')]);
    expect(nowhere.exitCode).toBe(1);
    expect(nowhere.stderr).toMatch(/^Error: no broker answers at \S+: .+\n$/);
  });

  test('JSON lines are lines, whatever clients are called', async () => {
    const clientIdentifier = 'a\u0085b\u2028c\u009b31m\u202e\u007f';
    const client = await connectClient(broker.url, { clientIdentifier });
    onTestFinished(() => client.end());
    const { stdout } = await inspect('clients', '--json');
    expect(stdout).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ clientIdentifier });
  });

  test('one long name does not make every row as long; JSON has it whole', async () => {
    const long = `${'x'.repeat(99)}\u{1f600}${'y'.repeat(59_899)}`;
    const clients = [await connectClient(broker.url, { clientIdentifier: 'short', sessionExpiryInterval: 60 })];
    clients.push(await connectClient(broker.url, { clientIdentifier: long }));
    onTestFinished(() => Promise.all(clients.map((client) => client.end())).then(() => undefined));
    const { stdout } = await inspect('clients');
    const rows = stdout.trimEnd().split('\n');
    expect(rows.map((row) => row.length)).toEqual(Array(3).fill(rows[0]?.length));
    expect(rows[0]?.length).toBeLessThan(250);
    expect(stdout).toContain(`\n${'x'.repeat(99)}... (60000 characters)  `);
    expect((await inspect('clients', '--match', 'yyy')).stdout).toContain('60000 characters');
    expect(JSON.parse((await inspect('clients', '--match', 'yyy', '--json')).stdout)).toMatchObject({
      clientIdentifier: long,
    });
    await clients[0]?.subscribe('#', { qos: 1 });
    await clients.shift()?.end();
    for (const _ of [1, 2]) await clients[0]?.publish('t'.repeat(50_000), '1', { qos: 1 });
    const losses = (await inspect('losses')).stdout;
    expect(losses).toContain('queue-full');
    expect(Math.max(...losses.split('\n').map((line) => line.length))).toBeLessThan(250);
  });

  test('names of clients cannot move the cursor', () => {
    const table = new Table(['CLIENT']);
    table.add(['\u001b[2Jx\u009b']);
    expect(table.toString()).toBe('CLIENT\n\\x1b[2Jx\\x9b\n');
    const turned = new Table(['CLIENT']);
    turned.add(['a\u202eb\u2028c']);
    expect(turned.toString()).toBe('CLIENT\na\\u202eb\\u2028c\n');
  });
});

describe('busbar kick', () => {
  test('ends the connection of a client, which is told why', async () => {
    const client = await connectClient(broker.url, { clientIdentifier: 'c', reconnect: false });
    const closed = new Promise((resolve) => client.on('disconnected', resolve));
    expect(await runInProcess(['kick', 'c', '--socket', socket])).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
    await closed;
    const again = await runInProcess(['kick', 'c', '--socket', socket]);
    expect(again).toMatchObject({ exitCode: 1, stderr: "Error: no client 'c' is connected\n" });
    await client.end();
  });
});

describe('the control socket', () => {
  test('only its user can open it', () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  test('a broker that was killed leaves nothing that keeps the next one out; a running one does', async () => {
    const left = path.join(folder, 'left.sock');
    writeFileSync(left, '');
    (await ControlServer.open(left, broker.broker)).close();
    await expect(ControlServer.open(socket, broker.broker)).rejects.toThrow(/EADDRINUSE/);
  });

  test('requests that are none are answered', async () => {
    const ask = (method: string, target: string, body = '') =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ socketPath: socket, method, path: target }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject).end(body);
      });
    expect(await ask('GET', '/etc/passwd')).toBe(404);
    expect(await ask('POST', '/clients')).toBe(404);
    expect(await ask('POST', '/kick', '{')).toBe(400);
    expect(await ask('POST', '/kick', '{"clientIdentifier": 7}')).toBe(400);
    expect(await ask('POST', '/kick', `{"clientIdentifier": "${'x'.repeat(80_000)}"}`)).toBe(400);
    expect(await ask('POST', '/reload')).toBe(400);
    expect(await ask('GET', '/stats')).toBe(200);
  });

  test('busbar broker opens one that busbar inspect finds by its port', async () => {
    const env = { XDG_RUNTIME_DIR: folder };
    const running = startBusbar(['broker', '--port', '0', '--data', 'memory'], env);
    const [, port = ''] = await running.untilStdout(/ready on mqtt:\/\/\S+:(\d+)/);
    const found = startBusbar(['inspect', 'stats'], env);
    expect(await found.ended).toMatchObject({ exitCode: 0 });
    const named = startBusbar(['inspect', 'stats', '--port', port], env);
    expect(await named.ended).toMatchObject({ exitCode: 0 });
    const other = await startBusbar(['inspect', 'stats', '--port', '1'], env).ended;
    expect(other).toMatchObject({
      exitCode: 1,
      stderr: `Error: brokers of yours run on ${port}, none on 1\n`,
    });
    running.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ exitCode: 0 });
    const gone = await startBusbar(['inspect', 'stats'], env).ended;
    expect(gone).toMatchObject({ exitCode: 1, stderr: 'Error: no broker of yours runs here\n' });
    expect((await runBusbar(['inspect', '--help'])).stdout).toContain('--match');
  });
});
