import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Broker, type BrokerOptions, createBroker, MemoryStore } from '@busbar/broker';
import { type Client, ConnectionRefusedError, connect, type Message } from '@busbar/client';
import { PeerProcess } from '@busbar/testkit';
import { createMemoryPair } from '@busbar/transport';
import { describe, onTestFinished, test, vi } from 'vitest';

const LIFETIME_MS = 60_000;
// Each test starts programs, which takes its time on a machine that is busy with other tests.
vi.setConfig({ testTimeout: LIFETIME_MS, hookTimeout: LIFETIME_MS });

function startProgram(file: string, ...args: string[]): PeerProcess {
  const script = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const program = new PeerProcess(process.execPath, [script, ...args], { timeoutMs: LIFETIME_MS });
  onTestFinished(async () => {
    await program.stop();
  });
  return program;
}

function startExample(name: string, ...args: string[]): PeerProcess {
  return startProgram(`examples/dist/${name}.js`, ...args);
}

/** What a program has printed that this matches, in order. */
function printed(program: PeerProcess, pattern: RegExp): string[] {
  return [...program.stdout.matchAll(pattern)].map(([text]) => text);
}

async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const broker = await createBroker({ listeners: [{ port: 0 }], ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

function urlOf(broker: Broker): string {
  return `mqtt://localhost:${broker.listeners[0]?.port}`;
}

/** A client with a session that outlives the broker's connections, and remembers what it hears. */
async function watch(url: string, topicFilter: string): Promise<{ client: Client; heard: Heard }> {
  const heard = new Heard();
  const client = await connect(url, { sessionExpiryInterval: 600 });
  onTestFinished(() => client.end({ timeoutMs: 0 }));
  await client.subscribe(topicFilter, { qos: 1 }, (message) => heard.add(message));
  return { client, heard };
}

class Heard {
  readonly messages: Message[] = [];
  #waiters: (() => void)[] = [];

  add(message: Message): void {
    this.messages.push(message);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async until(holds: (messages: readonly Message[]) => boolean): Promise<void> {
    while (!holds(this.messages)) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  untilLast(topicName: string, payload: string): Promise<void> {
    return this.until((messages) => messages.findLast((each) => each.topicName === topicName)?.text() === payload);
  }

  get numbers(): number[] {
    const readings = this.messages.filter(({ topicName }) => topicName === 'plant/pump-7/pressure');
    return readings.map((reading) => (reading.json() as { number: number }).number);
  }
}

test('getting-started receives what it publishes, and ends', async () => {
  const program = startExample('getting-started', urlOf(await startBroker()));

  assert.equal(await program.succeeded(), 'Received message: Hello, MQTT!\n');
  assert.equal(program.stderr, '');
});

test('outbox: what it stored without a broker, and was killed with, is delivered once by its next run', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-outbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const broker = await startBroker();
  const { heard } = await watch(urlOf(broker), 'plant/+/count');

  const offline = startExample('outbox', path.join(folder, 'outbox'), 'mqtt://localhost:1');
  await offline.untilOutput(/stored 3\n/);
  await offline.stop('SIGKILL');
  const online = startExample('outbox', path.join(folder, 'outbox'), urlOf(broker));
  await online.untilOutput(/connected, [3-9] to deliver\n/);
  await online.untilOutput(/stored 2\n/);
  await online.stop('SIGINT');

  const counts = heard.messages.map((message) => message.json() as { run: string; number: number });
  const runs = [...new Set(counts.map(({ run }) => run))];
  assert.equal(runs.length, 2);
  for (const run of runs) {
    const numbers = counts.filter((count) => count.run === run).map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
    );
  }
  assert.match(online.stdout, /ended, \d+ counted in this run\n$/);
});

describe('protocol-object', () => {
  test('connects to host and port, subscribes, and receives its own greetings', async () => {
    const broker = await startBroker();
    const program = startExample('protocol-object', 'localhost', String(broker.listeners[0]?.port));

    await program.untilOutput(/Hello 2\n/);
    const { exitCode, stdout } = await program.stop('SIGINT');

    assert.equal(exitCode, 0);
    const [connecting, connected, ...greetings] = stdout.trimEnd().split('\n');
    assert.match(connecting ?? '', /^connecting to localhost:\d+$/);
    assert.equal(connected, 'connected: MQTT 5.0, keep alive 30 s');
    const expected = greetings.map((_, index) => `received example/protocol-object: Hello ${index + 1}`);
    assert.deepEqual(greetings, expected);
  });

  test('survives a broker that is killed and started again', async () => {
    const broker = startProgram('packages/cli/bin/busbar.js', 'broker', '--data', 'memory', '--port', '0');
    await broker.untilOutput(/ready on .*\n/);
    const [, port = ''] = /ready on \S+:(\d+)/.exec(broker.stdout) ?? [];
    const program = startExample('protocol-object', 'localhost', port);
    await program.untilOutput(/Hello 1\n/);

    await broker.stop('SIGKILL');
    await program.untilOutput(/connection lost: .+; next attempt in \d+ ms\n/);
    await startProgram('packages/cli/bin/busbar.js', 'broker', '--data', 'memory', '--port', port).untilOutput(
      /ready on /,
    );
    await program.untilOutput(/connected: (?:.|\n)*connected: (?:.|\n)*Hello 1\n/);
    const { exitCode } = await program.stop('SIGINT');

    assert.equal(exitCode, 0);
    assert.equal(printed(program, /^connected: /gm).length, 2);
  });

  test('ends in order when it was never connected', async () => {
    const closed = await startBroker();
    await closed.stop();
    const program = startExample('protocol-object', 'localhost', urlOf(closed).split(':').at(-1) ?? '');

    await program.untilOutput(/next attempt in/);

    assert.equal((await program.stop('SIGINT')).exitCode, 0);
  });
});

describe('embedded-broker', () => {
  async function start(): Promise<{ program: PeerProcess; url: string }> {
    const program = startExample('embedded-broker', '0');
    await program.untilOutput(/listening on .*\n/);
    return { program, url: program.stdout.replace('listening on ', '').trimEnd() };
  }

  test('lets in who knows a password, and hears what is published', async () => {
    const { program, url } = await start();
    const filler = await connect(url, { userName: 'filler', password: 'bottle' });
    await filler.publish('plant/filler/state', 'running', { qos: 1 });
    await program.untilOutput(/plant\/filler\/state running\n/);
    await filler.end();
    const { exitCode, stdout } = await program.stop('SIGINT');

    assert.equal(exitCode, 0);
    assert.match(stdout, /1 messages received, 1 delivered, lost: \{\}\n$/);
  });

  test('refuses everybody else', async () => {
    const { url } = await start();
    for (const credentials of [{}, { userName: 'filler' }, { userName: 'filler', password: 'bottles' }]) {
      await assert.rejects(connect(url, credentials), (error) => {
        assert(error instanceof ConnectionRefusedError);
        assert.equal(error.reasonCode, 0x86);
        return true;
      });
    }
  });
});

describe('device', () => {
  test('readings and set points wait while there is no broker', async () => {
    const store = new MemoryStore();
    const first = await startBroker({ store });
    const url = urlOf(first);
    const program = startExample('device', url);
    const { client, heard } = await watch(url, 'plant/#');
    await heard.untilLast('plant/pump-7/state', 'running');
    await heard.until(() => heard.numbers.length >= 2);

    await first.stop();
    await program.untilOutput(/no connection: .+\n(?:.+; \d+ messages wait\n)*.+; [1-9]\d* messages wait\n/);
    await publishWithoutSocket(store, 'plant/pump-7/speed/set', '55');
    const before = heard.numbers.at(-1) ?? 0;
    await startBroker({ store, listeners: [{ port: first.listeners[0]?.port ?? 0 }] });

    await program.untilOutput(/connected, the session goes on\n/);
    await program.untilOutput(/set point: 55 %\n/);
    await heard.until(() => heard.numbers.length > before + 2);
    const { exitCode, stdout } = await program.stop('SIGINT');
    assert.equal(exitCode, 0);
    assert.match(stdout, /[1-9]\d* messages published, 0 given up\n$/);
    await heard.untilLast('plant/pump-7/state', 'stopped');
    const numbers = [...new Set(heard.numbers)];
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => (numbers[0] ?? 0) + index),
      'no reading is missing',
    );
    await client.end();
  });

  test('is said to be lost when it is killed', async () => {
    const url = urlOf(await startBroker());
    const program = startExample('device', url);
    const { heard } = await watch(url, 'plant/pump-7/state');
    await heard.untilLast('plant/pump-7/state', 'running');

    await program.stop('SIGKILL');

    await heard.untilLast('plant/pump-7/state', 'lost');
    const later = await watch(url, 'plant/pump-7/state');
    await later.heard.untilLast('plant/pump-7/state', 'lost');
    assert.equal(later.heard.messages[0]?.retain, true);
  });
});

/** A broker on the same store that listens nowhere, so that nobody hears of the message at once. */
async function publishWithoutSocket(store: MemoryStore, topicName: string, payload: string): Promise<void> {
  const broker = await createBroker({ store, listeners: [] });
  const client = await connect('mqtt://memory', {
    dial: async () => {
      const [clientSide, brokerSide] = createMemoryPair();
      broker.accept(brokerSide);
      return clientSide;
    },
  });
  await client.publish(topicName, payload, { qos: 1 });
  await client.end();
  await broker.stop();
}
