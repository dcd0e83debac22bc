import { createServer } from 'node:net';
import { type Client, connect } from '@busbar/client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type BrokerUnderTest, openBroker } from '../support/broker-under-test.ts';
import { runInProcess } from '../support/in-process.ts';
import { type RunningCommand, runBusbar, startBusbar } from '../support/running-command.ts';

let broker: BrokerUnderTest;
let publisher: Client;

beforeAll(async () => {
  broker = await openBroker();
  publisher = await connect(broker.url);
});

afterAll(async () => {
  await publisher.end();
  await broker.close();
});

/** Starts `busbar sub` and waits until the broker has its subscriptions. */
async function startSub(...args: readonly string[]): Promise<RunningCommand> {
  const before = broker.broker.stats().subscriptions;
  const command = startBusbar(['sub', '-p', broker.port, ...args]);
  const filters = args.filter((arg) => arg === '-t').length;
  await expect.poll(() => broker.broker.stats().subscriptions, { timeout: 15_000 }).toBe(before + filters);
  return command;
}

describe('what is printed', () => {
  test('payloads, one a line, as the bytes they are; nothing for an empty one', async () => {
    const sub = await startSub('-t', 'sub/plain', '-C', '4');
    await publisher.publish('sub/plain', 'one');
    await publisher.publish('sub/plain', '');
    await publisher.publish('sub/plain', Uint8Array.of(0, 0xff, 0x0a, 0x80));
    await publisher.publish('sub/plain', 'größe');

    expect(await sub.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sub.stdoutBytes.toString('latin1')).toBe(
      `one\n\x00\xff\n\x80\n${Buffer.from('größe').toString('latin1')}\n`,
    );
  });

  test('-v: topic, blank, payload; (null) for an empty one', async () => {
    const sub = await startSub('-t', 'sub/verbose/#', '-v', '-C', '2');
    await publisher.publish('sub/verbose/ä b', 'one two');
    await publisher.publish('sub/verbose', '');
    expect((await sub.ended).stdout).toBe('sub/verbose/ä b one two\nsub/verbose (null)\n');
  });

  test('--json: one object a line', async () => {
    const sub = await startSub('-t', 'sub/json', '--json', '-q', '1', '-V', '5', '-C', '1');
    const properties = { contentType: 'text/plain' };
    await publisher.publish('sub/json', 'one\ntwo', { qos: 1, properties });
    const { stdout } = await sub.ended;

    expect(stdout).toMatch(/^\{[^\n]*\}\n$/);
    const { tst, ...rest } = JSON.parse(stdout);
    expect(Math.abs(Date.parse(tst) - Date.now())).toBeLessThan(60_000);
    expect(rest).toEqual({
      topic: 'sub/json',
      qos: 1,
      retain: 0,
      payloadlen: 7,
      mid: 1,
      properties: { 'content-type': 'text/plain' },
      payload: 'one\ntwo',
    });
  });

  test('several -t, also such as overlap', async () => {
    const sub = await startSub('-t', 'sub/a', '-t', 'sub/+/b', '-t', 'sub/c/b', '-v', '-C', '3');
    await publisher.publish('sub/a', '1');
    await publisher.publish('sub/x/b', '2');
    await publisher.publish('sub/other', '-');
    await publisher.publish('sub/a', '3');
    expect((await sub.ended).stdout).toBe('sub/a 1\nsub/x/b 2\nsub/a 3\n');
  });

  test('a retained message', async () => {
    await publisher.publish('sub/retained', 'kept', { retain: true, qos: 1 });
    const { stdout } = await runBusbar([
      'sub',
      '-p',
      broker.port,
      '-t',
      'sub/retained',
      '--json',
      '-C',
      '1',
      '-V',
      '31',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ topic: 'sub/retained', retain: 1, payload: 'kept' });
  });

  test('ten thousand messages in their order', async () => {
    const sub = await startSub('-t', 'sub/many', '-q', '1', '-C', '10000');
    const texts = Array.from({ length: 10_000 }, (_, at) => `${at}`);
    const options = { qos: 1 } as const;
    for (let at = 0; at < texts.length; at += 500) {
      await Promise.all(texts.slice(at, at + 500).map((each) => publisher.publish('sub/many', each, options)));
    }
    expect((await sub.ended).stdout).toBe(`${texts.join('\n')}\n`);
  });
});

