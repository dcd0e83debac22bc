import assert from 'node:assert/strict';
import { ReasonCode } from '@busbar/codec';
import { hasCommand, PeerProcess } from '@busbar/testkit';
import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import { InteropBroker } from './interop-broker.ts';

// Foreign programs, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

const isMissing = !hasCommand('mosquitto_pub') || !hasCommand('mosquitto_sub') || !hasCommand('mosquitto_rr');
const VERSIONS = [
  ['3.1', 'mqttv31'],
  ['3.1.1', 'mqttv311'],
  ['5.0', 'mqttv5'],
] as const;

let broker: InteropBroker;
let processes: PeerProcess[];

beforeEach(async () => {
  broker = await InteropBroker.start();
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  await broker.stop();
});

function run(command: string, version: string, args: readonly string[], input = ''): PeerProcess {
  const { host, port } = broker;
  const process = new PeerProcess(command, ['-h', host, '-p', `${port}`, '-V', version, ...args], { input });
  processes.push(process);
  return process;
}

/** A message as mosquitto_sub tells it. */
interface Told {
  readonly topic: string;
  readonly qos: number;
  readonly retain: number;
  readonly payload: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** A subscriber that ends by itself after so many messages; resolves when it has subscribed. */
async function subscribe(version: string, count: number, ...args: string[]): Promise<() => Promise<Told[]>> {
  const { subscriptions } = broker.broker.stats();
  const subscriber = run('mosquitto_sub', version, ['-C', `${count}`, '-F', '%j', ...args]);
  await broker.until((stats) => stats.subscriptions > subscriptions);
  return async () => {
    const lines = (await subscriber.succeeded()).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Told);
  };
}

async function publish(version: string, ...args: string[]): Promise<void> {
  await run('mosquitto_pub', version, args).succeeded();
}

function brief({ topic, qos, retain, payload }: Told): string {
  return `${topic} ${payload} qos ${qos}${retain ? ' retained' : ''}`;
}

