import assert from 'node:assert/strict';
import { PacketType, type PublishPacket, ReasonCode } from '@busbar/codec';
import { describe, expect, test } from 'vitest';
import type { AuthorizationOptions } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

const ACL = {
  file: 'acl',
  text: `topic read public/#
user ann
topic readwrite plant/#
topic deny plant/secret
user bob
topic read plant/+
pattern readwrite own/%c/#
`,
};

function start(authorization: AuthorizationOptions = { aclFile: ACL }, options = {}): Promise<VirtualBroker> {
  return VirtualBroker.start({ authorization, ...options });
}

function publish(topicName: string, qos: 0 | 1 | 2 = 0, given: Partial<PublishPacket> = {}): PublishPacket {
  const payload = Buffer.from(topicName);
  const packetId = qos === 0 ? 0 : 7;
  return {
    type: PacketType.publish,
    dup: false,
    qos,
    retain: false,
    topicName,
    packetId,
    payload,
    properties: {},
    ...given,
  };
}

/** What a client is told of a message of QoS 1 or 2. */
function answerTo(client: VirtualClient, packet: PublishPacket): unknown {
  client.send(packet);
  const [answer] = client.takeAll();
  return answer !== undefined && 'reasonCode' in answer ? answer.reasonCode : answer;
}

describe('publishing', () => {
  test('MQTT-3.3.5 what is not allowed reaches nobody, and 5.0 clients are told with 0x87', async () => {
    const broker = await start();
    const ann = broker.connect('a', { userName: 'ann' });
    const bob = broker.connect('b', { userName: 'bob' });
    bob.subscribe('#', { qos: 2 });
    assert.equal(answerTo(bob, publish('plant/x', 1)), ReasonCode.notAuthorized);
    assert.equal(answerTo(bob, publish('plant/x', 2)), ReasonCode.notAuthorized);
    bob.send(publish('plant/x', 0));
    assert.equal(answerTo(ann, publish('plant/secret', 1)), ReasonCode.notAuthorized);
    assert.deepEqual(bob.texts(), []);
    assert.equal(answerTo(ann, publish('plant/x', 1)), ReasonCode.success);
    assert.deepEqual(bob.texts(), ['plant/x']);
    assert.equal(broker.broker.inspect.losses().refusals['publish-not-authorized'], 4);
    broker.assertNothingLostInSilence();
    await broker.stop();
  });

  test('MQTT311-3.3.5-2 a 3.1.1 client is acknowledged as ever, or cut off, by choice', async () => {
    const broker = await start();
    const bob = broker.connect('b', { userName: 'bob', protocolVersion: 4 });
    bob.send(publish('plant/x', 1));
    assert.equal(bob.take()?.type, PacketType.puback);
    bob.send(publish('plant/x', 2));
    assert.equal(bob.take()?.type, PacketType.pubrec);
    bob.send({ type: PacketType.pubrel, packetId: 7, reasonCode: 0, properties: {} });
    assert.equal(bob.take()?.type, PacketType.pubcomp);
    await broker.stop();

    const strict = await start({ aclFile: ACL, deniedPublish: 'disconnect' });
    for (const qos of [0, 1, 2] as const) {
      const client = strict.connect('b', { userName: 'bob', protocolVersion: 4 });
      client.send(publish('plant/x', qos));
      assert.deepEqual(client.takeAll(), []);
      assert.equal(client.isClosed, true);
    }
    const client5 = strict.connect('b', { userName: 'bob' });
    client5.send(publish('plant/x', 0));
    expect(client5.takeAll()).toMatchObject([{ type: PacketType.disconnect, reasonCode: ReasonCode.notAuthorized }]);
    await strict.stop();
  });

  test('a Topic Alias opens nothing that its Topic Name does not', async () => {
    const broker = await start();
    const ann = broker.connect('a', { userName: 'ann' });
    ann.send(publish('plant/ok', 1, { properties: { topicAlias: 1 } }));
    ann.takeAll();
    assert.equal(
      answerTo(ann, publish('plant/secret', 1, { properties: { topicAlias: 1 } })),
      ReasonCode.notAuthorized,
    );
    assert.equal(answerTo(ann, publish('', 1, { properties: { topicAlias: 1 } })), ReasonCode.notAuthorized);
    await broker.stop();
  });

  test('the rule is named where that is configured, unless the client does not want to hear', async () => {
    const broker = await start({ aclFile: ACL, saysWhy: true });
    const ann = broker.connect('a', { userName: 'ann' });
    ann.send(publish('plant/secret', 1));
    const reasonString = 'acl:4 (topic deny plant/secret)';
    expect(ann.takeAll()).toMatchObject([{ type: PacketType.puback, properties: { reasonString } }]);
    const quiet = broker.connect('q', { userName: 'ann', properties: { requestProblemInformation: false } });
    quiet.send(publish('plant/secret', 1));
    expect(quiet.takeAll()).toMatchObject([{ reasonCode: ReasonCode.notAuthorized, properties: {} }]);
    await broker.stop();
  });

  test('a flood of what is not allowed is one line of the log a second', async () => {
    const broker = await start();
    const bob = broker.connect('b', { userName: 'bob' });
    broker.takeLog();
    for (let time = 0; time < 1000; time++) bob.send(publish('plant/x\u0001\n[INFO] admin connected', 0));
    const lines = broker.takeLog('warn');
    assert.equal(lines.length, 1);
    expect(lines[0]?.fields).toMatchObject({ client: 'b', user: 'bob', rule: 'no rule allows it' });
    await broker.stop();
  });
});

