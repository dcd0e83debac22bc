import assert from 'node:assert/strict';
import { type Packet, PacketType, ReasonCode, RetainHandling, UsageError } from '@busbar/codec';
import { describe, test } from 'vitest';
import { ClientError, SubscribeError, UnsubscribeError } from '../src/index.ts';
import { acknowledge, ClientHarness, outcomeOf, publish } from './client-harness.ts';

function filtersIn(packets: Packet[]): string[] {
  return packets.flatMap((packet) => {
    if (packet.type === PacketType.subscribe) return packet.subscriptions.map((each) => `+${each.topicFilter}`);
    return packet.type === PacketType.unsubscribe ? packet.topicFilters.map((each) => `-${each}`) : [];
  });
}

const unsuback = (packetId: number, reasonCode: ReasonCode = ReasonCode.success): Packet => ({
  type: PacketType.unsuback,
  packetId,
  reasonCodes: [reasonCode],
  properties: {},
});

const suback = (packetId: number): Packet => ({
  type: PacketType.suback,
  packetId,
  reasonCodes: [ReasonCode.success],
  properties: {},
});

function packetIdOf(packet: Packet | undefined): number {
  return packet !== undefined && 'packetId' in packet ? packet.packetId : assert.fail('a packet');
}

describe('the grant', () => {
  test('comes with SUBACK; the request has the options and a Subscription Identifier', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const options = {
      qos: 2,
      noLocal: true,
      retainAsPublished: true,
      retainHandling: RetainHandling.never,
      properties: { userProperties: [['a', 'b']] as [string, string][] },
    } as const;
    const subscription = harness.client.subscribe('a/#', options, () => {});
    assert.equal(await outcomeOf(subscription), 'pending');
    const [request] = await harness.grant(ReasonCode.grantedQoS1);
    assert.deepEqual(request?.subscriptions, [
      { topicFilter: 'a/#', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
    ]);
    assert.deepEqual(request?.properties, { userProperties: [['a', 'b']], subscriptionIdentifiers: [1] });
    assert.deepEqual(await subscription, { topicFilter: 'a/#', reasonCode: 1, qos: 1 });
    assert.equal(subscription.topicFilter, 'a/#');
  });

  test('a refusal rejects, with the Reason Code', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const subscription = harness.client.subscribe('a', () => {});
    const outcome = outcomeOf(subscription);
    void outcome;
    const error = subscription.then(undefined, (reason: unknown) => reason);
    await harness.grant(ReasonCode.notAuthorized);
    const reason = await error;
    assert.ok(reason instanceof SubscribeError);
    assert.deepEqual([reason.reasonCode, reason.topicFilter], [ReasonCode.notAuthorized, 'a']);
    assert.deepEqual(harness.events, ['connected'], 'whoever awaits it has been told');
  });

  test('a refusal that nobody awaits is an event and does not end the program', async () => {
    const harness = new ClientHarness();
    await harness.start();
    harness.client.subscribe('a', () => {});
    await harness.grant(ReasonCode.unspecifiedError);
    assert.equal(harness.lastEvent('subscription-failed').topicFilter, 'a');
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept();
    assert.deepEqual(await harness.took(), [], 'what was refused is not asked again');
  });

  test('a server without Subscription Identifiers, and 3.1.1, get none', async () => {
    for (const [options, connack] of [
      [{}, { subscriptionIdentifiersAvailable: false }],
      [{ protocolVersion: 4 }, {}],
    ] as const) {
      const harness = new ClientHarness(options);
      await harness.start(connack);
      harness.client.subscribe('a', () => {});
      const [request] = await harness.grant();
      assert.deepEqual(request?.properties, {});
    }
  });

  test('faulty filters and options throw at once', () => {
    const { client } = new ClientHarness();
    assert.throws(() => client.subscribe('a/#/b'), { name: 'UsageError', code: 'topic-filter-invalid' });
    assert.throws(() => client.subscribe('$share/g'), { code: 'topic-filter-invalid' });
    assert.throws(() => client.subscribe('a', { qos: 3 as 2 }), { code: 'qos-invalid' });
    assert.throws(() => client.subscribe('a', { bufferSize: 0 }), { code: 'option-invalid' });
  });

  test('what this server does not support rejects', async () => {
    const harness = new ClientHarness();
    await harness.start({ wildcardSubscriptionAvailable: false });
    const error = await outcomeOf(harness.client.subscribe('a/+'));
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, 'wildcard-subscriptions-not-supported');
  });
});

