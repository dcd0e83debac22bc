import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, subscribePacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import type { BrokerHooks, ConnectAttempt } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

const start = (...hooks: BrokerHooks[]) => VirtualBroker.start({ hooks });

/** Lets promises that are already settled be worked on. */
const settle = async (broker: VirtualBroker): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    broker.run();
  }
};

/** An answer that a test gives later. */
function pending<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((take) => {
    resolve = take;
  });
  return { promise, resolve };
}

const hear = (broker: VirtualBroker, filter = '#'): VirtualClient => {
  const client = broker.connect('watcher');
  client.subscribe(filter, { qos: 2 });
  return client;
};

describe('publish', () => {
  test('changes topic, payload, properties, QoS and RETAIN, and the flow with the publisher stays as it was', async () => {
    const broker = await start({
      name: 'change',
      publish: ({ topicName, properties }, { clientIdentifier }) => ({
        topicName: `new/${topicName}`,
        payload: 'changed',
        qos: 0,
        retain: true,
        properties: { ...properties, userProperties: [['from', clientIdentifier]] },
      }),
    });
    const watcher = hear(broker);
    for (const protocolVersion of [4, 5] as const) {
      const client = broker.connect('c', { protocolVersion });
      client.send(publishPacket('a', 'x', { qos: 2, packetId: 7 }));
      client.expectNow({ type: PacketType.pubrec, packetId: 7, reasonCode: 0 });
      const [message] = watcher.messages();
      assert.ok(message);
      assert.deepEqual(
        [message.topicName, Buffer.from(message.payload).toString(), message.qos],
        ['new/a', 'changed', 0],
      );
      assert.deepEqual(message.properties.userProperties, [['from', 'c']]);
      assert.equal(broker.broker.stats().retained, 1);
    }
  });

  test('hooks are asked in their order, each sees what the one before has made of it', async () => {
    const seen: string[] = [];
    const add = (name: string): BrokerHooks => ({
      name,
      publish: (message) => {
        seen.push(`${name}: ${message.text()}`);
        return { payload: `${message.text()}${name}` };
      },
    });
    const broker = await start(add('1'), { name: 'looks', publish: () => {} }, add('2'));
    const watcher = hear(broker);
    broker.connect('c').send(publishPacket('t', '0'));
    assert.deepEqual(watcher.texts(), ['012']);
    assert.deepEqual(seen, ['1: 0', '2: 01']);
  });

  test('refuses with a Reason Code and a reason; where the publisher cannot be told, the refusal is counted', async () => {
    const refuse = ReasonCode.payloadFormatInvalid;
    const broker = await start({
      name: 'gate',
      publish: (m) => (m.text() === 'bad' ? { refuse, reason: 'no JSON' } : undefined),
    });
    const watcher = hear(broker);
    const client = broker.connect('c');
    client.send(
      publishPacket('t', 'bad', { qos: 1, packetId: 1 }),
      publishPacket('t', 'good', { qos: 1, packetId: 2 }),
    );
    const [refused, taken] = client.takeAll();
    assert.ok(refused?.type === PacketType.puback && taken?.type === PacketType.puback);
    assert.deepEqual([refused.reasonCode, refused.properties.reasonString], [0x99, 'no JSON']);
    assert.deepEqual([taken.reasonCode, taken.properties.reasonString], [0, undefined]);
    client.send(publishPacket('t', 'bad', { qos: 2, packetId: 3 }));
    client.expectNow({ type: PacketType.pubrec, packetId: 3, reasonCode: 0x99 });
    assert.deepEqual(broker.broker.inspect.losses().refusals, {});
    client.send(publishPacket('t', 'bad'));
    const old = broker.connect('old', { protocolVersion: 4 });
    old.send(publishPacket('t', 'bad', { qos: 1, packetId: 1 }));
    old.expectNow({ type: PacketType.puback, packetId: 1 });
    assert.deepEqual(broker.broker.inspect.losses().refusals, { 'refused-by-hook': 2 });
    assert.deepEqual(watcher.texts(), ['good']);
  });

  test('what it gives a topic is judged by the rules, not what the client named; a mount point stays around it', async () => {
    const broker = await VirtualBroker.start({
      hooks: [{ name: 'rename', publish: ({ topicName }) => ({ topicName: topicName.replace('mine', 'secret') }) }],
      authorization: {
        rules: [
          { allow: ['subscribe', 'receive'], topics: ['#'] },
          { allow: ['publish'], topics: ['box/open/#'] },
        ],
      },
      authenticators: [{ name: 'all', authenticate: () => ({ kind: 'allow', grant: { mountPoint: 'box/' } }) }],
    });
    const client = broker.connect('c', { userName: 'u' });
    client.subscribe('#', { qos: 0 });
    client.send(
      publishPacket('open/x', '1', { qos: 1, packetId: 1 }),
      publishPacket('mine', '2', { qos: 1, packetId: 2 }),
    );
    const came = client.takeAll();
    const codes = came.flatMap((each) => (each.type === PacketType.puback ? [each.reasonCode] : []));
    const topics = came.flatMap((each) => (each.type === PacketType.publish ? [each.topicName] : []));
    assert.deepEqual(topics, ['open/x']);
    assert.deepEqual(codes, [0, ReasonCode.notAuthorized]);
  });

  test('a Topic Alias is resolved before, and an alias that is set by a message that was changed still holds', async () => {
    const topics: string[] = [];
    const broker = await start({ name: 'looks', publish: async (m) => void topics.push(m.topicName) });
    const watcher = hear(broker);
    const client = broker.connect('c');
    client.send(publishPacket('long/topic', '1', { properties: { topicAlias: 3 } }));
    client.send(publishPacket('', '2', { properties: { topicAlias: 3 } }));
    await settle(broker);
    assert.deepEqual(topics, ['long/topic', 'long/topic']);
    assert.deepEqual(
      watcher.messages().map(({ topicName }) => topicName),
      ['long/topic', 'long/topic'],
    );
  });

  test('a promise holds back the client that waits, in order, and nobody else', async () => {
    const answers = new Map<string, ReturnType<typeof pending<undefined>>>();
    const broker = await start({
      name: 'slow',
      publish: (message) => {
        const answer = pending<undefined>();
        if (message.text().startsWith('slow')) answers.set(message.text(), answer);
        return message.text().startsWith('slow') ? answer.promise : undefined;
      },
    });
    const watcher = hear(broker);
    const client = broker.connect('c');
    client.send(
      publishPacket('t', 'slow1', { qos: 1, packetId: 1 }),
      publishPacket('t', '2', { qos: 1, packetId: 2 }),
      publishPacket('t', 'slow3', { qos: 2, packetId: 3 }),
      { type: PacketType.pingreq },
    );
    broker.connect('other').send(publishPacket('t', 'other'));
    assert.deepEqual(watcher.texts(), ['other']);
    assert.deepEqual(client.takeAll(), []);
    answers.get('slow1')?.resolve(undefined);
    await settle(broker);
    assert.deepEqual(watcher.texts(), ['slow1', '2']);
    client.expectNow({ type: PacketType.puback, packetId: 1 }, { type: PacketType.puback, packetId: 2 });
    answers.get('slow3')?.resolve(undefined);
    await settle(broker);
    client.expectNow({ type: PacketType.pubrec, packetId: 3 }, { type: PacketType.pingresp });
    assert.deepEqual(watcher.texts(), ['slow3']);
  });

  test('a client that has gone meanwhile has said all it sent before, and its Will comes last', async () => {
    const answers: ReturnType<typeof pending<undefined>>[] = [];
    const publish = (): Promise<undefined> => {
      const answer = pending<undefined>();
      answers.push(answer);
      return answer.promise;
    };
    const broker = await start({ name: 'slow', publish });
    const watcher = hear(broker);
    const client = broker.connect('c', {
      will: { topicName: 't', payload: Buffer.from('will'), qos: 0, retain: false, properties: {} },
    });
    client.send(publishPacket('t', '1'), publishPacket('t', '2'), publishPacket('t', '3'));
    client.cut();
    for (let i = 0; i < 4; i++) {
      assert.equal(answers.length, i + 1);
      answers[i]?.resolve(undefined);
      await settle(broker);
    }
    assert.deepEqual(watcher.texts(), ['1', '2', '3', 'will']);
    assert.equal(broker.broker.stats().connections, 1);
    broker.assertNothingLostInSilence();
  });

  test('a connection that is lost meanwhile loses nothing that came, and its session takes the message once', async () => {
    const answer = pending<undefined>();
    const broker = await start({ name: 'slow', publish: () => answer.promise });
    const watcher = hear(broker);
    const client = broker.connectLasting('c');
    const packet = publishPacket('t', 'x', { qos: 2, packetId: 9 });
    client.send(packet);
    client.cut();
    const again = broker.connectLasting('c');
    again.send({ ...packet, dup: true });
    answer.resolve(undefined);
    await settle(broker);
    again.expectNow({ type: PacketType.pubrec, packetId: 9, reasonCode: 0 });
    assert.deepEqual(watcher.texts(), ['x']);
  });

  test('a hook that throws, answers nonsense or takes too long is named in the log, and the message is refused', async () => {
    const said: Record<string, () => unknown> = {
      throws: () => {
        throw new Error('broken');
      },
      rejects: () => Promise.reject(new Error('later')),
      topic: () => ({ topicName: 'a/#' }),
      code: () => ({ refuse: 0 }),
      forever: () => new Promise(() => {}),
    };
    for (const [name, answer] of Object.entries(said)) {
      const broker = await start({ name, timeoutMs: 500, publish: answer as never });
      const client = broker.connect('c');
      broker.takeLog();
      client.send(publishPacket('t', 'x', { qos: 1, packetId: 1 }));
      await settle(broker);
      broker.advance(500);
      await settle(broker);
      client.expectNow({ type: PacketType.puback, packetId: 1, reasonCode: ReasonCode.implementationSpecificError });
      const [line, ...others] = broker.takeLog('error');
      assert.deepEqual([line?.message, line?.fields['hook']], [`the hook '${name}' has failed at 'publish'`, name]);
      assert.deepEqual(others, []);
    }
  });

  test.each([
    ['false, which may be meant as a no', false],
    ['null', null],
    ['a number as payload', { payload: 5 }],
    ['a list as payload', { payload: [1, 2] }],
    ['a reason that MQTT cannot carry', { refuse: 0x99, reason: 'a\0b' }],
    ['a reason that is longer than a text may be', { refuse: 0x99, reason: 'x'.repeat(65_536) }],
    ['a reason that is no text', { refuse: 0x99, reason: 5 }],
  ])('refuses the message where a hook answers %s, and the connection goes on', async (_, said) => {
    const broker = await start({ name: 'plain', publish: () => said as never });
    const client = broker.connect('c');
    client.send(publishPacket('t', 'x', { qos: 1, packetId: 1 }), { type: PacketType.pingreq });
    const { implementationSpecificError: reasonCode } = ReasonCode;
    client.expectNow({ type: PacketType.puback, packetId: 1, reasonCode }, { type: PacketType.pingresp });
    assert.match(broker.takeLog('error')[0]?.message ?? '', /the hook 'plain' has failed at 'publish'/);
  });

  test('MQTT-3.3.4-6 what a hook says of Topic Alias and Subscription Identifiers, which are no part of a message, is left out', async () => {
    const properties = { topicAlias: 3, subscriptionIdentifiers: [7], contentType: 'text/plain' };
    const broker = await start({ name: 'eager', publish: () => ({ properties }) });
    const watcher = hear(broker);
    broker.connect('c').send(publishPacket('t', 'x'));
    assert.deepEqual(watcher.messages()[0]?.properties, { contentType: 'text/plain' });
  });

  test('a refusal without a reason says none, whatever was said about another message before', async () => {
    const hooks: BrokerHooks[] = [
      { name: 'gate', publish: (m) => (m.text() === 'bad' ? { refuse: ReasonCode.payloadFormatInvalid } : undefined) },
    ];
    const broker = await VirtualBroker.start({ hooks, limits: { maximumRetainedMessages: 1 } });
    const client = broker.connect('c');
    for (const [at, topic] of ['one', 'two'].entries()) {
      client.send(publishPacket(topic, 'x', { qos: 1, packetId: at + 1, retain: true }));
    }
    client.send(publishPacket('t', 'bad', { qos: 1, packetId: 3 }));
    const reasons = client
      .takeAll()
      .map((each) => (each.type === PacketType.puback ? each.properties.reasonString : ''));
    assert.deepEqual(reasons, [undefined, 'as many messages wait or are retained as may', undefined]);
  });

  test('a Will that a hook gives a topic that nobody can publish to is not published, and counted', async () => {
    const topics = ['$SYS/x', 'x'.repeat(65_530)];
    const broker = await VirtualBroker.start({
      hooks: [{ name: 'rename', publish: ({ topicName }) => ({ topicName: topics[Number(topicName)] }) }],
      authenticators: [{ name: 'all', authenticate: () => ({ kind: 'allow', grant: { mountPoint: 'long/prefix/' } }) }],
    });
    const will = (topicName: string) =>
      ({ topicName, payload: Buffer.from('w'), qos: 0, retain: false, properties: {} }) as const;
    broker.connect('a', { userName: 'u', will: will('1') }).cut();
    assert.deepEqual(broker.broker.inspect.losses().refusals, { 'refused-by-hook': 1 });
    const free = await start({ name: 'rename', publish: () => ({ topicName: '$SYS/x' }) });
    free.connect('a', { will: will('0') }).cut();
    assert.deepEqual(free.broker.inspect.losses().refusals, { 'refused-by-hook': 1 });
  });

  test('sees Wills, may change them, and refuses them', async () => {
    const broker = await start({
      name: 'gate',
      publish: (message) =>
        message.text() === 'bad' ? { refuse: ReasonCode.payloadFormatInvalid } : { payload: `${message.text()}!` },
    });
    const watcher = hear(broker);
    for (const text of ['good', 'bad']) {
      const will = { topicName: 'will', payload: Buffer.from(text), qos: 0, retain: false, properties: {} } as const;
      broker.connect(text, { will }).cut();
    }
    assert.deepEqual(watcher.texts(), ['good!']);
    assert.deepEqual(broker.broker.inspect.losses().refusals, { 'refused-by-hook': 1 });
  });
});

