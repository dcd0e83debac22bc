import assert from 'node:assert/strict';
import { type ByteTransport, dialTcp } from '@busbar/transport';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type Client, type ConnectOptions, connect, createClient, type Message } from '../../src/index.ts';

/** A broker that is not ours. */
export interface ForeignBroker {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it without a word to its clients and starts it again on its port. */
  restart(whileItIsGone: () => Promise<void>): Promise<void>;
}

/** Messages as they come, and a way to wait for them. */
export class Collector {
  readonly messages: Message[] = [];
  #waiters: (() => void)[] = [];

  readonly take = (message: Message): void => {
    this.messages.push(message);
    for (const waiter of this.#waiters.splice(0)) waiter();
  };

  /** Resolves with all messages once there are so many. */
  async until(count: number): Promise<Message[]> {
    while (this.messages.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.messages;
  }

  get texts(): string[] {
    return this.messages.map((message) => message.text());
  }
}

/** Resolves with the next event of this name. */
export function once(client: Client, name: 'connected' | 'disconnected' | 'closed'): Promise<void> {
  return new Promise((resolve) => {
    const listener = () => {
      client.off(name, listener);
      resolve();
    };
    client.on(name, listener);
  });
}

let lastNumber = 0;

/** A Client Identifier and a topic of a test's own, so that tests on one broker do not meet. */
export function unique(what: string): string {
  return `${what}-${process.pid}-${++lastNumber}`;
}

/** What a broker does not do, or does otherwise. */
export interface Shortcomings {
  /** The highest QoS that it knows; default 2. */
  readonly maximumQos?: 1 | 2;
  /** Whether it keeps no sessions when it restarts; default true. */
  readonly isSessionLostWithRestart?: boolean;
}

/** The scenarios that every broker must pass with our client. */
export function describeInterop(
  startBroker: () => Promise<ForeignBroker>,
  protocolVersion: 3 | 4 | 5,
  { maximumQos = 2, isSessionLostWithRestart = true }: Shortcomings,
): void {
  const known = <Qos extends number>(...qos: Qos[]): Qos[] => qos.filter((each) => each <= maximumQos);
  let broker: ForeignBroker;
  const clients: Client[] = [];

  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker?.stop());
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end({ timeoutMs: 100 })));
  });

  const persistent: ConnectOptions = { cleanStart: false, sessionExpiryInterval: 300 };

  async function open(options: ConnectOptions = {}): Promise<Client> {
    const reconnect = { initialDelayMs: 20, maximumDelayMs: 100 };
    const client = await connect(broker.url, { protocolVersion, reconnect, clientIdentifier: unique('c'), ...options });
    clients.push(client);
    return client;
  }

  test.each(known(0, 1, 2))('messages of QoS %i go round, text, bytes and nothing', async (qos) => {
    const client = await open();
    const collector = new Collector();
    const topic = unique('round');
    const grant = await client.subscribe(`${topic}/#`, { qos }, collector.take);
    assert.equal(grant.qos, qos);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await client.publish(`${topic}/text`, 'Grüße', { qos });
    await client.publish(`${topic}/bytes`, bytes, { qos });
    await client.publish(topic, '', { qos });
    const received = await collector.until(3);
    // The order of messages is one of each topic (section 4.6): NATS has a consumer for `topic` and one for what is below it.
    const [text, binary, nothing] = [`${topic}/text`, `${topic}/bytes`, topic].map((topicName) =>
      received.find((message) => message.topicName === topicName),
    );
    assert.deepEqual([text?.text(), text?.qos, text?.retain], ['Grüße', qos, false]);
    assert.deepEqual(binary?.payload, bytes);
    assert.equal(nothing?.payload.length, 0);
  });

  test.each(known(1, 2))('a thousand messages of QoS %i, at once, in order', async (qos) => {
    const client = await open();
    const collector = new Collector();
    const topic = unique('many');
    await client.subscribe(topic, { qos }, collector.take);
    const numbers = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    await Promise.all(numbers.map((number) => client.publish(topic, number, { qos })));
    await collector.until(1_000);
    assert.deepEqual(collector.texts, numbers);
    assert.equal(client.counters.inFlight, 0);
  });

  test('a large message', async () => {
    const client = await open();
    const collector = new Collector();
    const topic = unique('large');
    await client.subscribe(topic, { qos: maximumQos }, collector.take);
    const payload = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 7);
    await client.publish(topic, payload, { qos: maximumQos });
    const [message] = await collector.until(1);
    assert.deepEqual(message?.payload, payload);
  });

  test('retained messages come to who subscribes later, until they are deleted', async () => {
    const client = await open();
    const topic = unique('retained');
    await client.publish(topic, 'kept', { retain: true, qos: 1 });
    for await (const message of client.subscribe(topic, { qos: 1 })) {
      assert.deepEqual([message.text(), message.retain], ['kept', true]);
      break;
    }
    await client.publish(topic, '', { retain: true, qos: 1 });
    const collector = new Collector();
    await client.subscribe(topic, { qos: 1 }, collector.take);
    await client.publish(topic, 'live', { qos: 1 });
    await collector.until(1);
    assert.deepEqual(collector.texts, ['live']);
  });

  test('the will comes when a client vanishes, and not when it says DISCONNECT', async () => {
    const watcher = await open();
    const collector = new Collector();
    const topic = unique('will');
    await watcher.subscribe(topic, { qos: 1 }, collector.take);
    const will = { topicName: topic, payload: 'polite', qos: 1 } as const;
    await (await open({ will })).end();

    let transport: ByteTransport | undefined;
    const dial: ConnectOptions['dial'] = async ({ host, port }, signal) => {
      transport = await dialTcp({ host, port, signal });
      return transport;
    };
    await open({ dial, reconnect: false, will: { ...will, payload: 'gone' } });
    transport?.destroy();
    await collector.until(1);
    assert.deepEqual(collector.texts, ['gone']);
  });

  test('a session that is resumed brings what was sent meanwhile, each message once', async () => {
    const clientIdentifier = unique('sleeper');
    const topic = unique('queued');
    const first = await open({ ...persistent, clientIdentifier });
    await first.subscribe(`${topic}/+`, { qos: maximumQos }, () => {});
    await first.end();

    const publisher = await open();
    const texts = known(1, 2).flatMap((qos) => [`${qos}-a`, `${qos}-b`]);
    for (const text of texts) await publisher.publish(`${topic}/x`, text, { qos: text.startsWith('1') ? 1 : 2 });

    const second = await open({ ...persistent, clientIdentifier });
    const collector = new Collector();
    second.on('message', collector.take);
    await collector.until(texts.length);
    assert.deepEqual(collector.texts, texts);
    await publisher.publish(`${topic}/1`, 'last', { qos: 1 });
    await collector.until(texts.length + 1);
    assert.equal(collector.texts.at(-1), 'last');
    await second.unsubscribe(`${topic}/+`);
  });

  test('an unsubscribed filter brings nothing more', async () => {
    const client = await open();
    const collector = new Collector();
    const topic = unique('left');
    const left = client.subscribe(`${topic}/left`, { qos: 1 }, collector.take);
    const kept = client.subscribe(`${topic}/kept`, { qos: 1 }, collector.take);
    await Promise.all([left, kept]);
    await left.unsubscribe();
    await client.publish(`${topic}/left`, 'no', { qos: 1 });
    await client.publish(`${topic}/kept`, 'yes', { qos: 1 });
    await collector.until(1);
    assert.deepEqual(collector.texts, ['yes']);
  });

  test('subscriptions that overlap each get their messages', async () => {
    const client = await open();
    const [wide, narrow] = [new Collector(), new Collector()];
    const topic = unique('overlap');
    await client.subscribe(`${topic}/#`, { qos: 1 }, wide.take);
    await client.subscribe(`${topic}/a`, { qos: 1 }, narrow.take);
    await client.publish(`${topic}/b`, 'b', { qos: 1 });
    await client.publish(`${topic}/a`, 'a', { qos: 1 });
    await narrow.until(1);
    await wide.until(2);
    assert.ok(wide.texts.includes('a') && wide.texts.includes('b'));
    assert.ok(narrow.texts.every((text) => text === 'a'));
  });

  test('a broker that restarts: the client comes back, subscribes again and delivers what waited', async () => {
    const options = isSessionLostWithRestart ? {} : persistent;
    const client = await open({ ...options });
    const collector = new Collector();
    const topic = unique('restart');
    await client.subscribe(topic, { qos: 1 }, collector.take);
    const reconnected = once(client, 'connected');
    const waiting: Promise<unknown>[] = [];
    await broker.restart(async () => {
      if (client.state === 'connected') await once(client, 'disconnected');
      waiting.push(client.publish(topic, 'while it was gone', { qos: 1 }));
    });
    await reconnected;
    await Promise.all(waiting);
    await client.publish(topic, 'after', { qos: 1 });
    await collector.until(2);
    assert.deepEqual(collector.texts, ['while it was gone', 'after']);
  });

  test('a client that is started before its broker can be reached connects when it can', async () => {
    const topic = unique('patient');
    let isReachable = false;
    const dial: ConnectOptions['dial'] = async ({ host, port }, signal) =>
      isReachable ? dialTcp({ host, port, signal }) : Promise.reject(new Error('not yet'));
    const client = createClient(broker.url, {
      protocolVersion,
      dial,
      clientIdentifier: unique('c'),
      reconnect: { initialDelayMs: 5 },
    });
    clients.push(client);
    const collector = new Collector();
    client.subscribe(topic, { qos: 1 }, collector.take);
    client.on('attempt-failed', () => {
      isReachable = true;
    });
    client.start();
    await once(client, 'connected');
    await client.publish(topic, 'here', { qos: 1 });
    await collector.until(1);
  });
}

/** Versions of the same scenarios. */
export function describeVersions(
  versions: readonly (3 | 4 | 5)[],
  startBroker: () => Promise<ForeignBroker>,
  shortcomings: Shortcomings = {},
): void {
  for (const version of versions) {
    describe(`protocol version ${version}`, () => describeInterop(startBroker, version, shortcomings));
  }
}
