import assert from 'node:assert/strict';
import { ReasonCode } from '@busbar/codec';
import { findMosquitto, MosquittoBroker } from '@busbar/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Client, ConnectionRefusedError, connect, SubscribeError } from '../../src/index.ts';
import { Collector, describeVersions, type ForeignBroker, unique } from './scenarios.ts';

async function startMosquitto(): Promise<ForeignBroker> {
  const broker = await MosquittoBroker.start();
  return {
    url: `mqtt://127.0.0.1:${broker.port}`,
    stop: () => broker.stop(),
    async restart(whileItIsGone) {
      await broker.interrupt();
      await whileItIsGone();
      await broker.restart();
    },
  };
}

describe.skipIf(findMosquitto() === undefined)("Debian's mosquitto (skipped where it is not installed)", () => {
  describeVersions([3, 4, 5], startMosquitto, { isSessionLostWithRestart: false });

  describe('MQTT 5.0', () => {
    let broker: MosquittoBroker;
    let client: Client;
    let url: string;

    beforeAll(async () => {
      broker = await MosquittoBroker.start({
        config: ['max_topic_alias 3', 'max_packet_size 100000', 'max_keepalive 30'],
      });
      url = `mqtt://127.0.0.1:${broker.port}`;
      client = await connect(url, {
        topicAliases: 5,
        topicAliasMaximum: 5,
        clientIdentifier: unique('c'),
        keepAlive: 60,
      });
    });
    afterAll(async () => {
      await client?.end();
      await broker?.stop();
    });

    test('properties go round', async () => {
      const collector = new Collector();
      const topic = unique('properties');
      await client.subscribe(topic, { qos: 1 }, collector.take);
      const properties = {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 1_000,
        contentType: 'text/plain',
        responseTopic: 'answers',
        correlationData: Uint8Array.of(1, 2, 3),
        userProperties: [
          ['a', '1'],
          ['a', '2'],
        ] as [string, string][],
      } as const;
      await client.publish(topic, 'x', { qos: 1, properties });
      const [message] = await collector.until(1);
      const { subscriptionIdentifiers, topicAlias: _, ...came } = message?.properties ?? {};
      assert.deepEqual(came, properties);
      assert.equal(subscriptionIdentifiers?.length, 1);
    });

    test('the server is heard: nobody has subscribed, Keep Alive is shorter, packets may not be larger', async () => {
      assert.equal(
        (await client.publish(unique('nobody'), 'x', { qos: 1 })).reasonCode,
        ReasonCode.noMatchingSubscribers,
      );
      assert.equal(client.agreement?.keepAlive, 30);
      await assert.rejects(client.publish('a', new Uint8Array(100_000)), { code: 'packet-too-large' });
    });

    test('Topic Aliases in both directions', async () => {
      const collector = new Collector();
      const topics = ['a', 'b', 'c', 'd'].map((name) => `${unique('alias')}/${name}`);
      await Promise.all(topics.map((topic) => client.subscribe(topic, { qos: 1 }, collector.take)));
      const order = [0, 1, 2, 3, 3, 2, 1, 0, 0, 1].map((at) => topics[at] ?? '');
      await Promise.all(order.map((topic) => client.publish(topic, topic, { qos: 1 })));
      const messages = await collector.until(order.length);
      assert.deepEqual(
        messages.map(({ topicName }) => topicName),
        order,
      );
      assert.deepEqual(collector.texts, order);
    });

    test('Subscription Identifiers keep a shared and an ordinary subscription apart', async () => {
      const [shared, ordinary] = [new Collector(), new Collector()];
      const topic = unique('shared');
      await client.subscribe(`$share/group/${topic}`, { qos: 1 }, shared.take);
      await client.subscribe(topic, { qos: 1 }, ordinary.take);
      for (let i = 0; i < 5; i++) await client.publish(topic, `${i}`, { qos: 1 });
      await shared.until(5);
      await ordinary.until(5);
      assert.deepEqual(
        [shared.texts, ordinary.texts],
        [
          ['0', '1', '2', '3', '4'],
          ['0', '1', '2', '3', '4'],
        ],
      );
    });

    test('No Local', async () => {
      const collector = new Collector();
      const topic = unique('local');
      await client.subscribe(topic, { qos: 1, noLocal: true }, collector.take);
      await client.publish(topic, 'mine', { qos: 1 });
      const other = await connect(url, { clientIdentifier: unique('c') });
      await other.publish(topic, 'yours', { qos: 1 });
      await other.end();
      await collector.until(1);
      assert.deepEqual(collector.texts, ['yours']);
    });
  });

  test.each([4, 5] as const)('refusals of version %i come with their reason', async (protocolVersion) => {
    const broker = await MosquittoBroker.start({ config: ['allow_anonymous false'] });
    try {
      const url = `mqtt://nobody:wrong@127.0.0.1:${broker.port}`;
      const error = await connect(url, { protocolVersion, clientIdentifier: 'c' }).catch((reason: unknown) => reason);
      assert.ok(error instanceof ConnectionRefusedError);
      assert.equal(error.reasonCode, ReasonCode.notAuthorized);
    } finally {
      await broker.stop();
    }
  });

  test('a subscription that the access rules forbid', async () => {
    const broker = await MosquittoBroker.start({ config: ['acl_file /dev/null'] });
    try {
      const client = await connect(`mqtt://127.0.0.1:${broker.port}`, { clientIdentifier: 'c' });
      const error = await client.subscribe('a').then(undefined, (reason: unknown) => reason);
      if (error instanceof Error) assert.ok(error instanceof SubscribeError);
      const refusal = await client.publish('a', 'x', { qos: 1 }).catch((reason: unknown) => reason);
      assert.equal((refusal as { reasonCode: number }).reasonCode, ReasonCode.notAuthorized);
      await client.end();
    } finally {
      await broker.stop();
    }
  });
});