describe('connect', () => {
  test('sees who has authenticated, and may turn it away, at once or later', async () => {
    const attempts: ConnectAttempt[] = [];
    const refusal = { refuse: ReasonCode.quotaExceeded, reason: 'closed on Sundays' };
    const broker = await start({
      name: 'door',
      connect: (attempt) => {
        attempts.push(attempt);
        const { clientIdentifier } = attempt.identity;
        if (clientIdentifier === 'now') return refusal;
        return clientIdentifier === 'later' ? Promise.resolve(refusal) : undefined;
      },
    });
    const client = broker.connect('c', { userName: 'u', keepAlive: 30, properties: { userProperties: [['a', 'b']] } });
    assert.equal(client.connack.reasonCode, 0);
    const { identity, keepAlive, userProperties, protocolVersion } = attempts[0] ?? assert.fail();
    assert.deepEqual([identity.userName, keepAlive, userProperties, protocolVersion], ['u', 30, [['a', 'b']], 5]);
    assert.deepEqual(broker.connect('now').connack.reasonCode, 0x97);
    const later = broker.raw();
    later.send(connectPacket({ clientIdentifier: 'later' }), publishPacket('t', 'early'));
    await settle(broker);
    const [connack] = later.takeAll();
    assert.ok(connack?.type === PacketType.connack);
    assert.deepEqual([connack.reasonCode, connack.properties.reasonString], [0x97, 'closed on Sundays']);
    assert.equal(broker.broker.stats().sessions, 1);
  });

  test('a hook that throws lets nobody in', async () => {
    const broker = await start({ name: 'broken', connect: () => assert.fail('broken') });
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.serverUnavailable);
    assert.match(broker.takeLog('error')[0]?.message ?? '', /the hook 'broken' has failed at 'connect'/);
  });

  test.each([false, 'no', null, {}, { refuse: 0x87, reason: '\ud800' }])('%j lets nobody in', async (said) => {
    const broker = await start({ name: 'plain', connect: () => said as never });
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.serverUnavailable);
    assert.match(broker.takeLog('error')[0]?.message ?? '', /the hook 'plain' has failed at 'connect'/);
  });
});

