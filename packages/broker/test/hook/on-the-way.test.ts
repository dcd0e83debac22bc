import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import type { AuthorizeQuestion, BrokerHooks } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

const start = (...hooks: BrokerHooks[]) => VirtualBroker.start({ hooks });

describe('authorize', () => {
  test('denies what the rules allow, publish, subscribe and receive, and is asked once for client and topic', async () => {
    const questions: string[] = [];
    let secrets = 'secret';
    const broker = await start({
      name: 'guard',
      authorize: ({ action, topic, identity }: AuthorizeQuestion) => {
        questions.push(`${identity.clientIdentifier} ${action} ${topic}`);
        return action === 'receive' || !topic.startsWith(secrets) ? topic !== 'blind' : false;
      },
    });
    const client = broker.connect('c');
    assert.deepEqual(client.subscribe('secret/#').reasonCodes, [ReasonCode.notAuthorized]);
    client.subscribe('#', { qos: 0 });
    for (const [at, topic] of ['open', 'open', 'secret/x', 'blind'].entries()) {
      client.send(publishPacket(topic, String(at), { qos: 1, packetId: at + 1 }));
    }
    const came = client.takeAll();
    const codes = came.flatMap((each) => (each.type === PacketType.puback ? [each.reasonCode] : []));
    const texts = came.flatMap((each) =>
      each.type === PacketType.publish ? [Buffer.from(each.payload).toString()] : [],
    );
    assert.deepEqual(codes, [0, 0, ReasonCode.notAuthorized, ReasonCode.notAuthorized]);
    assert.deepEqual(texts, ['0', '1']);
    const about = questions.filter((question) => question.endsWith(' open'));
    assert.deepEqual(about, ['c publish open', 'c receive open']);
    assert.match(
      broker.broker.explain('publish', 'c', 'secret/x')?.text ?? '',
      /^denied by hook 'guard' \(authorize\)/,
    );

    secrets = 'open';
    client.send(publishPacket('open', '5', { qos: 1, packetId: 5 }));
    assert.deepEqual(codes.length, 4);
    client.takeAll();
    broker.broker.recheckRights();
    client.send(publishPacket('open', '6', { qos: 1, packetId: 6 }));
    client.expectNow({ type: PacketType.puback, reasonCode: ReasonCode.notAuthorized });
  });

  test('never allows what the rules deny', async () => {
    const hooks = [{ name: 'yes', authorize: () => true }];
    const broker = await VirtualBroker.start({ hooks, authorization: { rules: [] } });
    assert.deepEqual(broker.connect('c').subscribe('t').reasonCodes, [ReasonCode.notAuthorized]);
  });

  test('one that throws, or answers later, denies', async () => {
    for (const authorize of [() => assert.fail('broken'), () => Promise.resolve(true) as never]) {
      const broker = await start({ name: 'broken', authorize });
      assert.deepEqual(broker.connect('c').subscribe('t').reasonCodes, [ReasonCode.notAuthorized]);
      assert.match(broker.takeLog('error')[0]?.message ?? '', /the hook 'broken' has failed at 'authorize'/);
    }
  });

  test('judges Wills and retained messages by their publisher', async () => {
    let isDenied = false;
    const broker = await start({ name: 'guard', authorize: ({ action }) => !(isDenied && action === 'publish') });
    broker.connect('p').send(publishPacket('kept', 'x', { retain: true }));
    const will = { topicName: 'will', payload: Buffer.from('w'), qos: 0, retain: false, properties: {} } as const;
    const mortal = broker.connect('mortal', { will });
    isDenied = true;
    broker.broker.recheckRights();
    mortal.cut();
    const watcher = broker.connect('w');
    watcher.subscribe('#');
    assert.deepEqual(watcher.texts(), []);
    broker.assertNothingLostInSilence();
  });
});