describe('with connections that come and go', () => {
  test('subscriptions made without one are asked with the next', async () => {
    const harness = new ClientHarness();
    const subscription = harness.client.subscribe('a', () => {});
    await harness.start();
    assert.deepEqual(filtersIn(await harness.grant()), ['+a']);
    assert.equal((await subscription).qos, 0);
  });

  test('a session that is present needs nothing again, one that is gone needs everything', async () => {
    const harness = new ClientHarness({ sessionExpiryInterval: 60 });
    await harness.start();
    harness.client.subscribe('a', () => {});
    harness.client.subscribe('b/#', { qos: 1 }, () => {});
    await harness.grant();
    await harness.cut();
    harness.client.subscribe('c', () => {});
    await harness.advance(1_000);
    await harness.accept({}, true);
    assert.deepEqual(filtersIn(await harness.grant()), ['+c']);
    await harness.cut();
    await harness.advance(2_000);
    await harness.accept({}, false);
    assert.deepEqual(filtersIn(await harness.took()), ['+a', '+b/#', '+c']);
  });

  test('3.1 cannot say, so everything is asked again', async () => {
    const harness = new ClientHarness({ protocolVersion: 3, cleanStart: false });
    await harness.start();
    harness.client.subscribe('a', () => {});
    await harness.grant();
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept();
    assert.deepEqual(filtersIn(await harness.took()), ['+a']);
  });

  test('a request whose answer was lost is made again', async () => {
    const harness = new ClientHarness({ sessionExpiryInterval: 60 });
    await harness.start();
    const subscription = harness.client.subscribe('a', () => {});
    await harness.took();
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept({}, true);
    await harness.grant();
    assert.equal((await subscription).qos, 0);
  });

  test('a subscription that is refused when it is asked again ends, and that is told', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const iterator = harness.client.subscribe('a')[Symbol.asyncIterator]();
    await harness.grant();
    const next = iterator.next().then(undefined, (error: unknown) => error);
    await harness.cut();
    await harness.advance(1_000);
    await harness.accept();
    await harness.grant(ReasonCode.notAuthorized);
    assert.ok((await next) instanceof SubscribeError);
    assert.deepEqual(harness.events.slice(-1), ['subscription-failed']);
  });
});

describe('several subscriptions with one Topic Filter', () => {
  test('are one to the server: the highest QoS, one identifier, one end', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const calls: string[] = [];
    const first = harness.client.subscribe('a', { qos: 1 }, () => calls.push('first'));
    const second = harness.client.subscribe('a', { qos: 0 }, () => calls.push('second'));
    const requests = await harness.grant();
    assert.deepEqual(
      requests.map(({ subscriptions, properties }) => [subscriptions[0]?.qos, properties.subscriptionIdentifiers]),
      [
        [1, [1]],
        [1, [1]],
      ],
    );
    assert.equal((await first).qos, 1);
    assert.equal((await second).qos, 1);
    await harness.send(publish('a', { properties: { subscriptionIdentifiers: [1] } }));
    assert.deepEqual(calls, ['first', 'second']);

    await first.unsubscribe();
    await harness.send(publish('a', { properties: { subscriptionIdentifiers: [1] } }));
    assert.deepEqual(calls, ['first', 'second', 'second']);
    assert.deepEqual(await harness.took(), []);
    void second.unsubscribe();
    assert.deepEqual(filtersIn(await harness.took()), ['-a']);
  });
});

