import assert from 'node:assert/strict';
import { PacketType, type PublishPacket, type QoS } from '@busbar/codec';
import { acknowledgementPacket, publishPacket, unsubscribePacket } from '@busbar/testkit';
import { beforeEach, describe, test, vi } from 'vitest';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

// Tens of thousands of messages, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

let broker: VirtualBroker;
let sender: VirtualClient;

beforeEach(async () => {
  broker = await VirtualBroker.start();
  sender = broker.connect('sender');
});

function retain(topicName: string, text: string, packet: Partial<PublishPacket> = {}): void {
  sender.send(publishPacket(topicName, text, { retain: true, ...packet }));
}

function retainMany(count: number, qos: QoS): void {
  const packets = Array.from({ length: count }, (_, at) => {
    return publishPacket(`plant/${at % 100}/${at}`, `${at}`, {
      retain: true,
      qos,
      packetId: qos === 0 ? 0 : (at % 60_000) + 1,
    });
  });
  for (let at = 0; at < count; at += 500) {
    sender.send(...packets.slice(at, at + 500));
    const packetIds = sender.takeAll().flatMap((packet) => ('packetId' in packet ? [packet.packetId] : []));
    if (qos === 2) sender.send(...packetIds.map((packetId) => acknowledgementPacket('pubrel', packetId)));
    sender.takeAll();
  }
}

/** Acknowledges everything as it comes. */
function acknowledging(client: VirtualClient): VirtualClient {
  client.onPacket = (packet) => {
    if (packet.type === PacketType.publish && packet.qos === 1)
      client.send(acknowledgementPacket('puback', packet.packetId));
    if (packet.type === PacketType.publish && packet.qos === 2)
      client.send(acknowledgementPacket('pubrec', packet.packetId));
    if (packet.type === PacketType.pubrel) client.send(acknowledgementPacket('pubcomp', packet.packetId));
  };
  return client;
}

function texts(client: VirtualClient): string[] {
  return client
    .takeAll()
    .flatMap((packet) => (packet.type === PacketType.publish ? [Buffer.from(packet.payload).toString()] : []));
}

describe('10,000 retained messages arrive completely', () => {
  const cases = [
    [0, 20],
    [1, 1],
    [1, 65_535],
    [2, 20],
  ] as const;
  for (const [qos, receiveMaximum] of cases) {
    test(`at QoS ${qos} with a window of ${receiveMaximum}`, () => {
      retainMany(10_000, qos);
      assert.equal(broker.broker.stats().retained, 10_000);
      const client = acknowledging(broker.connect('c', { properties: { receiveMaximum } }));
      client.subscribe('plant/#', { qos: 2 });
      const got = texts(client);
      assert.equal(got.length, 10_000);
      assert.equal(new Set(got).size, 10_000);
      assert.deepEqual(broker.broker.stats().dropped, {});
      broker.assertNothingLostInSilence();
    });
  }

  test('to a client that reads slowly, a little at a time', () => {
    retainMany(10_000, 0);
    const client = broker.connect('c', {
      pair: { windowBytes: 1_000, highWaterMark: 1_000, chunk: (all) => Math.min(all, 300) },
    });
    client.subscribe('plant/#');
    assert.equal(texts(client).length, 10_000);
  });
});

describe('Retain Handling', () => {
  test('0 brings them with every SUBSCRIBE, 1 with a new subscription, 2 never [MQTT-3.3.1-9]', () => {
    retain('t', 'x');
    const client = broker.connect('c');
    const brought = ([0, 1, 2, 1, 0] as const).map((retainHandling) => {
      client.subscribe('t', { retainHandling });
      return client.texts().length;
    });
    assert.deepEqual(brought, [1, 0, 0, 0, 1]);
    client.send(unsubscribePacket(99, 't'));
    client.takeAll();
    client.subscribe('t', { retainHandling: 1 });
    assert.deepEqual(client.texts(), ['x']);
    client.send(unsubscribePacket(99, 't'));
    client.takeAll();
    client.subscribe('t', { retainHandling: 2 });
    assert.deepEqual(client.texts(), []);
  });

  test('a Shared Subscription brings none', () => {
    retain('t', 'x');
    const client = broker.connect('c');
    client.subscribe('$share/g/t');
    assert.deepEqual(client.texts(), []);
  });
});

