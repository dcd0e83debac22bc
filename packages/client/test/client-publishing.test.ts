import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { PacketType, ReasonCode, UsageError } from '@busbar/codec';
import { describe, test } from 'vitest';
import { ClientError, type ClientOptions, PublishError } from '../src/index.ts';
import { acknowledge, ClientHarness, outcomeOf } from './client-harness.ts';

function codeOf(error: unknown): string | undefined {
  assert.ok(error instanceof Error);
  return (error as Error & { code?: string }).code;
}

describe('the outcome', () => {
  test('QoS 0 resolves when it is on its way', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const outcome = await harness.client.publish('a/b', 'text', { retain: true, properties: { contentType: 'x' } });
    assert.deepEqual(outcome, { reasonCode: 0, packetId: undefined, properties: {} });
    const [packet] = await harness.tookPublishes();
    assert.deepEqual(packet, {
      type: PacketType.publish,
      dup: false,
      qos: 0,
      retain: true,
      topicName: 'a/b',
      packetId: 0,
      properties: { contentType: 'x' },
      payload: new TextEncoder().encode('text'),
    });
  });

  test('QoS 1 resolves with PUBACK, whether anyone has subscribed', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const publication = harness.client.publish('a', Uint8Array.of(1), { qos: 1 });
    assert.equal(await outcomeOf(publication), 'pending');
    const [packet] = await harness.tookPublishes();
    await harness.send(acknowledge('puback', packet?.packetId ?? 0, ReasonCode.noMatchingSubscribers));
    assert.deepEqual(await publication, {
      reasonCode: ReasonCode.noMatchingSubscribers,
      packetId: packet?.packetId,
      properties: {},
    });
  });

  test('QoS 2 resolves with PUBCOMP', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const publication = harness.client.publish('a', 'x', { qos: 2 });
    await harness.settle();
    await harness.send(acknowledge('pubrec', 1));
    assert.equal(await outcomeOf(publication), 'pending');
    assert.equal(harness.client.counters.inFlight, 1);
    await harness.send(acknowledge('pubcomp', 1));
    assert.equal((await publication).reasonCode, 0);
    assert.equal(harness.client.counters.inFlight, 0);
  });

  test('a refusal rejects with its Reason Code', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const publication = harness.client.publish('a', 'x', { qos: 1 });
    await harness.settle();
    await harness.send(acknowledge('puback', 1, ReasonCode.notAuthorized));
    const error = await outcomeOf(publication);
    assert.ok(error instanceof PublishError);
    assert.equal(error.reasonCode, ReasonCode.notAuthorized);
    assert.equal(error.message, "the server refused the message to 'a': not authorized (0x87)");
    assert.equal(harness.client.counters.publishesFailed, 1);
  });

  test.each([
    ['topic-name-invalid', 'a/#', 'x', {}],
    ['topic-name-invalid', '', 'x', { qos: 1 }],
    ['qos-invalid', 'a', 'x', { qos: 3 as 2 }],
    ['payload-invalid', 'a', 7 as unknown as string, {}],
    ['out-of-range', 'a', 'x', { properties: { messageExpiryInterval: 1.5 } }],
    ['qos-not-supported', 'a', 'x', { qos: 2 }],
    ['retain-not-supported', 'a', 'x', { retain: true }],
    ['packet-too-large', 'a', 'x'.repeat(200), {}],
  ] as const)('%s: a mistake of the caller', async (code, topicName, payload, options) => {
    const harness = new ClientHarness();
    await harness.start({ maximumQoS: 1, retainAvailable: false, maximumPacketSize: 100 });
    const error = await outcomeOf(harness.client.publish(topicName, payload, options));
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, code);
    assert.deepEqual(await harness.took(), []);
    assert.equal(harness.client.state, 'connected');
  });
});

describe('one write', () => {
  test('for all that is published in a turn of the event loop', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const chunks: number[] = [];
    const { server } = harness;
    const handleBytes = server.handleBytes.bind(server);
    server.handleBytes = (bytes) => {
      chunks.push(bytes.length);
      handleBytes(bytes);
    };
    for (let i = 0; i < 100; i++) void harness.client.publish('a', 'x');
    assert.equal((await harness.tookPublishes()).length, 100);
    assert.equal(chunks.length, 1);
  });
});

