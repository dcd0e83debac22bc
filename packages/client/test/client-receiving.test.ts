import assert from 'node:assert/strict';
import { PacketType } from '@busbar/codec';
import { VirtualClock } from '@busbar/testkit';
import { describe, test } from 'vitest';
import type { Message } from '../src/index.ts';
import { acknowledgementsIn, ClientHarness, identified, outcomeOf, publish } from './client-harness.ts';

/** A client that is connected and has these subscriptions, each with a handler that keeps its texts. */
async function subscribed(filters: readonly string[], options = {}, connack = {}) {
  const harness = new ClientHarness(options);
  await harness.start(connack);
  const texts = filters.map((): string[] => []);
  for (const [at, filter] of filters.entries()) {
    harness.client.subscribe(filter, { qos: 2 }, (message) => void texts[at]?.push(message.text()));
  }
  await harness.grant();
  return { harness, texts };
}

test('a message has topic, payload, flags and properties', async () => {
  const messages: Message[] = [];
  const harness = new ClientHarness({ onMessage: (message: Message) => messages.push(message) });
  await harness.start();
  const properties = { contentType: 'application/json' };
  await harness.send(publish('a', { text: '{"µ":1}', qos: 1, packetId: 3, retain: true, dup: true, properties }));
  const [message] = messages;
  assert.deepEqual(
    [message?.topicName, message?.qos, message?.retain, message?.dup, message?.properties],
    ['a', 1, true, true, properties],
  );
  assert.equal(message?.text(), '{"µ":1}');
  assert.deepEqual(message?.json(), { µ: 1 });
  assert.deepEqual(acknowledgementsIn(await harness.took()), [[PacketType.puback, 3]]);
});

describe('whom a message is for', () => {
  test('Subscription Identifiers say it exactly', async () => {
    const { harness, texts } = await subscribed(['a/#', 'a/+', '$share/g/a/b', 'b']);
    await harness.send(
      publish('a/b', { text: '1', ...identified(1, 2) }),
      publish('a/b', { text: '2', ...identified(3) }),
      publish('a/b', { text: '3', ...identified(1, 1) }),
      publish('a/b', { text: '4', ...identified(9) }),
    );
    assert.deepEqual(texts, [['1', '3'], ['1'], ['2'], []]);
    assert.equal(harness.client.counters.unhandled, 1);
  });

  test('without them the Topic Name says it; a Shared Subscription is matched by its inner filter', async () => {
    const { harness, texts } = await subscribed(['a/#', 'a/+', '$share/g/a/b', 'b'], { protocolVersion: 4 });
    await harness.send(publish('a/b', { text: '1' }), publish('a', { text: '2' }), publish('c', { text: '3' }));
    await harness.send(publish('a/b', { text: '4' }));
    assert.deepEqual(texts, [['1', '2', '4'], ['1', '4'], ['1', '4'], []]);
    assert.equal(harness.client.counters.unhandled, 1);
  });

  test('of ten thousand filters without wildcards the Topic Name finds its own', async () => {
    const harness = new ClientHarness({ protocolVersion: 4 });
    await harness.start();
    const taken: string[] = [];
    const names = Array.from({ length: 10_000 }, (_, at) => `plant/${at}`);
    for (const name of names) harness.client.subscribe(name, (message) => void taken.push(message.topicName));
    const pattern: string[] = [];
    harness.client.subscribe('+/7', (message) => void pattern.push(message.topicName));
    await harness.send(...names.map((name) => publish(name)));
    assert.deepEqual(taken, names); // looked for among all of them, this takes a minute
    assert.deepEqual(pattern, ['plant/7']);
    void harness.client.unsubscribe('plant/7');
    void harness.client.unsubscribe('+/7');
    await harness.send(publish('plant/7'), publish('$share/g/a'));
    assert.equal(harness.client.counters.unhandled, 2);
  });

  test('a topic seen before finds subscriptions made and ended since', async () => {
    const { harness, texts } = await subscribed(['a/#'], { protocolVersion: 4 });
    await harness.send(publish('a/b', { text: '1' }));
    const more: string[] = [];
    const subscription = harness.client.subscribe('+/b', (message) => void more.push(message.text()));
    await harness.grant();
    await harness.send(publish('a/b', { text: '2' }));
    void subscription.unsubscribe();
    await harness.send(publish('a/b', { text: '3' }));
    assert.deepEqual([texts[0], more], [['1', '2', '3'], ['2']]);
  });

  test('identifiers of a session that an earlier program began mean nothing here', async () => {
    const harness = new ClientHarness({ cleanStart: false, sessionExpiryInterval: 60 });
    const texts: string[] = [];
    harness.client.subscribe('b', (message) => void texts.push(message.text()));
    await harness.start({}, true);
    await harness.grant();
    await harness.send(publish('a', { text: '1', ...identified(1) }), publish('b', { text: '2', ...identified(7) }));
    assert.deepEqual(texts, ['2']);
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept({}, false);
    await harness.grant();
    await harness.send(publish('whatever', { text: '3', ...identified(1) }));
    assert.deepEqual(texts, ['2', '3'], 'in a new session they do');
  });

  test('listeners hear of every message', async () => {
    const { harness } = await subscribed(['a']);
    const heard: string[] = [];
    const listener = (message: Message) => heard.push(message.topicName);
    harness.client.on('message', listener);
    await harness.send(publish('a', identified(1)), publish('x'));
    harness.client.off('message', listener);
    await harness.send(publish('y'));
    assert.deepEqual(heard, ['a', 'x']);
    assert.deepEqual([harness.client.counters.received, harness.client.counters.unhandled], [3, 1]);
  });
});