describe('flags', () => {
  test('they come with RETAIN, the granted QoS and the Subscription Identifier [MQTT-3.3.1-8]', () => {
    retain('t', 'x', { qos: 2, packetId: 1 });
    const client = broker.connect('c');
    client.subscribe('t', { qos: 1 }, { subscriptionIdentifiers: [7] });
    const [message] = client.messages();
    assert.deepEqual([message?.retain, message?.qos], [true, 1]);
    assert.deepEqual(message?.properties, { subscriptionIdentifiers: [7] });
  });

  test('No Local keeps a client from those that it has published itself, and from no others [MQTT-3.8.3-3]', () => {
    retain('t/a', 'of another');
    const client = broker.connectLasting('c');
    client.send(publishPacket('t/b', 'own', { retain: true }));
    client.subscribe('t/#', { noLocal: true });
    assert.deepEqual(client.texts(), ['of another']);
    client.cut();
    const back = broker.connectLasting('c', { cleanStart: false });
    back.subscribe('t/+', { noLocal: true });
    assert.deepEqual(back.texts(), ['of another']);
    back.subscribe('t/b');
    assert.deepEqual(back.texts(), ['own']);
  });

  test('live messages come without, unless Retain As Published [MQTT-3.3.1-12] [MQTT-3.3.1-13]', () => {
    const client = broker.connect('c');
    client.subscribe('a');
    client.subscribe('b', { retainAsPublished: true });
    retain('a', 'x');
    retain('b', 'x');
    sender.send(publishPacket('b', 'x'));
    assert.deepEqual(
      client.messages().map(({ retain }) => retain),
      [false, true, false],
    );
  });

  test('what is left of the Message Expiry Interval is forwarded [MQTT-3.3.2-6]', () => {
    retain('t', 'x', { properties: { messageExpiryInterval: 60 } });
    broker.advance(20_000);
    const client = broker.connect('c');
    client.subscribe('t');
    assert.deepEqual(client.messages()[0]?.properties, { messageExpiryInterval: 40 });
    broker.advance(40_000);
    client.subscribe('t');
    assert.deepEqual(client.messages(), []);
    assert.equal(broker.broker.stats().retained, 0);
  });
});

describe('while they wait for the window', () => {
  function waiting(): VirtualClient {
    for (const topic of ['a', 'b', 'c']) retain(topic, `old ${topic}`, { qos: 1, packetId: 1 });
    sender.takeAll();
    const client = broker.connectLasting('c', { properties: { receiveMaximum: 1 } });
    client.subscribe('+', { qos: 1 });
    assert.deepEqual(texts(client), ['old a']);
    return client;
  }

  function finish(client: VirtualClient): string[] {
    acknowledging(client);
    client.send(acknowledgementPacket('puback', 1));
    return texts(client);
  }

  test('a newer message does not come before the one it has replaced', () => {
    const client = waiting();
    retain('b', 'new b', { qos: 1, packetId: 2 });
    retain('c', 'new c', { qos: 1, packetId: 3 });
    const got = finish(client);
    assert.equal(got.includes('old b'), false, `the last one of b is not the old one: ${got}`);
    assert.equal(got.includes('old c'), false);
    assert.ok(got.includes('new b') && got.includes('new c'));
  });

  test('what was forgotten meanwhile does not come', () => {
    const client = waiting();
    retain('b', '');
    retain('c', '');
    assert.deepEqual(finish(client), ['', '']);
  });

  test('UNSUBSCRIBE stops them', () => {
    const client = waiting();
    client.send(unsubscribePacket(9, '+'));
    assert.deepEqual(finish(client), []);
  });

  test('the same SUBSCRIBE again begins again, and each comes once', () => {
    const client = waiting();
    client.subscribe('+', { qos: 1 });
    assert.deepEqual(finish(client), ['old a', 'old b', 'old c']);
  });

  test('they go on with the next connection', () => {
    waiting().cut();
    const back = broker.connectLasting('c', { properties: { receiveMaximum: 1 } });
    assert.deepEqual(texts(back), ['old a']);
    assert.deepEqual(finish(back), ['old b', 'old c']);
    broker.assertNothingLostInSilence();
  });
});
