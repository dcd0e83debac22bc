import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect, type Message } from '@busbar/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';
import { LAUNCHER, runBusbar, startBusbar, startProgram } from '../support/running-command.ts';

let broker: BrokerUnderTest;

beforeAll(async () => {
  broker = await openBroker();
});

afterAll(() => broker.close());

/** Subscribes; `take(n)` waits for so many messages. */
async function listen(topicFilter: string) {
  const client = await connect(broker.url);
  onTestFinished(() => client.end());
  const messages: Message[] = [];
  let look = () => {};
  await client.subscribe(topicFilter, { qos: 2, retainAsPublished: true }, (message) => {
    messages.push(message);
    look();
  });
  const take = (count: number) =>
    new Promise<Message[]>((resolve) => {
      look = () => {
        if (messages.length >= count) resolve(messages.splice(0, count));
      };
      look();
    });
  return { take };
}

function pub(...args: readonly string[]) {
  return runBusbar(['pub', '-p', broker.port, ...args]);
}

const DONE = { exitCode: 0, signal: null, stdout: '', stderr: '' };

describe('what is published', () => {
  test.each([
    [['-m', 'hi'], 'hi', { qos: 0, retain: false }],
    [['-m', '-1', '-q', '1'], '-1', { qos: 1 }],
    [['-m', 'größe', '-q', '2'], 'größe', { qos: 2 }],
    [['-m', 'state', '-r'], 'state', { retain: true }],
    [['-n', '-r'], '', { retain: true }],
    [['-m', ''], '', {}],
    [['-m', 'hi', '-V', '31', '-q', '1'], 'hi', { qos: 1 }],
    [['-m', 'hi', '-V', '5', '-q', '2'], 'hi', { qos: 2 }],
    [
      ['--message', 'hi', '--qos', '1', '--retain', '--protocol-version', 'mqttv5', '--id', 'x', '--keepalive', '7'],
      'hi',
      { qos: 1 },
    ],
    [['-D', 'publish', 'content-type', 'text/plain', '-m', 'hi'], 'hi', { properties: { contentType: 'text/plain' } }],
    [
      ['-D', 'publish', 'user-property', 'a', '1', '-D', 'PUBLISH', 'user-property', '-m', '2', '-m', 'hi'],
      'hi',
      { properties: { userProperties: [['a', '1'], ['-m', '2']] } }, // biome-ignore format: pairs
    ],
  ])('%j', async (args, text, expected) => {
    const topicName = `pub/one/${args.join('/').replaceAll('+', '')}`;
    const { take } = await listen(topicName);
    expect(await pub('-t', topicName, ...args)).toEqual(DONE);

    const [message] = await take(1);
    expect(message?.text()).toBe(text);
    expect(message).toMatchObject(expected);
  });

  test('-s publishes all of stdin as the bytes it is', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 256);
    const { take } = await listen('pub/whole');
    expect(await runBusbar(['pub', '-p', broker.port, '-t', 'pub/whole', '-s'], bytes)).toEqual(DONE);

    const [message] = await take(1);
    expect(Buffer.compare(message?.payload ?? new Uint8Array(), bytes)).toBe(0);
  });

  test('-f publishes a file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'busbar-pub-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'payload');
    writeFileSync(file, Uint8Array.of(0, 0xff, 0x0a));
    const { take } = await listen('pub/file');
    expect(await pub('-t', 'pub/file', '-f', file)).toEqual(DONE);

    expect([...((await take(1))[0]?.payload ?? [])]).toEqual([0, 0xff, 0x0a]);
  });

  test.each(['0', '1', '2'])(
    '-l publishes lines in their order at QoS %s, the last one without line feed too',
    async (qos) => {
      const { take } = await listen('pub/lines');
      const input = 'one\n\ntwo\r\nthree';
      expect(await runBusbar(['pub', '-p', broker.port, '-t', 'pub/lines', '-l', '-q', qos], input)).toEqual(DONE);

      expect((await take(4)).map((message) => message.text())).toEqual(['one', '', 'two\r', 'three']);
    },
  );

  test('-l publishes a line when it comes, not when stdin ends', async () => {
    const { take } = await listen('pub/live');
    const command = startBusbar(['pub', '-p', broker.port, '-t', 'pub/live', '-l']);
    command.stdin.write('first\n');
    expect((await take(1))[0]?.text()).toBe('first');
    command.stdin.end('second\n');
    expect((await take(1))[0]?.text()).toBe('second');
    expect(await command.ended).toEqual(DONE);
  });

  test('-l gets twenty thousand lines through', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at}`);
    const { take } = await listen('pub/many');
    const input = `${lines.join('\n')}\n`;
    expect(await runBusbar(['pub', '-p', broker.port, '-t', 'pub/many', '-l', '-q', '1'], input)).toEqual(DONE);

    expect((await take(lines.length)).map((message) => message.text())).toEqual(lines);
  });

  test('no line, no message', async () => {
    expect(await runBusbar(['pub', '-p', broker.port, '-t', 'pub/lines', '-l'], '')).toEqual(DONE);
  });

  test('the will is published when it ends without a word', async () => {
    const { take } = await listen('pub/will');
    const will = ['--will-topic', 'pub/will', '--will-payload', 'gone', '--will-qos', '1', '--will-retain'];
    const command = startBusbar(['pub', '-p', broker.port, '-t', 'pub/will', '-l', ...will]);
    command.stdin.write('here\n');
    expect((await take(1))[0]?.text()).toBe('here');
    command.kill('SIGKILL');

    const [message] = await take(1);
    expect(message?.text()).toBe('gone');
    expect(message).toMatchObject({ qos: 1, retain: true });
  });

  test('a reader that goes away or a full disk is no reason for a stack trace', async () => {
    const args = ['-t', 'pub/debug', '-l', '-d'];
    const command = startBusbar(['pub', '-p', broker.port, ...args]);
    await command.untilStdout(/CONNACK/);
    command.closeStdout();
    command.stdin.end('one\ntwo\n');
    expect(await command.ended).toMatchObject({ exitCode: 0, stderr: '' });

    const line = `"${process.execPath}" "${LAUNCHER}" pub -p ${broker.port} -t pub/debug -m x -d > /dev/full`;
    const { exitCode, stderr } = await startProgram('sh', ['-c', line]).ended;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^Error: cannot write to stdout: ENOSPC[^\n]+\n$/),
    });
  });

  test('-d prints the packets', async () => {
    const { stdout } = await pub('-t', 'pub/debug', '-m', 'hi', '-q', '1', '-d', '-i', 'panel');
    expect(stdout).toBe(
      [
        'Client panel sending CONNECT',
        'Client panel received CONNACK (0)',
        "Client panel sending PUBLISH (d0, q1, r0, m1, 'pub/debug', ... (2 bytes))",
        'Client panel received PUBACK (Mid: 1, RC:0)',
        'Client panel sending DISCONNECT',
        '',
      ].join('\n'),
    );
  });
});

describe('what cannot be done', () => {
  test.each([
    [[], 'a topic (-t) and a message (-m, -f, -l, -s or -n) are needed'],
    [['-t', 'a'], 'a message is needed (-m, -f, -l, -s or -n)'],
    [['-t', 'a', '-m', 'x', '-n'], 'only one of -m, -f, -l, -s and -n can be given'],
    [['-t', 'a/#', '-m', 'x'], '-t/--topic: Topic Name: expected no wildcard character, came # at character 3'],
    [['-t', '', '-m', 'x'], '-t/--topic: Topic Name: expected at least one character, came none'],
    [['-t', 'a', '-m', 'x', '-q', '3'], "-q/--qos: expected 0, 1 or 2, not '3'"],
    [['-t', 'a', '-m', 'x', '-W', '3'], "unknown option '-W'"],
    [['-t', 'a', '-m'], '-m needs <message>, and the line ends before that'],
    [['a', 'hi'], "unexpected word 'a': a topic is given with -t, a message with -m"],
    [['-t', 'a', '-m', 'x', '-c'], '-c needs a Client Identifier (-i)'],
    [
      ['-t', 'a', '-m', 'x', '-D', 'publish', 'content-type'],
      '-D needs <packet property value>, and the line ends before that',
    ],
    [['-t', 'a', '-m', 'x', '-h', 'no host'], "-h/--host: expected a name or an address, not 'no host'"],
    [['-t', 'a', '-m', 'x', '-h', 'a/b'], "-h/--host: expected a name or an address, not 'a/b'"],
  ])('%j: one line, exit code 1, as mosquitto_pub has it', async (args, line) => {
    const { exitCode, stdout, stderr } = await runInProcess(['pub', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(line);
  });

  /** A server that lets everybody in and says no more. */
  async function startRudeServer(handleConnected: (socket: Socket) => void): Promise<string> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(Buffer.from('20020000', 'hex'));
        handleConnected(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    return typeof address === 'object' ? String(address?.port) : '';
  }

  test('a message whose connection is lost before it is acknowledged: exit code 7', async () => {
    const port = await startRudeServer((socket) => socket.once('data', () => socket.destroy()));
    const { exitCode, stderr } = await runBusbar([
      'pub',
      '-h',
      '127.0.0.1',
      '-p',
      port,
      '-t',
      'a',
      '-m',
      'x',
      '-q',
      '1',
    ]);
    expect(exitCode).toBe(7);
    expect(stderr).toMatch(/^Error: the connection was lost: [^\n]+\n$/);
  });

  test('a stream of lines outlives its connection', async () => {
    const port = await startRudeServer((socket) => socket.end());
    const command = startBusbar(['pub', '-h', '127.0.0.1', '-p', port, '-t', 'a', '-l', '-q', '1']);
    command.stdin.write('one\n');
    await command.untilStderr(/Connection lost, trying again: [^\n]+\nConnected again/);
  });

  test('nobody listens', async () => {
    const { exitCode, stderr } = await runBusbar(['pub', '-p', '1', '-t', 'a', '-m', 'x']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: cannot connect to localhost:1: .*\(ECONNREFUSED\)\n$/);
  });

  test('a name that does not exist', async () => {
    const { exitCode, stderr } = await runBusbar(['pub', '-h', 'nowhere.invalid', '-t', 'a', '-m', 'x']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: cannot connect to nowhere\.invalid:1883: [^\n]+\n$/);
  });

  test('--quiet says nothing, but for wrong usage', async () => {
    expect(await runBusbar(['pub', '-p', '1', '-t', 'a', '-m', 'x', '--quiet'])).toMatchObject({
      exitCode: 1,
      stderr: '',
    });
    expect((await runBusbar(['pub', '-t', 'a#', '-m', 'x', '--quiet'])).stderr).not.toBe('');
  });

  test('nothing on stdin for -s, no file for -f', async () => {
    expect(await runBusbar(['pub', '-t', 'a', '-s'], '')).toMatchObject({
      exitCode: 1,
      stderr: 'Error: stdin (-s) is empty; -n sends an empty message\n',
    });
    expect(await runBusbar(['pub', '-t', 'a', '-f', '/does/not/exist'])).toMatchObject({
      exitCode: 1,
      stderr: 'Error: cannot read -f /does/not/exist: no such file or directory\n',
    });
  });

  test.each([
    ['31', 5],
    ['311', 5],
    ['5', 135],
  ])('the server refuses the connection: version %s, exit code %i', async (version, code) => {
    const { exitCode, stderr } = await pub('-t', 'a', '-m', 'x', '-V', version, '-i', 'unwelcome');
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(/^Error: the server refused the connection: not authorized \(0x87\)[^\n]*\n$/);
  });
});