describe('authenticate', () => {
  test('is asked before the others, may grant, deny or leave it to them; one that throws denies', async () => {
    const broker = await VirtualBroker.start({
      hooks: [
        {
          name: 'badge',
          authenticate: ({ userName }) => {
            if (userName === 'broken') throw new Error('broken');
            if (userName === 'thief') return { kind: 'deny', message: 'known' };
            return userName === 'badge' ? { kind: 'allow', grant: { groups: ['staff'] } } : { kind: 'next' };
          },
        },
      ],
      authenticators: [{ name: 'all', authenticate: () => ({ kind: 'allow' }) }],
      authorization: { rules: [{ allow: ['publish'], groups: ['staff'], topics: ['#'] }] },
    });
    const connack = (userName: string) => broker.connect(userName, { userName }).connack.reasonCode;
    assert.equal(connack('thief'), ReasonCode.notAuthorized);
    assert.equal(connack('broken'), ReasonCode.serverUnavailable);
    assert.equal(connack('anybody'), 0);
    const staff = broker.connect('b', { userName: 'badge' });
    staff.send(publishPacket('t', 'x', { qos: 1, packetId: 1 }));
    staff.expectNow({ type: PacketType.puback, reasonCode: ReasonCode.noMatchingSubscribers });
  });

  test.each([
    true,
    undefined,
    { kind: 'deny', message: 'no', reasonCode: 0 },
    { kind: 'deny', message: 'no', reasonCode: 0x91 },
    { kind: 'allow', grant: { mountPoint: 'a/#' } },
    { kind: 'allow', grant: { groups: 'staff' } },
    { kind: 'allow', grant: { userName: 5 } },
  ])('%j lets nobody in, of a hook or of an authenticator', async (said) => {
    const one = { name: 'plain', authenticate: () => said as never };
    const hooked = await start(one);
    const asked = await VirtualBroker.start({ authenticators: [one] });
    for (const broker of [hooked, asked]) {
      assert.equal(broker.connect('c', { userName: 'u' }).connack.reasonCode, ReasonCode.serverUnavailable);
    }
  });

  test('is asked at listeners with authenticators of their own, too, and after others have been put in their place', async () => {
    const broker = await start({ name: 'no', authenticate: () => ({ kind: 'deny', message: 'no' }) });
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.notAuthorized);
    broker.broker.replaceAuthentication({ allowAnonymous: true });
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.notAuthorized);
  });
});