describe('subscribing and receiving', () => {
  test('with an acl_file everybody may subscribe, and gets what he may read; the rest is counted', async () => {
    const broker = await start();
    const ann = broker.connect('a', { userName: 'ann' });
    const bob = broker.connect('b', { userName: 'bob' });
    assert.deepEqual(bob.subscribe('#', { qos: 1 }).reasonCodes, [1]);
    for (const topic of ['plant/x', 'plant/x/y']) ann.send(publish(topic, 1));
    assert.deepEqual(bob.texts(), ['plant/x']);
    assert.deepEqual(broker.broker.stats().dropped, { 'not-authorized': 1 });
    broker.assertNothingLostInSilence();
    await broker.stop();
  });

  test('rules as data refuse subscriptions', async () => {
    const rules = [
      { deny: 'subscribe', topics: 'plant/secret', reasonCode: 0x97, reason: 'not for you' },
      { allow: 'all', topics: 'plant/#', users: 'ann' },
    ] as const;
    const broker = await start({ rules });
    const ann = broker.connect('a', { userName: 'ann' });
    assert.deepEqual(ann.subscribe('plant/+').reasonCodes, [0]);
    assert.deepEqual(ann.subscribe('#').reasonCodes, [ReasonCode.notAuthorized]);
    assert.deepEqual(ann.subscribe('$share/g/#').reasonCodes, [ReasonCode.notAuthorized]);
    const refused = ann.subscribe('plant/secret');
    assert.deepEqual(refused.reasonCodes, [0x97]);
    ann.send(publish('plant/secret'), publish('plant/open'));
    assert.deepEqual(ann.texts(), ['plant/open']);
    const old = broker.connect('old', { userName: 'ann', protocolVersion: 4 });
    assert.deepEqual(old.subscribe('#').reasonCodes, [0x80]);
    await broker.stop();
  });

  test('of a shared subscription only members that may receive are chosen', async () => {
    const broker = await start();
    const ann = broker.connect('a', { userName: 'ann' });
    const bob = broker.connect('b', { userName: 'bob' });
    const nobody = broker.connect('n');
    for (const client of [bob, nobody]) client.subscribe('$share/g/plant/#', { qos: 1 });
    for (let time = 0; time < 4; time++) ann.send(publish('plant/x'));
    assert.equal(bob.texts().length, 4);
    assert.deepEqual(nobody.texts(), []);
    ann.send(publish('plant/x/deep'));
    assert.deepEqual(broker.broker.stats().dropped, { 'not-authorized': 1 });
    broker.assertNothingLostInSilence();
    await broker.stop();
  });

  test('a retained message comes to whom may read it, as long as its publisher may write it', async () => {
    const broker = await start();
    const ann = broker.connect('a', { userName: 'ann' });
    ann.send(publish('plant/kept', 0, { retain: true }), publish('plant/x/kept', 0, { retain: true }));
    const bob = broker.connect('b', { userName: 'bob' });
    bob.subscribe('#');
    assert.deepEqual(bob.texts(), ['plant/kept']);
    const withoutAnn = { file: 'acl', text: 'user bob\ntopic read plant/#\n' };
    broker.broker.replaceAuthorization({ aclFile: withoutAnn });
    bob.subscribe('#');
    assert.deepEqual(bob.texts(), []);
    broker.broker.replaceAuthorization({ aclFile: withoutAnn, checkRetainSource: false });
    bob.subscribe('#');
    assert.deepEqual(bob.texts().sort(), ['plant/kept', 'plant/x/kept']);
    broker.assertNothingLostInSilence();
    await broker.stop();
  });

  test('messages that wait for a client are judged when they are sent', async () => {
    const broker = await start();
    const bob = broker.connectLasting('b', { userName: 'bob' });
    bob.subscribe('plant/+', { qos: 1 });
    bob.cut();
    const ann = broker.connect('a', { userName: 'ann' });
    for (const topic of ['plant/1', 'plant/2', 'plant/3/x']) ann.send(publish(topic, 1));
    broker.broker.replaceAuthorization({ aclFile: { file: 'acl', text: 'user bob\ntopic read plant/2\n' } });
    const back = broker.connectLasting('b', { userName: 'bob' });
    assert.deepEqual(back.texts(), ['plant/2']);
    broker.assertNothingLostInSilence();
    await broker.stop();
  });

  test('a restored session is judged by whose it is', async () => {
    const first = await start();
    const bob = first.connectLasting('b', { userName: 'bob' });
    bob.subscribe('plant/+', { qos: 1 });
    bob.cut();
    await first.stop();
    const second = await start({ aclFile: ACL }, { store: first.store });
    second.connect('a', { userName: 'ann' }).send(publish('plant/1', 1));
    const back = second.connectLasting('b', { userName: 'bob' });
    assert.deepEqual(back.texts(), ['plant/1']);
    await second.stop();
  });
});

