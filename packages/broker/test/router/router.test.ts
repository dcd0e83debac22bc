import assert from 'node:assert/strict';
import { PacketType, type PublishPacket, type QoS, ReasonCode } from '@busbar/codec';
import { acknowledgementPacket, publishPacket, unsubscribePacket } from '@busbar/testkit';
import fc from 'fast-check';
import { beforeEach, describe, test } from 'vitest';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

let broker: VirtualBroker;
let sender: VirtualClient;

beforeEach(async () => {
  broker = await VirtualBroker.start();
  sender = broker.connect('sender');
});

/** Publishes and answers the Reason Code, undefined at QoS 0. */
function publish(topicName: string, text = 'x', packet: Partial<PublishPacket> = {}): ReasonCode | undefined {
  const { qos = 0 } = packet;
  sender.send(publishPacket(topicName, text, { ...packet, packetId: qos === 0 ? 0 : 1 }));
  const answer = sender.take();
  if (answer?.type === PacketType.pubrec) sender.send(acknowledgementPacket('pubrel', 1));
  sender.takeAll();
  return answer !== undefined && 'reasonCode' in answer ? answer.reasonCode : undefined;
}

describe('who receives', () => {
  test('everybody whose filter matches, at the QoS of message or subscription, whichever is lower [MQTT-3.8.4-8]', () => {
    for (const subscribed of [0, 1, 2] as const) {
      const client = broker.connect(`q${subscribed}`);
      client.subscribe('plant/+', { qos: subscribed });
    }
    for (const qos of [0, 1, 2] as const) {
      publish('plant/t', 'x', { qos });
      publish('elsewhere', 'x', { qos });
    }
    assert.equal(broker.broker.stats().messagesMatched, 9);
    assert.equal(broker.broker.stats().messagesReceived, 6);
  });

  test('a client with overlapping subscriptions once, at the highest QoS, with all identifiers', () => {
    const client = broker.connect('c');
    client.subscribe('a/b', { qos: 0 }, { subscriptionIdentifiers: [1] });
    client.subscribe('a/#', { qos: 2 }, { subscriptionIdentifiers: [2] });
    client.subscribe('+/b', { qos: 1 });
    publish('a/b', 'x', { qos: 2 });
    const messages = client.messages();
    assert.deepEqual(
      messages.map(({ qos }) => qos),
      [2],
    );
    assert.deepEqual(new Set(messages[0]?.properties.subscriptionIdentifiers), new Set([1, 2]));
  });

  test('each with its own Subscription Identifiers and RETAIN flag, whoever comes before it', () => {
    const clients = [1, 2, undefined, 2].map((identifier, at) => {
      const client = broker.connect(`c${at}`);
      const properties = identifier === undefined ? {} : { subscriptionIdentifiers: [identifier] };
      client.subscribe('t', { qos: 1, retainAsPublished: at > 1 }, properties);
      return client;
    });
    publish('t', 'x', { qos: 1, retain: true });
    const seen = clients.map((client) =>
      client.messages().map(({ properties, retain }) => [properties.subscriptionIdentifiers, retain]),
    );
    assert.deepEqual(seen, [[[[1], false]], [[[2], false]], [[undefined, true]], [[[2], true]]]);
  });

  test('the publisher too, unless it set No Local [MQTT-3.8.3-3]', () => {
    const client = broker.connect('c');
    client.subscribe('a', { noLocal: true });
    client.subscribe('b');
    client.send(publishPacket('a', 'own'), publishPacket('b', 'own'));
    publish('a', 'other');
    assert.deepEqual(client.texts(), ['own', 'other']);
  });

  test('a bridge below 5.0 gets none of its own messages back, and those of others with their RETAIN flag', () => {
    const bridge = broker.connect('bridge', { bridge: true, protocolVersion: 4 });
    bridge.subscribe('t');
    bridge.subscribe('$share/g/s');
    bridge.send(publishPacket('t', 'own'), publishPacket('s', 'shared'));
    publish('t', 'other', { retain: true });
    assert.deepEqual(
      bridge.messages().map(({ payload, retain }) => [`${Buffer.from(payload)}`, retain]),
      [
        ['shared', false],
        ['other', true],
      ],
    );
    const client = broker.connect('c', { bridge: true });
    client.subscribe('t', { retainHandling: 2 });
    client.send(publishPacket('t', 'own'));
    assert.deepEqual(client.texts(), ['own']);
  });

  test('a change of subscriptions counts from the next message', () => {
    const client = broker.connect('c');
    publish('t', '1');
    client.subscribe('t');
    publish('t', '2');
    assert.deepEqual(client.texts(), ['2']);
    client.subscribe('#');
    client.send(unsubscribePacket(9, 't'));
    client.takeAll();
    publish('t', '3');
    assert.deepEqual(client.texts(), ['3']);
    client.send(unsubscribePacket(9, '#'));
    client.takeAll();
    publish('t', '4');
    assert.deepEqual(client.texts(), []);
  });
});