describe('when it ends', () => {
  test('-C: after so many messages, and not one more is printed', async () => {
    const sub = await startSub('-t', 'sub/count', '-C', '2');
    for (const text of ['1', '2', '3', '4']) void publisher.publish('sub/count', text);
    expect(await sub.ended).toEqual({ exitCode: 0, signal: null, stdout: '1\n2\n', stderr: '' });
  });

  test('-W: with exit code 27', async () => {
    const sub = await startSub('-t', 'sub/time', '-W', '1', '-C', '2');
    await publisher.publish('sub/time', 'one');
    expect(await sub.ended).toEqual({ exitCode: 27, signal: null, stdout: 'one\n', stderr: 'Timed out\n' });
  });

  test('-W counts while a server takes the connection and says nothing', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const args = ['sub', '-h', '127.0.0.1', '-p', port, '-t', 'a', '-W', '1'];
    expect(await runBusbar(args)).toMatchObject({ exitCode: 27, stderr: 'Timed out\n' });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s: in order, exit code 0, no will', async (signal) => {
    const watcher = await startSub('-t', 'sub/will', '-C', '1');
    const sub = await startSub('-t', 'sub/signal', '--will-topic', 'sub/will', '--will-payload', 'gone');
    sub.kill(signal);
    expect(await sub.ended).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
    await publisher.publish('sub/will', 'no will came');
    expect((await watcher.ended).stdout).toBe('no will came\n');
  });

  test('a reader that goes away ends it without a word, as | head -1 does', async () => {
    const sub = await startSub('-t', 'sub/head');
    const first = sub.untilStdout(/one\n/);
    await publisher.publish('sub/head', 'one');
    await first;
    sub.closeStdout();
    const ended = sub.ended;
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    // The first write after the reader has gone may still succeed.
    await expect
      .poll(
        async () => {
          await publisher.publish('sub/head', 'more');
          return isOver;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
    expect(await ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' });
  });
});

describe('sessions', () => {
  test.each([
    ['311', []],
    ['5', []],
    ['5', ['-x', '60']],
  ])('-c -i: version %s %j: what came meanwhile is printed when it comes back', async (version, expiry) => {
    const name = `panel-${version}${expiry.length}`;
    const args = ['-V', version, '-c', '-i', name, '-q', '1', '-t', `sub/session/${name}`, ...expiry];
    const first = await startSub(...args);
    first.kill('SIGTERM');
    await first.ended;
    for (const text of ['1', '2']) await publisher.publish(`sub/session/${name}`, text, { qos: 1 });

    const { exitCode, stdout } = await runBusbar(['sub', '-p', broker.port, ...args, '-C', '2']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1\n2\n' });
  });

  test('without -c nothing is kept', async () => {
    const args = ['-i', 'forgetful', '-q', '1', '-t', 'sub/forgotten'];
    const first = await startSub(...args);
    first.kill('SIGTERM');
    await first.ended;
    await publisher.publish('sub/forgotten', '1', { qos: 1 });
    expect(await runBusbar(['sub', '-p', broker.port, ...args, '-W', '1'])).toMatchObject({ exitCode: 27, stdout: '' });
  });
});

test('a lost connection is taken up again, with a note on stderr', async () => {
  const first = await openBroker();
  const port = Number(first.port);
  const sub = startBusbar(['sub', '-p', first.port, '-t', 'sub/lost', '-C', '1']);
  await expect.poll(() => first.broker.stats().subscriptions, { timeout: 15_000 }).toBe(1);
  await first.close();
  await sub.untilStderr(/Connection lost, trying again: /);
  const second = await openBroker({ listeners: [{ port }] });
  onTestFinished(() => second.close());
  await sub.untilStderr(/Connected again/);
  await expect.poll(() => second.broker.stats().subscriptions, { timeout: 15_000 }).toBe(1);
  const other = await connect(second.url);
  await other.publish('sub/lost', 'found');
  await other.end();

  expect(await sub.ended).toMatchObject({ exitCode: 0, stdout: 'found\n' });
});

describe('what cannot be done', () => {
  test.each([
    [[], 'a topic to subscribe to is needed (-t)'],
    [['-t', 'a#'], "-t/--topic: 'a#': "],
    [['-t', 'a', '-t', ''], "-t/--topic: '': "],
    [['-t', 'a', '-C', '0'], "-C: expected a whole number of at least 1, not '0'"],
    [['-t', 'a', '-W', '0'], "-W: expected a whole number from 1 to 2147483, not '0'"],
    [['-t', 'a', '-q', '5'], "-q/--qos: expected 0, 1 or 2, not '5'"],
    [['-t', 'a', '-m', 'x'], "unknown option '-m'"],
    [['-t', 'a', '-c'], '-c needs a Client Identifier (-i)'],
    [['a'], "unexpected word 'a': a topic is given with -t"],
    [
      ['-t', 'a', '-D', 'publish', 'content-type', 'x'],
      "expected connect, subscribe, unsubscribe, disconnect or will as the packet, not 'publish'",
    ],
  ])('%j: one line, exit code 1, as mosquitto_sub has it', async (args, line) => {
    const { exitCode, stdout, stderr } = await runInProcess(['sub', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: [^\n]+\n$/);
    expect(stderr).toContain(line);
  });

  test('nobody listens', async () => {
    const { exitCode, stderr } = await runBusbar(['sub', '-p', '1', '-t', 'a']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: cannot connect to localhost:1: [^\n]*\(ECONNREFUSED\)\n$/);
  });

  test.each([
    ['311', 5],
    ['5', 135],
  ])('the server refuses the connection: version %s, exit code %i', async (version, code) => {
    const { exitCode, stderr } = await runBusbar([
      ...['sub', '-p', broker.port, '-t', 'a', '-V', version, '-i', 'unwelcome'],
    ]);
    expect(exitCode).toBe(code);
    expect(stderr).toMatch(/^Error: the server refused the connection: not authorized \(0x87\)[^\n]*\n$/);
  });
});