describe('handlers', () => {
  test('one that throws or rejects is reported, and the next message comes', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const seen: string[] = [];
    harness.client.subscribe('a', { qos: 1 }, (message) => {
      seen.push(message.text());
      if (message.text() === '1') throw new Error('thrown');
      if (message.text() === '2') return Promise.reject(new Error('rejected'));
      return undefined;
    });
    await harness.grant();
    await harness.send(
      ...['1', '2', '3'].map((text, at) => publish('a', { text, qos: 1, packetId: at + 1, ...identified(1) })),
    );
    assert.deepEqual(seen, ['1', '2', '3']);
    assert.equal(harness.client.counters.handlerErrors, 2);
    assert.equal(harness.lastEvent('handler-error').message?.text(), '2');
    assert.deepEqual(
      (await harness.took()).map((packet) => packet.type),
      [PacketType.puback, PacketType.puback, PacketType.puback],
    );
    assert.equal(harness.client.state, 'connected');
  });

  test('what looks like a promise and is none ends nothing, and is waited for once', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const answers: Record<string, () => unknown> = {
      // biome-ignore lint/suspicious/noThenProperty: on purpose
      throws: () => ({ then: () => assert.fail('then threw') }),
      hides: () => Object.defineProperty({}, 'then', { get: () => assert.fail('there is none') }),
      // biome-ignore lint/suspicious/noThenProperty: on purpose
      repeats: () => ({ then: (...settle: ((value?: unknown) => void)[]) => settle.forEach((each) => void each()) }),
    };
    const seen: string[] = [];
    harness.client.subscribe('a', { qos: 1 }, (message) => {
      seen.push(message.text());
      return answers[message.text()]?.();
    });
    await harness.grant();
    const names = [...Object.keys(answers), 'last'];
    await harness.send(...names.map((text, at) => publish('a', { text, qos: 1, packetId: at + 1, ...identified(1) })));
    assert.deepEqual(seen, names);
    assert.equal(harness.client.counters.handlerErrors, 2);
    assert.equal((await harness.took()).length, 4);
    assert.equal(harness.client.counters.unacknowledged, 0);
  });

  test('get the client, and may publish, subscribe and end from within', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const calls: string[] = [];
    const subscription = harness.client.subscribe('ask', (message, client) => {
      calls.push(message.text());
      void client.publish('answer', message.payload);
      client.subscribe('more', () => {});
      void subscription.unsubscribe();
    });
    await harness.grant();
    await harness.send(publish('ask', identified(1)), publish('ask', identified(1)));
    assert.deepEqual(calls, ['x']);
    assert.deepEqual(
      (await harness.took()).map((packet) => packet.type),
      [PacketType.publish, PacketType.subscribe, PacketType.unsubscribe],
    );
  });

  test('an asynchronous one gets its messages one at a time, in order', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const log: string[] = [];
    const gates: (() => void)[] = [];
    harness.client.subscribe('a', async (message) => {
      log.push(`begin ${message.text()}`);
      await new Promise<void>((resolve) => gates.push(resolve));
      log.push(`end ${message.text()}`);
    });
    await harness.grant();
    await harness.send(...['1', '2', '3'].map((text) => publish('a', { text, ...identified(1) })));
    assert.deepEqual(log, ['begin 1']);
    for (let i = 0; i < 3; i++) {
      gates[i]?.();
      await harness.settle();
    }
    assert.deepEqual(log, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });
});