describe('what the publisher is told', () => {
  test('success, or 0x10 when nobody receives it', () => {
    assert.equal(publish('t', 'x', { qos: 1 }), ReasonCode.noMatchingSubscribers);
    assert.equal(publish('t', 'x', { qos: 2 }), ReasonCode.noMatchingSubscribers);
    broker.connect('c').subscribe('t');
    assert.equal(publish('t', 'x', { qos: 1 }), ReasonCode.success);
    assert.equal(publish('t', 'x', { qos: 2 }), ReasonCode.success);
  });

  test('0x97 when a bound of retained messages is reached', async () => {
    broker = await VirtualBroker.start({ limits: { maximumRetainedMessages: 1 } });
    sender = broker.connect('sender');
    publish('a', 'x', { retain: true, qos: 1 });
    assert.equal(publish('b', 'x', { retain: true, qos: 1 }), ReasonCode.quotaExceeded);
    assert.equal(publish('a', 'y', { retain: true, qos: 1 }), ReasonCode.noMatchingSubscribers);
  });
});

describe('Topic Names', () => {
  test('of more levels than allowed, with wildcards or malformed end the connection', async () => {
    broker = await VirtualBroker.start({ limits: { maximumTopicLevels: 3 } });
    broker.connect('fine').send(publishPacket('a/b/c', 'x'));
    const bad = broker.connect('deep');
    bad.send(publishPacket('a/b/c/d', 'x'));
    const [disconnect] = bad.takeAll();
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.topicNameInvalid);
    assert.equal(broker.broker.stats().messagesReceived, 1);
  });

  test('that begin with $ are not for wildcards, and $SYS is the broker’s own [MQTT-4.7.2-1]', () => {
    const client = broker.connect('c');
    client.subscribe('#');
    client.subscribe('+/a');
    client.subscribe('$mine/#');
    publish('$mine/a');
    assert.equal(client.messages().length, 1);
    client.subscribe('$SYS/#');
    assert.equal(publish('$SYS/broker/version', 'fake', { qos: 1 }), ReasonCode.notAuthorized);
    assert.deepEqual(client.messages(), []);
    assert.equal(publish('$SYS/broker/connection/hall/state', '1', { qos: 1 }), ReasonCode.success);
    assert.equal(client.messages().length, 1);
  });
});

describe('Shared Subscriptions', () => {
  test('each message goes to one member, in turn', () => {
    const members = ['a', 'b', 'c'].map((name) => broker.connect(name));
    for (const member of members) member.subscribe('$share/g/t', { qos: 1 });
    for (let i = 0; i < 9; i++) publish('t', `${i}`);
    for (const member of members) assert.equal(member.texts().length, 3);
  });

  test('a member whose window is full is passed over', () => {
    const [busy, idle] = ['busy', 'idle'].map((name) =>
      broker.connect(name, { properties: { receiveMaximum: 1 } }),
    ) as [VirtualClient, VirtualClient];
    busy.subscribe('$share/g/t', { qos: 1 });
    publish('t', '0', { qos: 1 });
    assert.deepEqual(busy.texts(), ['0']);
    idle.subscribe('$share/g/t', { qos: 1 });
    for (let i = 1; i <= 3; i++) {
      publish('t', `${i}`, { qos: 1 });
      const [message] = idle.messages();
      assert.equal(Buffer.from(message?.payload ?? []).toString(), `${i}`);
      idle.send(acknowledgementPacket('puback', message?.packetId ?? 0));
    }
  });

  test('when nobody is there, a session that stays keeps it; when none stays, it is lost and counted', () => {
    const lasting = broker.connectLasting('lasting');
    lasting.subscribe('$share/g/t', { qos: 1 });
    lasting.disconnect();
    publish('t', 'kept', { qos: 1 });
    assert.deepEqual(broker.connectLasting('lasting').texts(), ['kept']);
    broker.connect('lasting');
    const brief = broker.connect('brief');
    brief.subscribe('$share/g/t', { qos: 1 });
    brief.cut();
    assert.equal(publish('t', 'nobody', { qos: 1 }), ReasonCode.noMatchingSubscribers);
    broker.assertNothingLostInSilence();
  });

  test('what a member did not acknowledge goes to another when its session ends [MQTT-4.8.2-5]', () => {
    const leaving = broker.connect('leaving');
    leaving.subscribe('$share/g/t', { qos: 1 });
    publish('t', 'again', { qos: 1 });
    const staying = broker.connect('staying');
    staying.subscribe('$share/g/t', { qos: 1 });
    leaving.cut();
    assert.deepEqual(staying.texts(), ['again']);
    broker.assertNothingLostInSilence();
  });
});

