import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Broker, createBroker } from '@busbar/broker';
import ours from '@busbar/client/mqttjs';
import theirs from 'mqtt';
import { afterAll, beforeAll, describe, test, vi } from 'vitest';
import { assertSameTranscript } from '../packages/client/test/mqttjs/transcript.ts';

vi.setConfig({ testTimeout: 60_000 });

/** What the programs below use: both modules have it. */
interface Mqtt {
  connect(url: string | object, options?: object): Program;
  connectAsync(url: string, options?: object): Promise<Program>;
}
type Option = 'clientId' | 'username' | 'password' | 'keepalive' | 'protocolVersion' | 'clean' | 'reconnectPeriod';
interface Program {
  readonly connected: boolean;
  readonly keepalive: number;
  readonly serverProperties: unknown;
  readonly options: { readonly [name in Option]?: unknown };
  on(name: string, listener: (...values: never[]) => unknown): Program;
  once(name: string, listener: (...values: never[]) => unknown): Program;
  off(name: string, listener: (...values: never[]) => unknown): Program;
  prependListener(name: string, listener: (...values: never[]) => unknown): Program;
  setMaxListeners(maximum: number): Program;
  listeners(name: string): unknown[];
  publish(topic: string, message: string, ...rest: unknown[]): unknown;
  publishAsync(topic: string, message: string, options?: object): Promise<{ messageId?: number } | undefined>;
  subscribeAsync(topics: unknown, options?: object): Promise<unknown>;
  unsubscribeAsync(topics: unknown, options?: object): Promise<unknown>;
  end(...rest: unknown[]): unknown;
  endAsync(force?: boolean, options?: object): Promise<unknown>;
}

type Log = (...values: unknown[]) => void;
type Five = { readonly protocolVersion: 5 };
const FIVE: Five = { protocolVersion: 5 };

/** A server that answers CONNECT, and other packets by their first byte, with bytes. */
class ScriptedServer {
  readonly #sockets = new Set<Socket>();
  readonly #answers: Readonly<Record<number, (packet: Buffer) => Buffer | undefined>>;
  #server: Server | undefined;
  #port = 0;

  constructor(answers: Readonly<Record<number, (packet: Buffer) => Buffer | undefined>>) {
    this.#answers = answers;
  }

  async start(): Promise<string> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (packet: Buffer) => {
        const answer = this.#answers[packet[0] as number]?.(packet);
        if (answer !== undefined) socket.write(answer);
        else if (packet[0] === 0x10) socket.destroy();
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

const accept3 = () => Buffer.from('20020000', 'hex');
const accept5 = () => Buffer.from('2003000000', 'hex');

function event(client: Program, name: string): Promise<unknown[]> {
  return new Promise((resolve) => client.once(name, (...values: unknown[]) => resolve(values)));
}

function sorted(fields: object): unknown[] {
  return Object.keys(fields)
    .sort()
    .map((name) => [name, (fields as Record<string, unknown>)[name]]);
}

/** What fails, as a program sees it. */
function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not fail',
    ({ message, code }: Error & { code?: unknown }) => [message, code],
  );
}