test('more than there are Packet Identifiers wait for each other, and messages wait with them', async () => {
  const harness = new ClientHarness();
  await harness.start();
  const filters = Array.from({ length: 65_540 }, (_, at) => `a/${at}`);
  let granted = 0;
  for (const filter of filters) {
    harness.client
      .subscribe(filter, () => {})
      .then(
        () => granted++,
        () => {},
      );
  }
  const ended = [harness.client.unsubscribe('a/65539'), harness.client.unsubscribe('b')];
  const again = harness.client.subscribe('a/65539', () => {});
  const published = harness.client.publish('c', 'x', { qos: 1 });
  const first = await harness.took();
  assert.equal(first.length, 65_535);
  for (const request of first.slice(0, 8)) await harness.send(suback(packetIdOf(request)));
  const rest = await harness.took();
  const isMessage = ({ type }: Packet) => type === PacketType.publish;
  const requests = rest.filter((packet) => !isMessage(packet));
  assert.deepEqual(filtersIn(requests), ['+a/65535', '+a/65536', '+a/65537', '+a/65538', '-a/65539', '-b', '+a/65539']);
  const message = rest.find(isMessage);
  await harness.send(acknowledge('puback', packetIdOf(message)));
  assert.equal((await published).reasonCode, ReasonCode.success);
  harness.server.send(...first.slice(8).map((request) => suback(packetIdOf(request))));
  for (const request of requests) {
    await harness.send((request.type === PacketType.unsubscribe ? unsuback : suback)(packetIdOf(request)));
  }
  await Promise.all([...ended, again]);
  assert.equal(granted, 65_539);
});

test('what waits for a Packet Identifier is asked on the next connection', async () => {
  const harness = new ClientHarness({ sessionExpiryInterval: 60, queue: { maximumMessages: 70_000 } });
  await harness.start();
  for (let i = 1; i <= 65_535; i++) {
    void harness.client.publish('a', '', { qos: 1 });
    if (i % 4_096 === 0) await harness.took();
  }
  const subscription = harness.client.subscribe('b', () => {});
  const ended = harness.client.unsubscribe('c');
  const published = await harness.took();
  assert.deepEqual(filtersIn(published), []);
  await harness.cut();
  await harness.advance(1_000);
  await harness.accept({}, true);
  await harness.send(acknowledge('puback', 1), acknowledge('puback', 2));
  const requests = (await harness.took()).filter(({ type }) => type !== PacketType.publish);
  assert.deepEqual(filtersIn(requests), ['+b', '-c']);
  await harness.send(suback(packetIdOf(requests[0])), unsuback(packetIdOf(requests[1])));
  await Promise.all([subscription, ended]);
});

