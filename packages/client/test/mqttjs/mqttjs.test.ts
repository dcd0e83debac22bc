import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';
import theirs from 'mqtt';
import { afterAll, beforeAll, describe, test } from 'vitest';
import ours from '../../src/mqttjs/index.ts';
import { assertSameTranscript } from './transcript.ts';

/** What the programs below use: both modules have it. */
interface Mqtt {
  connect(url: string | null, options?: object | null): Program;
  connectAsync(url: string, options?: object): Promise<Program>;
}
interface Program {
  connected: boolean;
  on(name: string, listener: (...values: never[]) => unknown): unknown;
  once(name: string, listener: (...values: never[]) => unknown): unknown;
  publish(topic: string, message: string | null | undefined, ...rest: unknown[]): unknown;
  subscribe(topics: unknown, ...rest: unknown[]): unknown;
  unsubscribe(topics: unknown, ...rest: unknown[]): unknown;
  end(...rest: unknown[]): unknown;
  publishAsync(topic: string, message: string, options?: object): Promise<unknown>;
  subscribeAsync(topics: unknown, options?: object): Promise<{ topic: string; qos: number }[]>;
  unsubscribeAsync(topics: unknown): Promise<unknown>;
  endAsync(force?: boolean): Promise<unknown>;
}

type Log = (...values: unknown[]) => void;
type Packet = { qos: number; retain: boolean; dup: boolean };