describe('without a connection', () => {
  test('QoS 1 and 2 wait, in order; QoS 0 is refused', async () => {
    const harness = new ClientHarness();
    const first = harness.client.publish('a', '1', { qos: 1 });
    const second = harness.client.publish('a', '2', { qos: 2 });
    assert.equal(codeOf(await outcomeOf(harness.client.publish('a', '0'))), 'offline');
    assert.equal(harness.client.counters.queued, 2);
    await harness.start();
    const packets = await harness.tookPublishes();
    assert.deepEqual(
      packets.map(({ qos, dup }) => [qos, dup]),
      [
        [1, false],
        [2, false],
      ],
    );
    await harness.send(acknowledge('puback', 1), acknowledge('pubrec', 2), acknowledge('pubcomp', 2));
    assert.equal((await first).packetId, 1);
    assert.equal((await second).packetId, 2);
    assert.equal(harness.client.counters.queued, 0);
  });

  test('QoS 0 waits too where that is wanted', async () => {
    const harness = new ClientHarness({ queue: { qos0: true } });
    const publication = harness.client.publish('a', '0');
    await harness.start();
    assert.equal((await harness.tookPublishes()).length, 1);
    assert.equal((await publication).packetId, undefined);
  });

  test('a faulty topic is refused at once, other faults when the message is to be sent', async () => {
    const harness = new ClientHarness();
    assert.equal(codeOf(await outcomeOf(harness.client.publish('a/+', 'x', { qos: 1 }))), 'topic-name-invalid');
    const publication = harness.client.publish('a', 'x'.repeat(100), { qos: 1 });
    const next = harness.client.publish('b', 'x', { qos: 1 });
    await harness.start({ maximumPacketSize: 50 });
    assert.equal(codeOf(await outcomeOf(publication)), 'packet-too-large');
    assert.deepEqual(
      (await harness.tookPublishes()).map(({ topicName }) => topicName),
      ['b'],
    );
    assert.equal(await outcomeOf(next), 'pending');
  });

  test('a message that waits can be taken back', async () => {
    const harness = new ClientHarness();
    const controller = new AbortController();
    const publication = harness.client.publish('a', '1', { qos: 1, signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    assert.match(String(await outcomeOf(publication)), /changed my mind/);
    assert.equal(harness.client.counters.queued, 0);
    await harness.start();
    assert.deepEqual(await harness.tookPublishes(), []);
    const late = await outcomeOf(harness.client.publish('a', '1', { signal: controller.signal }));
    assert.match(String(late), /changed my mind/);
  });

  test('one signal serves any number of calls, without what Node takes for a leak', async () => {
    const harness = new ClientHarness();
    const controller = new AbortController();
    const { signal } = controller;
    const publish = () => outcomeOf(harness.client.publish('a', '1', { qos: 1, signal }));
    const outcomes = Promise.all(Array.from({ length: 20 }, publish));
    harness.client.subscribe('b', { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    controller.abort();
    assert.deepEqual(new Set((await outcomes).map(String)), new Set([String(signal.reason)]));
    assert.equal(harness.client.counters.queued, 0);
  });

  test('one that is in flight is only no longer awaited', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const controller = new AbortController();
    const publication = harness.client.publish('a', '1', { qos: 1, signal: controller.signal });
    await harness.settle();
    controller.abort();
    assert.equal(((await outcomeOf(publication)) as Error).name, 'AbortError');
    assert.equal((await harness.tookPublishes()).length, 1);
    await harness.send(acknowledge('puback', 1));
    assert.equal(harness.client.counters.inFlight, 0);
  });
});

describe('the queue is bounded', () => {
  const publishThree = (options: ClientOptions) => {
    const harness = new ClientHarness(options);
    const outcomes = ['1', '2', '3'].map((payload) => outcomeOf(harness.client.publish('a', payload, { qos: 1 })));
    return { harness, outcomes: Promise.all(outcomes) };
  };

  test('by count: refuses the newest', async () => {
    const { harness, outcomes } = publishThree({ queue: { maximumMessages: 2 } });
    const [first, second, third] = await outcomes;
    assert.deepEqual([first, second], ['pending', 'pending']);
    assert.ok(third instanceof ClientError && third.code === 'queue-full');
    assert.match(third.message, /2 messages of \d+ bytes wait, at most 2 of \d+ may/);
    assert.deepEqual([harness.client.counters.queued, harness.client.counters.queueDropped], [2, 1]);
  });

  test('by count: or drops the oldest', async () => {
    const { harness, outcomes } = publishThree({ queue: { maximumMessages: 2, policy: 'drop-oldest' } });
    const [first, second, third] = await outcomes;
    assert.ok(first instanceof ClientError && first.code === 'dropped');
    assert.deepEqual([second, third], ['pending', 'pending']);
    assert.equal(harness.client.counters.queueDropped, 1);
  });

  test('by bytes', async () => {
    const harness = new ClientHarness({ queue: { maximumBytes: 1_000, policy: 'drop-oldest' } });
    const small = harness.client.publish('a', 'x', { qos: 1 });
    const large = harness.client.publish('a', 'x'.repeat(850), { qos: 1 });
    assert.ok(((await outcomeOf(small)) as ClientError).code === 'dropped');
    const tooLarge = harness.client.publish('a', 'x'.repeat(2_000), { qos: 1 });
    assert.ok(((await outcomeOf(tooLarge)) as ClientError).code === 'queue-full');
    assert.equal(await outcomeOf(large), 'pending', 'nothing makes room for what fits nowhere');
  });

  test('a rejection that nobody awaits does not end the program', async () => {
    const harness = new ClientHarness({ queue: { maximumMessages: 0 } });
    void harness.client.publish('a', 'x', { qos: 1 });
    void harness.client.publish('a', 'x');
    await harness.settle();
    assert.equal(harness.client.counters.publishesFailed, 2);
  });
});

describe("the server's window", () => {
  test('what does not fit waits its turn, QoS 0 goes on', async () => {
    const harness = new ClientHarness();
    await harness.start({ receiveMaximum: 2 });
    for (const payload of ['1', '2', '3', '4']) void harness.client.publish('a', payload, { qos: 1 });
    void harness.client.publish('a', '0');
    assert.deepEqual(
      (await harness.tookPublishes()).map(({ payload, qos }) => [new TextDecoder().decode(payload), qos]),
      [
        ['1', 1],
        ['2', 1],
        ['0', 0],
      ],
    );
    assert.equal(harness.client.counters.queued, 2);
    await harness.send(acknowledge('puback', 1));
    assert.equal((await harness.tookPublishes()).length, 1);
    await harness.send(acknowledge('puback', 2));
    assert.equal((await harness.tookPublishes()).length, 1);
  });
});

describe('a server that reads slowly', () => {
  test('what it does not take waits in the queue, also at QoS 0, in order', async () => {
    const harness = new ClientHarness({ queue: { maximumMessages: 50 } });
    harness.memory = { windowBytes: 10_000, highWaterMark: 20_000 };
    await harness.start();
    harness.server.transport.pause();
    await harness.settle();
    const outcomes: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      outcomes.push(outcomeOf(harness.client.publish(`a/${i}`, new Uint8Array(1_000))));
      if (i % 10 === 0) await harness.settle();
    }
    const { queued, queueDropped, publishesFailed } = harness.client.counters;
    assert.equal(queued, 50);
    assert.ok(queueDropped > 0 && queueDropped === publishesFailed);
    harness.server.transport.resume();
    const topics = (await harness.tookPublishes()).map(({ topicName }) => Number(topicName.slice(2)));
    assert.equal(topics.length, 100 - queueDropped);
    assert.deepEqual(
      topics,
      [...topics].sort((a, b) => a - b),
    );
    assert.equal(harness.client.counters.queued, 0);
  });

  test('QoS 0 that waits for it is not kept for the next connection', async () => {
    const harness = new ClientHarness();
    harness.memory = { windowBytes: 1, highWaterMark: 1 };
    await harness.start();
    harness.server.transport.pause();
    void harness.client.publish('a', 'x');
    await harness.settle();
    const waiting = harness.client.publish('b', 'x');
    const kept = harness.client.publish('c', 'x', { qos: 1 });
    assert.equal(harness.client.counters.queued, 2);
    await harness.cut();
    assert.equal(codeOf(await outcomeOf(waiting)), 'offline');
    assert.equal(await outcomeOf(kept), 'pending');
  });

  test('a turn that never ends is written in pieces', async () => {
    const harness = new ClientHarness();
    await harness.start();
    for (let i = 0; i < 300; i++) void harness.client.publish('a', new Uint8Array(1_000));
    assert.equal(harness.client.counters.queued > 0, true, 'the connection in memory takes 64 KiB at a time');
    assert.equal((await harness.tookPublishes()).length, 300);
  });
});

describe('after a reconnection', () => {
  test('a session that is present goes on where it was', async () => {
    const harness = new ClientHarness({ sessionExpiryInterval: 60 });
    await harness.start();
    const first = harness.client.publish('a', '1', { qos: 1 });
    const second = harness.client.publish('a', '2', { qos: 2 });
    await harness.settle();
    await harness.cut();
    const third = harness.client.publish('a', '3', { qos: 1 });
    await harness.advance(1_000);
    await harness.accept({}, true);
    assert.deepEqual(
      (await harness.tookPublishes()).map(({ packetId, dup }) => [packetId, dup]),
      [
        [1, true],
        [2, true],
        [3, false],
      ],
    );
    await harness.send(acknowledge('puback', 1), acknowledge('pubrec', 2), acknowledge('puback', 3));
    await harness.send(acknowledge('pubcomp', 2));
    assert.deepEqual((await Promise.all([first, second, third])).length, 3);
  });

  test('when it is gone QoS 1 is sent anew, before what waited; QoS 2 may have arrived and is not doubled', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const once = harness.client.publish('a', '1', { qos: 1 });
    const unknown = harness.client.publish('a', '2', { qos: 2 });
    const arrived = harness.client.publish('a', '3', { qos: 2 });
    await harness.settle();
    await harness.send(acknowledge('pubrec', 3));
    await harness.cut();
    const later = harness.client.publish('a', '4', { qos: 1 });
    await harness.advance(1_000);
    await harness.accept();
    assert.deepEqual(
      (await harness.tookPublishes()).map(({ payload, dup }) => [new TextDecoder().decode(payload), dup]),
      [
        ['1', false],
        ['4', false],
      ],
    );
    assert.equal(codeOf(await outcomeOf(unknown)), 'session-lost');
    assert.equal((await arrived).reasonCode, 0);
    assert.equal(await outcomeOf(once), 'pending');
    assert.equal(await outcomeOf(later), 'pending');
  });
});

describe('what waits gets older', () => {
  test('its Message Expiry Interval counts, and it is given up when it is over', async () => {
    const harness = new ClientHarness();
    const outcomes = [10, 100].map((messageExpiryInterval) =>
      outcomeOf(
        harness.client.publish('a', `${messageExpiryInterval}`, { qos: 1, properties: { messageExpiryInterval } }),
      ),
    );
    assert.deepEqual(await Promise.all(outcomes), ['pending', 'pending']);
    const short = harness.client.publish('b', 'x', { qos: 1, properties: { messageExpiryInterval: 10 } });
    await harness.advance(9_999);
    assert.equal(await outcomeOf(short), 'pending');
    await harness.advance(1);
    assert.equal(codeOf(await outcomeOf(short)), 'expired');
    await harness.advance(20_500);
    await harness.start();
    assert.deepEqual(
      (await harness.tookPublishes()).map(({ properties }) => properties),
      [{ messageExpiryInterval: 70 }],
    );
    const { queueExpired, publishesFailed, queuedBytes } = harness.client.counters;
    assert.deepEqual([queueExpired, publishesFailed, queuedBytes], [2, 2, 0]);
  });

  test('an age that the queue sets holds for all, and for no message once it is sent', async () => {
    const harness = new ClientHarness({ queue: { maximumAgeMs: 5_000 } });
    const old = harness.client.publish('a', 'old', { qos: 1 });
    await harness.advance(4_000);
    const young = harness.client.publish('a', 'young', { qos: 1 });
    await harness.advance(1_000);
    assert.equal(codeOf(await outcomeOf(old)), 'expired');
    await harness.start();
    const [packet] = await harness.tookPublishes();
    assert.deepEqual(packet?.properties, {});
    await harness.advance(60_000);
    assert.equal(await outcomeOf(young), 'pending');
    assert.equal(harness.clock.timerCount, 0);
  });

  test('below 5.0 too', async () => {
    const harness = new ClientHarness({ protocolVersion: 4 });
    const publication = harness.client.publish('a', 'x', { qos: 1, properties: { messageExpiryInterval: 1 } });
    await harness.advance(1_000);
    assert.equal(codeOf(await outcomeOf(publication)), 'expired');
  });

  test('an age that cannot be is a mistake', () => {
    assert.throws(() => new ClientHarness({ queue: { maximumAgeMs: 0 } }), { code: 'option-invalid' });
  });
});

describe('Topic Aliases', () => {
  const topicsOf = async (harness: ClientHarness) =>
    (await harness.tookPublishes()).map(({ topicName, properties }) => [topicName, properties.topicAlias]);

  test('are given out by themselves to the topics used last', async () => {
    const harness = new ClientHarness();
    await harness.start({ topicAliasMaximum: 2 });
    for (const topic of ['a', 'a', 'b', 'a', 'c', 'a', 'b']) void harness.client.publish(topic, 'x');
    assert.deepEqual(await topicsOf(harness), [
      ['a', 1],
      ['', 1],
      ['b', 2],
      ['', 1],
      ['c', 2],
      ['', 1],
      ['b', 2],
    ]);
  });

  test('mean nothing on the next connection, and are not used where they are not wanted', async () => {
    const harness = new ClientHarness();
    await harness.start({ topicAliasMaximum: 5 });
    void harness.client.publish('a', 'x');
    await harness.settle();
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept({ topicAliasMaximum: 5 });
    void harness.client.publish('a', 'x');
    assert.deepEqual(await topicsOf(harness), [['a', 1]]);
    const without = new ClientHarness({ topicAliases: 0 });
    await without.start({ topicAliasMaximum: 5 });
    void without.client.publish('a', 'x');
    assert.deepEqual(await topicsOf(without), [['a', undefined]]);
  });
});