describe('wills', () => {
  const willOf = (topicName: string) => ({
    topicName,
    payload: Buffer.from('gone'),
    qos: 0 as const,
    retain: false,
    properties: {},
  });

  test('are published where their client may publish', async () => {
    const broker = await start();
    const ann = broker.connect('watch', { userName: 'ann' });
    ann.subscribe('plant/#');
    broker.connect('w1', { userName: 'ann', will: willOf('plant/w') }).cut();
    assert.deepEqual(ann.texts(), ['gone']);
    broker.connect('w2', { userName: 'ann', will: willOf('plant/secret') }).cut();
    broker.connect('w3', { userName: 'bob', will: willOf('plant/w') }).cut();
    assert.deepEqual(ann.texts(), []);
    assert.equal(broker.broker.inspect.losses().refusals['publish-not-authorized'], 2);
    await broker.stop();
  });
});

describe('names and identities', () => {
  test('nobody takes the session of another user by its Client Identifier', async () => {
    const broker = await start();
    const ann = broker.connectLasting('device', { userName: 'ann' });
    ann.subscribe('plant/#', { qos: 1 });
    const thief = broker.connect('device', { userName: 'bob', cleanStart: false });
    assert.equal(thief.connack.reasonCode, ReasonCode.notAuthorized);
    assert.equal(ann.isClosed, false);
    ann.cut();
    assert.equal(broker.connect('device', { userName: 'bob' }).connack.reasonCode, ReasonCode.notAuthorized);
    assert.equal(broker.connect('device').connack.reasonCode, ReasonCode.notAuthorized);
    assert.equal(broker.connectLasting('device', { userName: 'ann' }).connack.sessionPresent, true);
    await broker.stop();
  });

  test('where sessions are anyone’s, the rights are those of who is connected', async () => {
    const broker = await start({ aclFile: ACL }, { sessionOwnership: 'anyone' });
    const ann = broker.connectLasting('device', { userName: 'ann' });
    ann.subscribe('plant/#', { qos: 1 });
    ann.cut();
    const other = broker.connect('other', { userName: 'ann' });
    other.send(publish('plant/x/deep', 1), publish('plant/x', 1, { packetId: 8 }));
    const bob = broker.connectLasting('device', { userName: 'bob' });
    assert.deepEqual(bob.texts(), ['plant/x']);
    other.send(publish('plant/y/deep', 1), publish('plant/y', 1, { packetId: 8 }));
    assert.deepEqual(bob.texts(), ['plant/y']);
    await broker.stop();
  });

  test.each(['+', '#', 'd/#', '+/d', 'x/../d'])('the Client Identifier %j gets nothing by patterns', async (name) => {
    const broker = await start();
    const ann = broker.connect('d', { userName: 'ann' });
    const attacker = broker.connect(name, { userName: 'eve' });
    attacker.subscribe('#');
    attacker.subscribe('own/d/#');
    ann.send(publish('own/d/x'));
    for (const topic of ['own/d/x', `own/${name.replaceAll(/[+#]/g, 'd')}/x`]) {
      assert.notEqual(answerTo(attacker, publish(topic, 1)), ReasonCode.success);
    }
    assert.deepEqual(attacker.texts(), []);
    await broker.stop();
  });
});

describe('replacing rules', () => {
  test('subscriptions that are no longer allowed end, everybody else notices nothing', async () => {
    const broker = await start({ rules: [{ allow: 'all', topics: '#' }] });
    const one = broker.connect('one');
    const two = broker.connect('two');
    one.subscribe('a/#');
    one.subscribe('b/#');
    two.subscribe('b/#');
    broker.broker.replaceAuthorization({
      rules: [
        { allow: 'read', topics: 'b/#' },
        { allow: 'publish', topics: '#' },
      ],
    });
    two.send(publish('a/1'), publish('b/1'));
    assert.deepEqual(one.texts(), ['b/1']);
    assert.deepEqual(two.texts(), ['b/1']);
    broker.broker.replaceAuthorization({ rules: [{ allow: 'read', topics: '#' }] });
    assert.equal(answerTo(two, publish('b/1', 1)), ReasonCode.notAuthorized);
    broker.broker.replaceAuthorization(undefined);
    two.send(publish('b/1'));
    assert.deepEqual(one.texts(), ['b/1']);
    assert.deepEqual([one.isClosed, two.isClosed], [false, false]);
    await broker.stop();
  });

  test('rules with a mistake change nothing', async () => {
    const broker = await start();
    const aclFile = { file: 'acl', text: 'topic raed x\n' };
    assert.throws(() => broker.broker.replaceAuthorization({ aclFile }), /acl:1: expected read, write/);
    const ann = broker.connect('a', { userName: 'ann' });
    assert.equal(answerTo(ann, publish('plant/x', 1)), ReasonCode.noMatchingSubscribers);
    await broker.stop();
  });
});