describe('deliver', () => {
  test('drops and changes for one receiver, live, queued and retained; others get the message as it is', async () => {
    const broker = await start({
      name: 'redact',
      deliver: (message, { clientIdentifier }) => {
        if (clientIdentifier === 'deaf') return 'drop';
        if (clientIdentifier !== 'guest') return undefined;
        return {
          topicName: `seen/${message.topicName}`,
          payload: message.text().replace('secret', '*'),
          properties: { contentType: 'x' },
        };
      },
    });
    const [deaf, plain] = [broker.connect('deaf'), broker.connect('plain')];
    const guest = broker.connectLasting('guest');
    for (const client of [deaf, plain, guest]) client.subscribe('t', { qos: 1 });
    const publisher = broker.connect('p');
    const properties = { messageExpiryInterval: 100 };
    publisher.send(publishPacket('t', 'secret 1', { qos: 1, packetId: 1, retain: true, properties }));
    assert.deepEqual(plain.texts(), ['secret 1']);
    assert.deepEqual(deaf.texts(), []);
    const [first] = guest.messages();
    assert.ok(first);
    assert.deepEqual([first.topicName, Buffer.from(first.payload).toString(), first.qos], ['seen/t', '* 1', 1]);
    assert.deepEqual(first.properties, { contentType: 'x' });
    guest.send({ type: PacketType.puback, packetId: first.packetId, reasonCode: 0, properties: {} });
    guest.cut();
    publisher.send(publishPacket('t', 'secret 2', { qos: 1, packetId: 2 }));
    const again = broker.connectLasting('guest');
    assert.deepEqual(again.texts(), ['* 2']);
    again.subscribe('+', { qos: 0 });
    assert.deepEqual(again.texts(), ['* 1']);
    assert.deepEqual(broker.broker.stats().dropped, { 'dropped-by-hook': 2 });
    plain.messages();
    broker.assertNothingLostInSilence();
  });

  test('a message expires when it would have', async () => {
    const hooks = [
      { name: 'change', deliver: ({ properties }) => ({ payload: 'y', properties }) },
    ] satisfies BrokerHooks[];
    const broker = await VirtualBroker.start({ hooks });
    broker.connectLasting('away').subscribe('t', { qos: 1 });
    broker.connectLasting('away').cut();
    broker
      .connect('p')
      .send(publishPacket('t', 'x', { qos: 1, packetId: 1, properties: { messageExpiryInterval: 10 } }));
    broker.advance(4_000);
    const [message] = broker.connectLasting('away').messages();
    assert.equal(message?.properties.messageExpiryInterval, 6);
  });

  test('a topic that it gives is one that the receiver may have', async () => {
    const rules = [
      { allow: ['publish', 'subscribe'], topics: ['#'] },
      { allow: ['receive'], topics: ['open/#'] },
    ] as const;
    const hooks = [{ name: 'move', deliver: () => ({ topicName: 'closed/x' }) }];
    const broker = await VirtualBroker.start({ hooks, authorization: { rules } });
    const client = broker.connect('c');
    client.subscribe('#', { qos: 0 });
    client.send(publishPacket('open/x', '1'));
    assert.deepEqual(client.texts(), []);
    assert.deepEqual(broker.broker.stats().dropped, { 'not-authorized': 1 });
  });

  test('the next member of a Shared Subscription gets the message as it was', async () => {
    const broker = await start({
      name: 'mark',
      deliver: (m, { clientIdentifier }) => ({ payload: `${m.text()}${clientIdentifier}` }),
    });
    const first = broker.connect('1');
    first.subscribe('$share/g/t', { qos: 1 });
    broker.connect('p').send(publishPacket('t', 'x', { qos: 1, packetId: 1 }));
    assert.deepEqual(first.texts(), ['x1']);
    const second = broker.connect('2');
    second.subscribe('$share/g/t', { qos: 1 });
    first.cut();
    assert.deepEqual(second.texts(), ['x2']);
  });

  test('one that throws drops the message for that receiver, and the broker goes on', async () => {
    const broker = await start({ name: 'broken', deliver: () => assert.fail('broken') });
    const client = broker.connect('c');
    client.subscribe('t', { qos: 0 });
    for (let i = 0; i < 100; i++) client.send(publishPacket('t', 'x'));
    assert.deepEqual(client.texts(), []);
    assert.deepEqual(broker.broker.stats().dropped, { 'dropped-by-hook': 100 });
    assert.equal(broker.takeLog('error').length, 1);
  });
});