describe('subscribe', () => {
  test('refuses, lowers the QoS, and answers filter by filter, in order', async () => {
    const broker = await start({
      name: 'gate',
      subscribe: ({ topicFilter }) => {
        if (topicFilter === 'no') return { refuse: ReasonCode.quotaExceeded, reason: 'too dear' };
        return topicFilter === 'late' ? Promise.resolve({ qos: 0 } as const) : undefined;
      },
    });
    const client = broker.connect('c');
    const [first] = subscribePacket(1, 'late', { qos: 2 }).subscriptions;
    assert.ok(first);
    const subscriptions = ['yes', 'no', 'late', 'a/#/b'].map((topicFilter) => ({ ...first, topicFilter }));
    client.send({ ...subscribePacket(1, 'x'), subscriptions }, { type: PacketType.pingreq });
    assert.deepEqual(client.takeAll(), []);
    await settle(broker);
    const [suback, pingresp] = client.takeAll();
    assert.ok(suback?.type === PacketType.suback && pingresp?.type === PacketType.pingresp);
    assert.deepEqual(suback.reasonCodes, [2, 0x97, 0, ReasonCode.topicFilterInvalid]);
    assert.deepEqual(suback.properties.userProperties?.[0], ['refused', 'no: too dear']);
    assert.equal(broker.broker.stats().subscriptions, 2);
  });

  test('a reason that MQTT cannot carry refuses with 0x83, and the connection goes on', async () => {
    const reason = 'a\0b';
    const broker = await start({ name: 'plain', subscribe: () => ({ refuse: ReasonCode.quotaExceeded, reason }) });
    assert.deepEqual(broker.connect('c').subscribe('t').reasonCodes, [ReasonCode.implementationSpecificError]);
  });

  test('a hook that throws refuses with 0x83', async () => {
    const broker = await start({ name: 'broken', subscribe: () => assert.fail('broken') });
    assert.deepEqual(broker.connect('c').subscribe('t').reasonCodes, [ReasonCode.implementationSpecificError]);
  });
});
