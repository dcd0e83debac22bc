import assert from 'node:assert/strict';
import { PacketType, type PublishProperties, ReasonCode, type UsageError } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { createBroker, type InProcessMessage, PublishRefusedError } from '../../src/index.ts';
import { SlowStore } from '../slow-store.ts';
import { VirtualBroker } from '../virtual-broker.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets the broker's turns and the program's promises alternate until nothing more happens. */
const settle = async (broker: VirtualBroker): Promise<void> => {
  for (let i = 0; i < 10; i++) {
    broker.run();
    await turn();
  }
};

describe('publish', () => {
  test('reaches clients, is retained, and says whether anybody has subscribed', async () => {
    const { broker, virtual } = await start();
    assert.deepEqual(await broker.publish('t', 'nobody'), { reasonCode: ReasonCode.noMatchingSubscribers });
    const client = virtual.connect('c');
    client.subscribe('t', { qos: 1 });
    const properties: PublishProperties = { contentType: 'text/plain' };
    const { reasonCode } = await broker.publish('t', 'x', { qos: 1, retain: true, properties });
    assert.equal(reasonCode, 0);
    virtual.run();
    const [message] = client.messages();
    assert.deepEqual([message?.topicName, message?.qos, message?.properties], ['t', 1, properties]);
    assert.equal(broker.stats().retained, 1);
  });

  test('refuses what types forbid', async () => {
    const { broker } = await start();
    const untyped = broker as unknown as Record<'publish' | 'subscribe', (...values: unknown[]) => Promise<unknown>>;
    await assert.rejects(untyped.publish(5, 'x'), { code: 'topic-name-invalid' });
    for (const properties of [{ topicAlias: 3 }, { subscriptionIdentifiers: [1] }]) {
      await assert.rejects(untyped.publish('t', 'x', { properties }), { code: 'property-not-allowed' });
    }
    assert.throws(() => untyped.subscribe('t', 5), { code: 'option-invalid' });
    assert.throws(() => untyped.subscribe(5), { code: 'topic-filter-invalid' });
  });

  test('is kept in the queue of a client that is away', async () => {
    const { broker, virtual } = await start();
    virtual.connectLasting('away').subscribe('t', { qos: 1 });
    virtual.connectLasting('away').cut();
    await broker.publish('t', new Uint8Array([0x78]), { qos: 2 });
    assert.deepEqual(virtual.connectLasting('away').texts(), ['x']);
  });

  test('at QoS 1 resolves when the store has kept what it changed, at QoS 0 at once', async () => {
    const store = new SlowStore();
    const virtual = await VirtualBroker.start({ store });
    store.onWanted = () => virtual.clock.endOfTurn(() => store.sync());
    virtual.connectLasting('away').subscribe('t', { qos: 1 });
    virtual.connectLasting('away').cut();
    store.onWanted = () => {};
    await virtual.broker.publish('t', '0');
    let isDone = false;
    const publishing = virtual.broker.publish('t', '1', { qos: 1 }).then(() => {
      isDone = true;
    });
    await turn();
    assert.equal(isDone, false);
    store.sync();
    await publishing;
  });

  test('refuses what MQTT cannot carry, and what the limits do not let in', async () => {
    const limits = { queuePolicy: 'refuse', maximumQueuedMessages: 1, maximumRetainedMessages: 1 } as const;
    const { broker, virtual } = await start({ limits });
    const codeOf = (publishing: Promise<unknown>) =>
      publishing.then(
        () => assert.fail('was taken'),
        (error: UsageError | PublishRefusedError) => [
          error.code,
          error instanceof PublishRefusedError && error.reasonCode,
        ],
      );
    assert.deepEqual(await codeOf(broker.publish('a/#', 'x')), ['topic-name-invalid', false]);
    assert.deepEqual(await codeOf(broker.publish('', 'x')), ['topic-name-invalid', false]);
    assert.deepEqual(await codeOf(broker.publish('a', 'x', { qos: 3 as never })), ['qos-invalid', false]);
    assert.deepEqual(await codeOf(broker.publish('a', 7 as never)), ['payload-invalid', false]);
    assert.deepEqual(await codeOf(broker.publish('$SYS/x', 'x')), ['publish-refused', ReasonCode.notAuthorized]);
    virtual.connectLasting('away').subscribe('t', { qos: 1 });
    virtual.connectLasting('away').cut();
    await broker.publish('t', '1', { qos: 1 });
    assert.deepEqual(await codeOf(broker.publish('t', '2', { qos: 1 })), ['publish-refused', ReasonCode.quotaExceeded]);
    await broker.publish('kept', '1', { qos: 1, retain: true });
    const second = broker.publish('more', '2', { qos: 1, retain: true });
    assert.deepEqual(await codeOf(second), ['publish-refused', ReasonCode.quotaExceeded]);
    await virtual.stop();
    assert.deepEqual(await codeOf(broker.publish('t', 'x')), ['broker-stopped', false]);
  });

  test('is judged by rules only in the name of an identity, and is put below its mount point', async () => {
    const authorization = {
      rules: [{ allow: ['publish', 'subscribe', 'receive'], users: ['u'], topics: ['box/a'] }],
    } as const;
    const { broker } = await start({ authorization });
    const heard: string[] = [];
    broker.subscribe('#', ({ topicName }) => void heard.push(topicName));
    const identity = { clientIdentifier: 'twin', userName: 'u', mountPoint: 'box/' };
    await broker.publish('anything', 'x');
    await broker.publish('a', 'x', { identity });
    await assert.rejects(broker.publish('b', 'x', { identity }), { reasonCode: ReasonCode.notAuthorized });
    assert.throws(() => broker.subscribe('#', { identity }), { code: 'not-authorized' });
    const own: string[] = [];
    broker.subscribe('a', ({ topicName }) => void own.push(topicName), { identity });
    await broker.publish('box/a', 'x');
    await settle(await virtualOf(broker));
    assert.deepEqual(heard, ['anything', 'box/a', 'box/a']);
    assert.deepEqual(own, ['a']);
  });
});