/** Each writes down what it sees. */
const PROGRAMS: Readonly<Record<string, (mqtt: Mqtt, url: string, log: Log) => Promise<void>>> = {
  'properties have the shapes of MQTT.js, there and back': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url, {
      ...FIVE,
      properties: { requestResponseInformation: true, sessionExpiryInterval: 10, userProperties: { line: '1' } },
    });
    const message = event(client, 'message');
    await client.subscribeAsync('p', { qos: 1, properties: { subscriptionIdentifier: 7, userProperties: { a: 'b' } } });
    await client.publishAsync('p', 'x', {
      qos: 1,
      properties: {
        payloadFormatIndicator: true,
        messageExpiryInterval: 60,
        responseTopic: 'answers',
        correlationData: Buffer.from('1'),
        userProperties: { one: 'v', several: ['1', '2'] },
        contentType: 'text/plain',
      },
    });
    const [, , packet] = (await message) as [string, Buffer, { properties: Record<string, unknown> }];
    const { correlationData, ...properties } = packet.properties;
    log(String(correlationData), sorted(properties));
    await client.unsubscribeAsync('p', { properties: { userProperties: { a: 'b' } } });
    await client.endAsync(false, { reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
  },
  'a program sees no Subscription Identifiers that it has not asked for': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url, FIVE);
    const message = event(client, 'message');
    await client.subscribeAsync('p/#');
    await client.publishAsync('p/a', 'x', { qos: 1 });
    const [, , packet] = (await message) as [string, Buffer, { properties?: object }];
    log(Object.keys(packet.properties ?? {}));
    await client.endAsync();
  },
  'a will with properties, and an end that lets the server publish it': async (mqtt, url, log) => {
    const watcher = await mqtt.connectAsync(url, FIVE);
    await watcher.subscribeAsync('gone');
    const told = event(watcher, 'message');
    const client = await mqtt.connectAsync(url, {
      ...FIVE,
      will: {
        topic: 'gone',
        payload: 'lost',
        qos: 0,
        retain: false,
        properties: { payloadFormatIndicator: true, contentType: 'text/plain', userProperties: { why: 'unknown' } },
      },
    });
    client.end(false, { reasonCode: 4 });
    const [topic, payload, packet] = (await told) as [string, Buffer, { properties: object }];
    log(topic, payload.toString(), sorted(packet.properties));
    await watcher.endAsync();
  },
  'a packet that was acknowledged has its messageId': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    log(typeof (await client.publishAsync('a', 'x', { qos: 1 }))?.messageId, await client.publishAsync('a', 'x'));
    await client.endAsync();
  },
  'options: defaults, those of the URL, and those that stand before it': async (mqtt, url, log) => {
    const { port } = new URL(url);
    const query = await mqtt.connectAsync(`${url.replace('//', '//me:p%2Fw@')}?clientId=query`);
    const { clientId, username, password, keepalive, protocolVersion, clean, reconnectPeriod } = query.options;
    log(clientId, username, password, keepalive, protocolVersion, clean, reconnectPeriod);
    const other = mqtt.connect('mqtt://127.0.0.1:1', { port: Number(port), reconnectPeriod: 0 });
    await event(other, 'connect');
    log(other.connected, typeof other.options.clientId, other.keepalive, other.serverProperties);
    for (const client of [query, other]) await client.endAsync();
  },
  'listeners: one that is taken back before it was called once, one that comes first': async (mqtt, url, log) => {
    const client = mqtt.connect(url).setMaxListeners(0);
    const never = () => log('never');
    client.once('connect', never).off('connect', never);
    const last = event(client, 'connect');
    client.on('connect', () => log('second')).prependListener('connect', () => log('first'));
    await last;
    log(client.listeners('connect').includes(never));
    await client.endAsync();
  },
  'what is asked for after the end fails': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    await client.endAsync();
    log(await failure(client.publishAsync('a', 'x')));
    log(await failure(client.subscribeAsync('a')));
    log(await failure(client.unsubscribeAsync('a')));
  },
  'a subscription to nothing fails': async (mqtt, url, log) => {
    const client = await mqtt.connectAsync(url);
    log(await failure(client.subscribeAsync([])));
    await client.endAsync();
  },
  'a server that refuses is not asked again': async (mqtt, _, log) => {
    const server = new ScriptedServer({ 16: () => Buffer.from('2003008700', 'hex') });
    const client = mqtt.connect(await server.start(), { ...FIVE, reconnectPeriod: 1 });
    for (const name of ['offline', 'close', 'reconnect']) client.on(name, () => log(name));
    client.on('error', ({ message, code }: Error & { code?: number }) => log(message, code));
    await event(client, 'close');
    await client.endAsync();
    await server.stop();
  },
  'a refused subscription among others, a refused message: errors with the Reason Code': async (mqtt, _, log) => {
    const server = new ScriptedServer({
      16: accept5,
      130: (packet) => Buffer.from([0x90, 4, packet[2] as number, packet[3] as number, 0, 0x87]),
      50: (packet) => Buffer.from([0x40, 4, packet[5] as number, packet[6] as number, 0x97, 0]),
    });
    const client = await mqtt.connectAsync(await server.start(), FIVE);
    const [message] = (await failure(client.subscribeAsync('a'))) as [string];
    log(message, await failure(client.publishAsync('n', 'x', { qos: 1 })));
    await client.endAsync(true);
    await server.stop();
  },
  'offline, close and reconnect come in this order, offline once': async (mqtt, _, log) => {
    const server = new ScriptedServer({ 16: accept3 });
    const url = await server.start();
    const client = await mqtt.connectAsync(url, { reconnectPeriod: 1 });
    let closes = 0;
    const twice = new Promise<void>((resolve) => {
      for (const name of ['offline', 'close', 'reconnect', 'end']) {
        client.on(name, () => {
          if (closes < 2) log(name);
          if (name === 'close' && ++closes === 2) resolve();
        });
      }
    });
    await server.stop();
    await twice;
    await client.endAsync(true);
  },
  'a client of connectAsync connects again, however often that fails': async (mqtt, _, log) => {
    const server = new ScriptedServer({ 16: accept3 });
    const client = await mqtt.connectAsync(await server.start(), { reconnectPeriod: 1 });
    let attempts = 0;
    const third = new Promise<void>((resolve) => client.on('reconnect', () => ++attempts === 3 && resolve()));
    await server.stop();
    await third;
    const again = event(client, 'connect');
    await server.start();
    await again;
    log(client.connected);
    await client.endAsync(true);
    await server.stop();
  },
  'a connection that is closed in the handshake is no error': async (mqtt, _, log) => {
    const server = new ScriptedServer({});
    const client = mqtt.connect(await server.start(), { reconnectPeriod: 0 });
    for (const name of ['offline', 'end', 'error']) client.on(name, () => log(name));
    await event(client, 'close');
    log('close');
    await server.stop();
    await client.endAsync(true);
  },
};

describe('programs for MQTT.js see the same with it and with the adapter', () => {
  let broker: Broker;
  let url: string;

  beforeAll(async () => {
    broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }] });
    url = `mqtt://127.0.0.1:${broker.listeners[0]?.port}`;
  });

  afterAll(() => broker.stop());

  test.each(Object.keys(PROGRAMS))('%s', async (name) => {
    await assertSameTranscript(PROGRAMS[name], url, theirs as unknown as Mqtt, ours as unknown as Mqtt);
  });
});

test('a user property named like something of every object is an ordinary one', async () => {
  const broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }] });
  const client = await ours.connectAsync(`mqtt://127.0.0.1:${broker.listeners[0]?.port}`, FIVE);
  const told = event(client as unknown as Program, 'message');
  await client.subscribeAsync('p');
  await client.publishAsync('p', 'x', {
    properties: { userProperties: JSON.parse('{"__proto__":"a","toString":"b"}') },
  });
  const [, , { properties }] = (await told) as [string, Buffer, { properties: { userProperties: object } }];
  assert.deepEqual(Object.entries(properties.userProperties), [
    ['__proto__', 'a'],
    ['toString', 'b'],
  ]);
  await client.endAsync();
  await broker.stop();
});