describe('unsubscribing', () => {
  test('resolves with UNSUBACK; the handler is not called any more', async () => {
    const harness = new ClientHarness();
    await harness.start();
    let calls = 0;
    const subscription = harness.client.subscribe('a', () => calls++);
    await harness.grant();
    const ended = subscription.unsubscribe();
    await harness.settle();
    assert.equal(await outcomeOf(ended), 'pending');
    const [request] = await harness.took();
    await harness.send(publish('a'), unsuback(packetIdOf(request)));
    await ended;
    assert.equal(calls, 0);
    assert.equal(harness.client.counters.unhandled, 1);
    await subscription.unsubscribe();
    assert.deepEqual(await harness.took(), []);
  });

  test('by filters, also such as only the server knows', async () => {
    const harness = new ClientHarness();
    await harness.start();
    harness.client.subscribe('a', () => {});
    await harness.grant();
    const ended = harness.client.unsubscribe(['a', 'b/#']);
    const requests = await harness.took();
    assert.deepEqual(filtersIn(requests), ['-a', '-b/#']);
    const [first, second] = requests.map(packetIdOf);
    await harness.send(unsuback(first ?? 0), unsuback(second ?? 0, ReasonCode.noSubscriptionExisted));
    await ended;
  });

  test('a refusal rejects; a faulty filter too', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const ended = harness.client.unsubscribe('a').then(undefined, (error: unknown) => error);
    const [request] = await harness.took();
    await harness.send(unsuback(packetIdOf(request), ReasonCode.notAuthorized));
    assert.ok((await ended) instanceof UnsubscribeError);
    await assert.rejects(harness.client.unsubscribe('#/a'), { code: 'topic-filter-invalid' });
  });

  test.each(['a loop that is left', 'a signal', 'a call that nobody awaits', 'one with the filter'])(
    '%s does not end the program when the server refuses',
    async (how) => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => void unhandled.push(reason);
      process.prependListener('unhandledRejection', note);
      const harness = new ClientHarness();
      await harness.start();
      const abort = new AbortController();
      const handler = how.includes('loop') ? undefined : () => {};
      const subscription = harness.client.subscribe('a', { signal: abort.signal }, handler);
      await harness.grant();
      if (how.includes('loop')) await subscription[Symbol.asyncIterator]().return?.();
      else if (how.includes('signal')) abort.abort();
      else if (how.includes('filter')) void harness.client.unsubscribe('a');
      else void subscription.unsubscribe();
      const [request] = await harness.took();
      await harness.send(unsuback(packetIdOf(request), ReasonCode.notAuthorized));
      process.off('unhandledRejection', note);
      assert.deepEqual(unhandled, []);
    },
  );

  test('3.1.1 answers without Reason Codes', async () => {
    const harness = new ClientHarness({ protocolVersion: 4 });
    await harness.start();
    const ended = harness.client.unsubscribe('a');
    const [request] = await harness.took();
    await harness.send({ type: PacketType.unsuback, packetId: packetIdOf(request), reasonCodes: [], properties: {} });
    await ended;
  });

  test('without a connection: told with the next one if the session is still there', async () => {
    for (const sessionPresent of [true, false]) {
      const harness = new ClientHarness({ sessionExpiryInterval: 60 });
      await harness.start();
      const subscription = harness.client.subscribe('a', () => {});
      await harness.grant();
      await harness.cut();
      const ended = subscription.unsubscribe();
      await harness.advance(1_000);
      await harness.accept({}, sessionPresent);
      const requests = await harness.took();
      assert.deepEqual(filtersIn(requests), sessionPresent ? ['-a'] : []);
      if (sessionPresent) await harness.send(unsuback(packetIdOf(requests[0])));
      await ended;
    }
  });

  test('one whose answer was lost is told again, unless the filter is wanted again', async () => {
    for (const isWantedAgain of [false, true]) {
      const harness = new ClientHarness({ sessionExpiryInterval: 60 });
      await harness.start();
      const ended = harness.client.unsubscribe('a');
      await harness.took();
      await harness.cut();
      if (isWantedAgain) harness.client.subscribe('a', () => {});
      await harness.advance(1_000);
      await harness.accept({}, true);
      const requests = await harness.took();
      assert.deepEqual(filtersIn(requests), [isWantedAgain ? '+a' : '-a']);
      if (!isWantedAgain) await harness.send(unsuback(packetIdOf(requests[0])));
      await ended;
    }
  });

  test('before the server has answered: the grant will not come', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const subscription = harness.client.subscribe('a', () => {});
    void subscription.unsubscribe();
    const error = await outcomeOf(subscription);
    assert.ok(error instanceof ClientError && error.code === 'aborted');
    assert.deepEqual(filtersIn(await harness.grant()), ['+a']);
  });
});

describe('the end of the client', () => {
  test('ends loops, fails what waits for an answer, refuses new subscriptions', async () => {
    const harness = new ClientHarness();
    await harness.start();
    const granted = harness.client.subscribe('a');
    await harness.grant();
    await harness.send(publish('a', { text: '1' }));
    const waiting = harness.client.subscribe('b', () => {});
    const farewell = harness.client.unsubscribe('c');
    void harness.client.end();
    await harness.settle();
    const error = await outcomeOf(waiting);
    assert.ok(error instanceof ClientError && error.code === 'client-ended');
    await farewell;
    const texts: string[] = [];
    for await (const message of granted) texts.push(message.text());
    assert.deepEqual(texts, ['1'], 'what has come is still there');
    const late = await outcomeOf(harness.client.subscribe('d'));
    assert.ok(late instanceof ClientError && late.code === 'client-ended');
    await harness.client.unsubscribe('a');
  });
});