const running = new Map<unknown, VirtualBroker>();
const virtualOf = async (broker: unknown): Promise<VirtualBroker> => running.get(broker) ?? assert.fail();

async function start(options = {}) {
  const virtual = await VirtualBroker.start(options);
  running.set(virtual.broker, virtual);
  return { broker: virtual.broker, virtual };
}

describe('subscribe', () => {
  test('brings retained messages first, then what clients and programs publish, after the turn', async () => {
    const { broker, virtual } = await start();
    await broker.publish('kept', 'old', { retain: true });
    const heard: string[] = [];
    const subscription = broker.subscribe(
      '#',
      (m) => void heard.push(`${m.text()} ${m.qos} ${m.retain} ${m.publisher}`),
    );
    const client = virtual.connect('c');
    client.send(publishPacket('t', '{"a":1}', { qos: 1, packetId: 1, properties: { contentType: 'json' } }));
    client.expectNow({ type: PacketType.puback, reasonCode: 0 });
    await settle(virtual);
    assert.deepEqual(heard, ['old 0 true ', '{"a":1} 1 false c']);
    subscription.unsubscribe();
    client.send(publishPacket('t', 'late'));
    await settle(virtual);
    assert.equal(heard.length, 2);
    assert.equal(broker.stats().subscriptions, 0);
    virtual.assertNothingLostInSilence();
  });

  test('takes a bounded number of messages; the rest waits in the session within its limits, and is counted when lost', async () => {
    const { broker, virtual } = await start({ limits: { maximumQueuedMessages: 3 } });
    const heard: string[] = [];
    let release: () => void = () => {};
    const handler = async (message: InProcessMessage): Promise<void> => {
      heard.push(message.text());
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    };
    const subscription = broker.subscribe('t', handler, { maximumInFlight: 2 });
    const client = virtual.connect('c');
    for (let i = 1; i <= 7; i++) client.send(publishPacket('t', String(i), { qos: 1, packetId: i }));
    await settle(virtual);
    assert.deepEqual(heard, ['1']);
    assert.equal(subscription.waiting, 5);
    assert.deepEqual(broker.stats().dropped, { 'queue-full': 2 });
    for (let i = 0; i < 7; i++) {
      release();
      await settle(virtual);
    }
    // The oldest that waited have given way.
    assert.deepEqual(heard, ['1', '2', '5', '6', '7']);
    assert.equal(subscription.waiting, 0);
    virtual.assertNothingLostInSilence();
  });

  test('a loop takes one message at a time, in order; leaving it ends the subscription', async () => {
    const { broker, virtual } = await start();
    const heard: string[] = [];
    const looping = (async () => {
      for await (const message of broker.subscribe('t', { qos: 2, maximumInFlight: 1 })) {
        heard.push(message.text());
        if (heard.length === 3) break;
      }
    })();
    for (let i = 1; i <= 5; i++) await broker.publish('t', String(i), { qos: 2 });
    await settle(virtual);
    await looping;
    assert.deepEqual(heard, ['1', '2', '3']);
    assert.deepEqual(broker.stats().dropped, { 'session-ended': 2 });
    assert.equal(broker.stats().subscriptions, 0);
    virtual.assertNothingLostInSilence();
  });

  test('a loop that waits ends when the broker stops', async () => {
    const { broker, virtual } = await start();
    const looping = (async () => {
      for await (const _ of broker.subscribe('t')) assert.fail('nothing was published');
    })();
    await turn();
    await virtual.stop();
    await looping;
  });

  test('a handler that throws, at once or later, is named in the log, and the next message comes', async () => {
    const { broker, virtual } = await start();
    const heard: string[] = [];
    broker.subscribe('now', (m) => {
      heard.push(m.text());
      throw new Error('broken');
    });
    broker.subscribe('later', async (m) => {
      heard.push(m.text());
      throw new Error('broken');
    });
    for (const topic of ['now', 'later']) {
      await broker.publish(topic, `${topic} 1`, { qos: 1 });
      await broker.publish(topic, `${topic} 2`, { qos: 1 });
      await settle(virtual);
    }
    assert.deepEqual(heard, ['now 1', 'now 2', 'later 1', 'later 2']);
    assert.deepEqual(broker.stats().dropped, { refused: 4 });
    assert.equal(virtual.takeLog('error').length, 4);
    virtual.assertNothingLostInSilence();
  });

  test('shares a subscription with clients, and its part goes on to them when it ends', async () => {
    const { broker, virtual } = await start();
    const subscription = broker.subscribe('$share/g/t', () => new Promise(() => {}), { maximumInFlight: 10 });
    for (let i = 1; i <= 3; i++) await broker.publish('t', String(i), { qos: 1 });
    await settle(virtual);
    const client = virtual.connect('c');
    client.subscribe('$share/g/t', { qos: 1 });
    subscription.unsubscribe();
    virtual.run();
    assert.deepEqual(client.texts(), ['2', '3']);
  });

  test('a rule engine may publish from its handler, also to what it has subscribed to, and others have their turn', async () => {
    const { broker, virtual } = await start();
    broker.subscribe('count/#', async (message) => {
      const count = Number(message.text());
      if (count < 1000) await broker.publish('count/x', String(count + 1));
    });
    const client = virtual.connect('c');
    client.subscribe('count/#', { qos: 0 });
    await broker.publish('count/x', '1');
    for (let i = 0; broker.stats().messagesReceived < 1000 && i < 10_000; i++) await settle(virtual);
    assert.equal(client.texts().at(-1), '1000');
  });

  test('refuses filters and options that make no sense', async () => {
    const { broker } = await start();
    const codes = [
      () => broker.subscribe('a/#/b'),
      () => broker.subscribe('a', { qos: 3 as never }),
      () => broker.subscribe('a', { maximumInFlight: 0 }),
    ].map((subscribing) => {
      try {
        subscribing();
      } catch (error) {
        return (error as UsageError).code;
      }
      return undefined;
    });
    assert.deepEqual(codes, ['topic-filter-invalid', 'qos-invalid', 'option-invalid']);
  });
});

test('several brokers in one process do not know each other; a program joins two', async () => {
  const brokers = await Promise.all([1, 2, 3].map(() => createBroker({ listeners: [{ port: 0 }] })));
  const [first, second, third] = brokers;
  assert.ok(first && second && third);
  const ports = brokers.map(({ listeners }) => listeners[0]?.port);
  assert.equal(new Set(ports).size, 3);
  const heard: string[] = [];
  const arrived = new Promise<void>((resolve) => {
    second.subscribe('#', ({ topicName }) => {
      heard.push(`second ${topicName}`);
      resolve();
    });
  });
  third.subscribe('#', ({ topicName }) => void heard.push(`third ${topicName}`));
  first.subscribe('up/#', async ({ topicName, payload }) => {
    await second.publish(topicName, payload, { qos: 1 });
  });
  await first.publish('up/x', 'x', { qos: 1 });
  await first.publish('stays', 'x', { qos: 1 });
  await arrived;
  assert.deepEqual(heard, ['second up/x']);
  assert.deepEqual(
    brokers.map((broker) => broker.stats().messagesReceived),
    [2, 1, 0],
  );
  await Promise.all(brokers.map((broker) => broker.stop()));
});