describe('messages of a resumed session that come together with CONNACK', () => {
  const options = { cleanStart: false, sessionExpiryInterval: 60 };
  const connack = { type: PacketType.connack, sessionPresent: true, reasonCode: 0, properties: {} } as const;

  test('wait for what the program does after connect', async () => {
    // The turn must really end after the microtasks, in which `await` goes on.
    const clock = new VirtualClock();
    const { now, schedule } = clock;
    const harness = new ClientHarness({ ...options, clock: { now, schedule, endOfTurn: setImmediate } });
    const texts: string[] = [];
    const connected = (async () => {
      const client = await harness.connect();
      client.subscribe('a', { qos: 1 }, (message) => void texts.push(message.text()));
      return client;
    })();
    await harness.settle();
    harness.server.take();
    await harness.send(
      connack,
      publish('a', { text: '1', qos: 1, packetId: 1 }),
      publish('a', { text: '2', qos: 2, packetId: 2 }),
      publish('a', { text: '3' }),
    );
    const client = await connected;
    assert.deepEqual(texts, ['1', '2', '3']);
    assert.equal(client.counters.unhandled, 0);
    const packets = await harness.took();
    assert.deepEqual(
      packets.map((packet) => packet.type),
      [PacketType.subscribe, PacketType.puback, PacketType.pubrec],
    );
  });

  test('are not lost when the connection ends before that', async () => {
    const clock = new VirtualClock();
    const { now, schedule } = clock;
    const harness = new ClientHarness({ ...options, clock: { now, schedule, endOfTurn: setImmediate } });
    const texts: string[] = [];
    const connected = (async () => {
      const client = await harness.connect();
      client.subscribe('a', { qos: 2 }, (message) => void texts.push(message.text()));
    })();
    await harness.settle();
    harness.server.take();
    harness.server.send(connack, publish('a', { text: '1', qos: 2, packetId: 1 }));
    harness.clock.run();
    harness.cutNow();
    harness.clock.run();
    assert.deepEqual(texts, []);
    await connected;
    await harness.settle();
    assert.deepEqual(texts, ['1']);
    clock.advance(1_000);
    await harness.settle();
    await harness.accept({}, true);
    await harness.took();
    await harness.send(publish('a', { text: '1', qos: 2, packetId: 1, dup: true }));
    assert.deepEqual(acknowledgementsIn(await harness.took()), [[PacketType.pubrec, 1]]);
    assert.deepEqual(texts, ['1']);
  });

  test('go at once to a client that was prepared before', async () => {
    const harness = new ClientHarness(options);
    const texts: string[] = [];
    harness.client.on('message', (message) => texts.push(message.text()));
    harness.client.start();
    await harness.settle();
    harness.server.take();
    await harness.send(connack, publish('a', { text: '1', qos: 1, packetId: 1 }));
    assert.deepEqual(texts, ['1']);
  });
});

test('nothing is left over: unacknowledged messages do not pile up', async () => {
  const { harness } = await subscribed(['a']);
  for (let i = 1; i <= 2_000; i++) {
    harness.server.send(publish('a', { qos: 1, packetId: (i % 65_535) + 1, ...identified(1) }));
  }
  assert.equal((await harness.took()).length, 2_000);
  assert.equal(await outcomeOf(harness.client.end()), 'pending');
  await harness.settle();
  assert.equal(harness.client.state, 'closed');
});