describe('receivers of all versions', () => {
  const properties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain',
    responseTopic: 'r',
    correlationData: Uint8Array.of(1, 2),
    userProperties: [['a', 'b']] as [string, string][],
  } as const;

  test('get the same message, each in its own form', () => {
    const old = broker.connect('old', { protocolVersion: 4 });
    const current = broker.connect('current');
    for (const client of [old, current]) client.subscribe('t', { qos: 1 });
    publish('t', 'text', { qos: 1, properties: { ...properties, topicAlias: 3 } });
    for (const client of [old, current]) {
      const [message] = client.messages();
      assert.equal(Buffer.from(message?.payload ?? []).toString(), 'text');
      assert.deepEqual(message?.properties, client === current ? properties : {});
    }
  });

  test('property: however many receivers of whatever version, QoS and size, each gets every message as it was', async () => {
    const receiver = fc.record({
      version: fc.constantFrom(3, 4, 5),
      qos: fc.constantFrom<QoS>(0, 1, 2),
      aliases: fc.constantFrom(0, 3),
    });
    const message = fc.record({
      topic: fc.constantFrom('a', 'plant/line 1', 'plant/ä'),
      qos: fc.constantFrom<QoS>(0, 1, 2),
      byteLength: fc.constantFrom(0, 1, 300, 16_383, 16_384, 70_000),
      retain: fc.boolean(),
      hasProperties: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(receiver, { minLength: 1, maxLength: 6 }),
        fc.array(message, { minLength: 1, maxLength: 8 }),
        fc.constantFrom<3 | 4 | 5>(3, 4, 5),
        async (receivers, messages, version) => {
          const broker = await VirtualBroker.start();
          const clients = receivers.map(({ version: protocolVersion, qos, aliases }, at) => {
            const asked = protocolVersion === 5 ? { topicAliasMaximum: aliases } : {};
            const client = broker.connect(`r${at}`, { protocolVersion, properties: asked });
            client.subscribe('#', { qos });
            return client;
          });
          const publisher = broker.connect('p', { protocolVersion: version });
          const packets = messages.map(({ topic, qos, byteLength, retain, hasProperties }, at) => {
            const payload = new Uint8Array(byteLength).fill(at);
            const packetId = qos === 0 ? 0 : at + 1;
            return publishPacket(topic, payload, {
              qos,
              retain,
              packetId,
              properties: hasProperties && version === 5 ? properties : {},
            });
          });
          publisher.send(...packets);
          for (const [at, client] of clients.entries()) {
            const granted = receivers[at]?.qos ?? 0;
            const topics = new Map<number, string>();
            const got = client.messages().map(({ topicName, properties: { topicAlias, ...others }, payload, qos }) => {
              if (topicAlias !== undefined && topicName !== '') topics.set(topicAlias, topicName);
              return { topicName: topicName || topics.get(topicAlias ?? 0), qos, properties: others, payload };
            });
            const expected = packets.map(({ topicName, payload, qos, properties }) => {
              return {
                topicName,
                qos: Math.min(qos, granted),
                properties: client.version === 5 ? properties : {},
                payload,
              };
            });
            assert.deepEqual(got, expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