describe.skipIf(isMissing)("Debian's mosquitto-clients (skipped where they are not installed)", () => {
  for (const [name, version] of VERSIONS) {
    describe(`MQTT ${name}`, () => {
      for (const qos of ['0', '1', '2']) {
        test(`publish and subscribe at QoS ${qos}`, async () => {
          const received = await subscribe(version, 1, '-t', 'plant/+/temp', '-q', '2');
          await publish(version, '-t', 'plant/line 1/temp', '-m', '21.5 °C', '-q', qos);
          assert.deepEqual((await received()).map(brief), [`plant/line 1/temp 21.5 °C qos ${qos}`]);
        });

        test(`2,000 messages in order at QoS ${qos}`, async () => {
          const received = await subscribe(version, 2_000, '-t', 'n', '-q', qos);
          const lines = Array.from({ length: 2_000 }, (_, at) => `${at}`);
          await run('mosquitto_pub', version, ['-t', 'n', '-l', '-q', qos], `${lines.join('\n')}\n`).succeeded();
          assert.deepEqual(
            (await received()).map(({ payload }) => payload),
            lines,
          );
        });
      }

      test('a message of a megabyte', async () => {
        const received = await subscribe(version, 1, '-t', 'large', '-q', '1');
        const text = 'x'.repeat(1_000_000);
        await run('mosquitto_pub', version, ['-t', 'large', '-s', '-q', '1'], text).succeeded();
        assert.equal((await received())[0]?.payload, text);
      });

      test('retained: set, replaced, cleared', async () => {
        const latest = async () => {
          const args = ['-C', '1', '-F', '%j', '-q', '1', '-t', 'state', '-t', 'zzz'];
          return brief(JSON.parse(await run('mosquitto_sub', version, args).succeeded()));
        };
        await publish(version, '-t', 'zzz', '-m', 'there', '-r');
        await publish(version, '-t', 'state', '-m', 'on', '-r', '-q', '1');
        assert.equal(await latest(), 'state on qos 1 retained');
        await publish(version, '-t', 'state', '-m', 'off', '-r');
        assert.equal(await latest(), 'state off qos 0 retained');
        await publish(version, '-t', 'state', '-n', '-r');
        assert.equal(await latest(), 'zzz there qos 0 retained');
        assert.equal(broker.broker.stats().retained, 1);
      });

      test('a Will, when its client is killed and not when it disconnects', async () => {
        const received = await subscribe(version, 1, '-t', 'will/#', '-q', '2');
        const will = (topic: string) => [
          '--will-topic',
          topic,
          '--will-payload',
          'gone',
          '--will-qos',
          '1',
          '-t',
          'none',
        ];
        const quits = run('mosquitto_sub', version, ['-E', ...will('will/quits')]);
        await quits.succeeded();
        const dies = run('mosquitto_sub', version, will('will/dies'));
        await broker.until(({ subscriptions }) => subscriptions === 2);
        await dies.stop('SIGKILL');
        assert.deepEqual((await received()).map(brief), ['will/dies gone qos 1']);
      });

      test('a session is resumed with the messages that came meanwhile', async () => {
        const device = ['-i', `device-${name}`, '-c', '-t', 'orders', '-q', '2'];
        await run('mosquitto_sub', version, ['-E', ...device]).succeeded();
        await broker.until(({ clients }) => clients === 0);
        // mosquitto_sub tells a QoS 2 message with its PUBREL, so after those of QoS 1 that follow it.
        for (const qos of ['1', '1', '2', '2']) await publish(version, '-t', 'orders', '-m', `at ${qos}`, '-q', qos);
        await publish(version, '-t', 'orders', '-m', 'lost', '-q', '0');
        const back = run('mosquitto_sub', version, ['-C', '4', '-F', '%q %p', ...device]);
        assert.equal(await back.succeeded(), '1 at 1\n1 at 1\n2 at 2\n2 at 2\n');
        assert.deepEqual(broker.broker.stats().dropped, { 'offline-qos0': 1 });
      });

      test('the right password lets in, a wrong one does not', async () => {
        await broker.stop();
        broker = await InteropBroker.start({
          authenticate: ({ userName, password }) =>
            userName === 'pump' && Buffer.from(password ?? []).toString() === 'water' ? 0 : ReasonCode.notAuthorized,
        });
        await publish(version, '-t', 't', '-m', 'x', '-u', 'pump', '-P', 'water');
        const { exitCode, stderr } = await run('mosquitto_pub', version, [
          '-t',
          't',
          '-m',
          'x',
          '-u',
          'pump',
          '-P',
          'wine',
        ]).ended;
        assert.notEqual(exitCode, 0);
        assert.match(stderr, /not authori[sz]ed/i);
        assert.equal(broker.broker.stats().messagesReceived, 1);
      });
    });
  }

  describe('MQTT 5.0', () => {
    const version = 'mqttv5';

    test('a Shared Subscription: each message to one member, in turn', async () => {
      const members = [];
      for (let i = 0; i < 3; i++) members.push(await subscribe(version, 10, '-t', '$share/workers/jobs', '-q', '1'));
      const lines = Array.from({ length: 30 }, (_, at) => `${at}`);
      await run('mosquitto_pub', version, ['-t', 'jobs', '-l', '-q', '1'], `${lines.join('\n')}\n`).succeeded();
      const shares = await Promise.all(members.map((member) => member()));
      const all = shares.flatMap((share) => share.map(({ payload }) => payload));
      assert.deepEqual(
        all.map(Number).sort((a, b) => a - b),
        lines.map(Number),
      );
    });

    test('Subscription Identifiers', async () => {
      const received = await subscribe(version, 1, '-t', 'a/#', '-D', 'subscribe', 'subscription-identifier', '4242');
      await publish(version, '-t', 'a/b', '-m', 'x');
      assert.deepEqual((await received())[0]?.properties, { 'subscription-identifier': 4242 });
    });

    test('properties pass through', async () => {
      const received = await subscribe(version, 1, '-t', 'p');
      const properties = [
        ['payload-format-indicator', '1'],
        ['content-type', 'text/plain'],
        ['response-topic', 'answers/1'],
        ['correlation-data', 'order-7'],
      ];
      await publish(version, '-t', 'p', '-m', 'x', ...properties.flatMap((property) => ['-D', 'publish', ...property]));
      assert.deepEqual((await received())[0]?.properties, {
        'payload-format-indicator': 1,
        'content-type': 'text/plain',
        'response-topic': 'answers/1',
        'correlation-data': 'order-7',
      });
    });

    test('User Properties pass through in their order', async () => {
      const subscriber = run('mosquitto_sub', version, ['-C', '1', '-t', 'p', '-F', '%P']);
      await broker.until(({ subscriptions }) => subscriptions === 1);
      const pairs = [
        ['zone', 'north'],
        ['area', 'wet'],
        ['zone', 'south'],
      ];
      await publish(
        version,
        '-t',
        'p',
        '-m',
        'x',
        ...pairs.flatMap((pair) => ['-D', 'publish', 'user-property', ...pair]),
      );
      assert.deepEqual((await subscriber.succeeded()).trim(), 'zone:north area:wet zone:south');
    });

    test('Message Expiry Interval: what is left is forwarded', async () => {
      const expiry = (seconds: number) => ['-D', 'publish', 'message-expiry-interval', `${seconds}`];
      await publish(version, '-t', 'm', '-m', 'long', '-r', ...expiry(100));
      const told = await run('mosquitto_sub', version, ['-C', '1', '-F', '%j', '-t', 'm']).succeeded();
      const left = (JSON.parse(told) as Told).properties?.['message-expiry-interval'];
      assert.ok(typeof left === 'number' && left > 80 && left <= 100, `${left}`);
    });

    test('Topic Aliases of the publisher', async () => {
      const received = await subscribe(version, 3, '-t', 'a/long/topic');
      const args = ['-t', 'a/long/topic', '-l', '-D', 'publish', 'topic-alias', '3'];
      await run('mosquitto_pub', version, args, 'one\ntwo\nthree\n').succeeded();
      assert.deepEqual(
        (await received()).map(({ payload }) => payload),
        ['one', 'two', 'three'],
      );
    });

    test('request and response', async () => {
      const server = await subscribe(version, 1, '-t', 'square');
      const request = run('mosquitto_rr', version, ['-t', 'square', '-e', 'square/answer', '-m', '12']);
      const [asked] = await server();
      assert.equal(asked?.properties?.['response-topic'], 'square/answer');
      await publish(version, '-t', 'square/answer', '-m', '144');
      assert.equal((await request.succeeded()).trim(), '144');
    });

    test('a Will with a Will Delay Interval, taken back by a client that returns', async () => {
      const received = await subscribe(version, 1, '-t', 'will/#', '-t', 'end');
      const will = ['--will-topic', 'will/w', '--will-payload', 'gone', '-D', 'will', 'will-delay-interval', '60'];
      const device = ['-i', 'device', '-c', '-x', '100', '-t', 'none', ...will];
      const dies = run('mosquitto_sub', version, device);
      await broker.until(({ subscriptions }) => subscriptions === 3);
      await dies.stop('SIGKILL');
      await broker.until(({ clients }) => clients === 1);
      await run('mosquitto_sub', version, ['-E', ...device]).succeeded();
      await publish(version, '-t', 'end', '-m', 'x');
      assert.deepEqual(
        (await received()).map(({ topic }) => topic),
        ['end'],
      );
    });
  });
});