/** Programs as MQTT.js's documentation has them. Each writes down what it sees. */
const PROGRAMS: Readonly<Record<string, (mqtt: Mqtt, url: string, log: Log) => Promise<void>>> = {
  'the first example: connect, subscribe, publish, message, end': (mqtt, url, log) =>
    new Promise((resolve) => {
      const client = mqtt.connect(url);
      client.on('connect', () => {
        client.subscribe('presence', (error: Error | null) => {
          log('subscribed', error);
          if (!error) client.publish('presence', 'Hello mqtt');
        });
      });
      client.on('message', (topic: string, message: Uint8Array) => {
        log(topic, message.toString());
        client.end();
      });
      client.on('close', () => log('close'));
      client.on('end', () => {
        log('end');
        resolve();
      });
    }),
  'null where something is left open, as in JavaScript: options, credentials, the payload that deletes what is retained':
    async (mqtt, url, log) => {
      const { hostname: host, port } = new URL(url);
      const other = mqtt.connect(null, { host, port, username: null, password: null, will: null });
      await new Promise((resolve) => other.once('connect', resolve));
      log('connected', other.connected);
      other.end(true);
      const client = mqtt.connect(url, null);
      const got: string[] = [];
      const three = new Promise<void>((resolve) => {
        client.on('message', (topic: string, message: Uint8Array, packet: Packet) => {
          if (got.push(`${topic} ${message.length} ${packet.retain}`) === 3) resolve();
        });
      });
      const subscribed = new Promise((resolve) => {
        client.subscribe('null/#', null, (error: Error | null, granted: unknown) => resolve([error, granted]));
      });
      log(await subscribed);
      await new Promise((resolve) => client.publish('null/1', 'kept', { qos: 1, retain: true }, resolve));
      for (const nothing of [null, undefined]) {
        const values = await new Promise((resolve) => {
          client.publish('null/1', nothing, { qos: 1, retain: true, properties: null }, (error: unknown) =>
            resolve(error),
          );
        });
        log(values);
      }
      await three;
      log(got);
      client.end(true);
    },
  'promises: connectAsync, subscribeAsync, publishAsync, unsubscribeAsync, endAsync': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    log(client.connected);
    log(await client.subscribeAsync('a', { qos: 1 }));
    const messages: string[] = [];
    const two = new Promise<void>((resolve) => {
      client.on('message', (topic: string, message: Uint8Array, packet: Packet) => {
        messages.push(`${topic} ${message.toString()} ${packet.qos} ${packet.retain}`);
        if (messages.length === 2) resolve();
      });
    });
    await client.publishAsync('a', 'one', { qos: 1 });
    await client.publishAsync('a', 'two', { qos: 2 });
    await two;
    log(messages);
    await client.unsubscribeAsync('a');
    await client.publishAsync('a', 'unheard', { qos: 1 });
    await client.endAsync();
    log(client.connected, messages.length);
  },
  'several topics: a list, and an object with options of each': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    const grants = (topics: unknown, options?: object) =>
      new Promise((resolve) => {
        client.subscribe(
          topics,
          ...(options ? [options] : []),
          (error: Error | null, granted: { topic: string; qos: number }[]) =>
            resolve([error, granted.map(({ topic, qos }) => [topic, qos])]),
        );
      });
    log(await grants(['a', 'b'], { qos: 1 }));
    log(await grants({ c: { qos: 0 }, d: { qos: 2 } }));
    await new Promise((resolve) => client.unsubscribe(['a', 'b'], resolve));
    await new Promise((resolve) => client.end(false, {}, resolve));
  },
  'a retained message comes to whoever subscribes later, an empty one deletes it': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    await client.publishAsync('kept/x', 'state', { retain: true, qos: 1 });
    const first = new Promise((resolve) =>
      client.once('message', (topic: string, message: Uint8Array, { retain }: Packet) =>
        resolve([topic, message.toString(), retain]),
      ),
    );
    await client.subscribeAsync('kept/#');
    log(await first);
    await client.publishAsync('kept/x', '', { retain: true, qos: 1 });
    await client.endAsync();
  },
  'a will is published when a client goes without a word': async (mqtt, url, log) => {
    const watcher = await mqtt.connectAsync(url);
    await watcher.subscribeAsync('gone');
    const told = new Promise((resolve) =>
      watcher.once('message', (topic: string, message: Uint8Array) => resolve([topic, message.toString()])),
    );
    const doomed = await mqtt.connectAsync(`${url}`, {
      clientId: 'doomed',
      reconnectPeriod: 0,
      will: { topic: 'gone', payload: 'lost', qos: 0, retain: false },
    });
    const second = await mqtt.connectAsync(url, { clientId: 'doomed', reconnectPeriod: 0 }); // takes the first one over
    log(await told);
    for (const client of [watcher, doomed, second]) await client.endAsync(true);
  },
  'what is published before the connection waits, QoS 0 too': async (mqtt, url, log) => {
    const watcher = await mqtt.connectAsync(url);
    await watcher.subscribeAsync('early', { qos: 2 });
    const messages: string[] = [];
    const three = new Promise<void>((resolve) => {
      watcher.on('message', (_: string, message: Uint8Array) => {
        messages.push(message.toString());
        if (messages.length === 3) resolve();
      });
    });
    const client = mqtt.connect(url);
    for (const qos of [0, 1, 2]) client.publish('early', `at ${qos}`, { qos });
    await three;
    log([...messages].sort());
    for (const each of [watcher, client]) await each.endAsync();
  },
  'a refusal is an error with its return code': (mqtt, url, log) =>
    new Promise((resolve) => {
      const client = mqtt.connect(url, { username: 'nobody', password: 'x', reconnectPeriod: 0 });
      client.on('error', (error: Error & { code?: number }) => {
        log(error.message, error.code);
        client.end(true);
        resolve();
      });
    }),
  'nobody listens: an error with the code of the system, then close': (mqtt, _, log) =>
    new Promise((resolve) => {
      const client = mqtt.connect('mqtt://127.0.0.1:1', { reconnectPeriod: 0 });
      client.on('error', (error: Error & { code?: string }) => log(error.code));
      client.on('close', () => {
        log('close');
        client.end(true);
        resolve();
      });
    }),
  'a topic that is none, and a publication after the end, are told to the callback': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    const subscribed = await new Promise((resolve) =>
      client.subscribe('a/#/b', (error: Error | null) => resolve(error !== null)),
    );
    log(subscribed);
    await client.endAsync();
    log(
      await new Promise((resolve) =>
        client.publish('a', 'x', { qos: 1 }, (error?: Error) => resolve(error instanceof Error)),
      ),
    );
  },
};

describe("programs of MQTT.js's documentation see the same with it and with the adapter", () => {
  const aedes = new Aedes();
  let server: Server;
  let url: string;

  beforeAll(async () => {
    aedes.authenticate = (_client, userName, _password, done) => {
      if (userName === 'nobody') done(Object.assign(new Error('no'), { returnCode: 5 as never }), false);
      else done(null, true);
    };
    await aedes.listen();
    server = createServer(aedes.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.close();
    aedes.close();
  });

  test.each(Object.keys(PROGRAMS))('%s', async (name) => {
    await assertSameTranscript(PROGRAMS[name], url, theirs as unknown as Mqtt, ours as unknown as Mqtt);
  });
});

test('listeners: once, off, removeAllListeners, and an event that nobody hears', () => {
  const client = ours.connect('mqtt://127.0.0.1:1', { manualConnect: true });
  let heard = 0;
  const listener = () => heard++;
  client.once('offline', listener).on('offline', listener);
  assert.equal(client.emit('offline'), true);
  client.removeListener('offline', listener);
  assert.equal(client.emit('offline'), false);
  client.on('offline', listener).addListener('reconnect', listener).removeAllListeners('offline').removeAllListeners();
  assert.equal(client.emit('reconnect'), false);
  assert.equal(heard, 2);
  client.end();
});
