import assert from 'node:assert/strict';
import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import { InteropBroker } from './interop-broker.ts';

// Thousands of messages, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

const VERSIONS = [
  ['3.1', { protocolVersion: 3, protocolId: 'MQIsdp' }],
  ['3.1.1', { protocolVersion: 4 }],
  ['5.0', { protocolVersion: 5 }],
] as const;

let broker: InteropBroker;
let clients: MqttClient[];

beforeEach(async () => {
  broker = await InteropBroker.start();
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await broker.stop();
});

async function connect(options: IClientOptions): Promise<MqttClient> {
  const { host, port } = broker;
  const client = await mqtt.connectAsync({ host, port, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

/** Keeps what a client receives, from now on. */
class Inbox {
  readonly packets: IPublishPacket[] = [];
  #wake: () => void = () => {};

  constructor(client: MqttClient) {
    client.on('message', (_topic, _payload, packet) => {
      this.packets.push(packet);
      this.#wake();
    });
  }

  /** Takes so many messages, as soon as they have come. */
  async take(count: number): Promise<IPublishPacket[]> {
    while (this.packets.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.packets.splice(0, count);
  }
}

/** Why the broker ends the connection, as it says. */
function reasonOfDisconnect(client: MqttClient): Promise<number | undefined> {
  return new Promise((resolve) => client.once('disconnect', ({ reasonCode }) => resolve(reasonCode)));
}

function brief({ topic, payload, qos, retain }: IPublishPacket): string {
  return `${topic} ${payload} qos ${qos}${retain ? ' retained' : ''}`;
}

describe('MQTT.js', () => {
  for (const [name, version] of VERSIONS) {
    describe(`MQTT ${name}`, () => {
      const session = { clean: false, ...(name === '5.0' ? { properties: { sessionExpiryInterval: 3600 } } : {}) };

      test('QoS 0, 1 and 2 in both directions', async () => {
        const client = await connect({ ...version });
        const inbox = new Inbox(client);
        await client.subscribeAsync('plant/+/temp', { qos: 2 });
        for (const qos of [0, 1, 2] as const) await client.publishAsync(`plant/${qos}/temp`, '21.5 °C', { qos });
        const expected = [0, 1, 2].map((qos) => `plant/${qos}/temp 21.5 °C qos ${qos}`);
        assert.deepEqual((await inbox.take(3)).map(brief), expected);
      });

      test('many at once, in order', async () => {
        // MQTT.js does not heed Receive Maximum; below 5.0 there is none.
        const count = name === '5.0' ? 1_000 : 2_000;
        const subscriber = await connect({ ...version });
        const inbox = new Inbox(subscriber);
        await subscriber.subscribeAsync('n', { qos: 2 });
        const publisher = await connect({ ...version });
        for (const qos of [0, 1, 2] as const) {
          await Promise.all(Array.from({ length: count }, (_, at) => publisher.publishAsync('n', `${at}`, { qos })));
          const numbers = (await inbox.take(count)).map(({ payload }) => Number(payload.toString()));
          assert.deepEqual(
            numbers,
            Array.from({ length: count }, (_, at) => at),
          );
        }
        assert.deepEqual(broker.broker.stats().dropped, {});
      });

      test('retained: set, replaced, cleared', async () => {
        const publisher = await connect({ ...version });
        const latest = async () => {
          const reader = await connect({ ...version });
          const inbox = new Inbox(reader);
          await reader.subscribeAsync(['state', 'end'], { qos: 1 });
          const packets = await inbox.take(1);
          while (packets.at(-1)?.topic !== 'end') packets.push(...(await inbox.take(1)));
          return packets.map(brief);
        };
        const end = 'end of it qos 1 retained';
        await publisher.publishAsync('end', 'of it', { retain: true, qos: 1 });
        await publisher.publishAsync('state', 'on', { retain: true, qos: 1 });
        assert.deepEqual(await latest(), ['state on qos 1 retained', end]);
        await publisher.publishAsync('state', 'off', { retain: true, qos: 1 });
        assert.deepEqual(await latest(), ['state off qos 1 retained', end]);
        await publisher.publishAsync('state', '', { retain: true, qos: 1 });
        assert.deepEqual(await latest(), [end]);
      });

      test('a Will, when its client vanishes and not when it disconnects', async () => {
        const watcher = await connect({ ...version });
        const inbox = new Inbox(watcher);
        await watcher.subscribeAsync('will/#', { qos: 2 });
        const will = (topic: string) => ({ topic, payload: Buffer.from('gone'), qos: 1, retain: false }) as const;
        await (await connect({ ...version, will: will('will/quits') })).endAsync();
        const dies = await connect({ ...version, will: will('will/dies') });
        dies.stream.destroy();
        assert.deepEqual((await inbox.take(1)).map(brief), ['will/dies gone qos 1']);
      });

      test('a session is resumed with the messages that came meanwhile', async () => {
        const publisher = await connect({ ...version });
        const first = await connect({ ...version, clientId: 'device', ...session });
        await first.subscribeAsync('orders', { qos: 2 });
        first.stream.destroy();
        await broker.until(({ clients }) => clients === 1);
        for (let at = 0; at < 100; at++) await publisher.publishAsync('orders', `${at}`, { qos: at % 2 === 0 ? 1 : 2 });
        const { host, port } = broker;
        const second = mqtt.connect({ host, port, reconnectPeriod: 0, ...version, clientId: 'device', ...session });
        clients.push(second);
        const inbox = new Inbox(second);
        const connack = new Promise<IConnackPacket>((resolve) => second.once('connect', resolve));
        assert.equal((await connack).sessionPresent, name !== '3.1');
        const numbers = (await inbox.take(100)).map(({ payload }) => Number(payload.toString()));
        assert.deepEqual(
          numbers.sort((a, b) => a - b),
          Array.from({ length: 100 }, (_, at) => at),
        );
      });
    });
  }

  describe('MQTT 5.0', () => {
    const version = { protocolVersion: 5 } as const;

    test('a Shared Subscription: each message to one member', async () => {
      const members = await Promise.all([1, 2, 3].map(() => connect(version)));
      const inboxes = members.map((member) => new Inbox(member));
      for (const member of members) await member.subscribeAsync('$share/workers/jobs', { qos: 1 });
      const publisher = await connect(version);
      for (let at = 0; at < 30; at++) await publisher.publishAsync('jobs', `${at}`, { qos: 1 });
      const shares = await Promise.all(inboxes.map((inbox) => inbox.take(10)));
      const numbers = shares.flat().map(({ payload }) => Number(payload.toString()));
      assert.deepEqual(
        numbers.sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, at) => at),
      );
    });

    test('properties pass through, with the Subscription Identifier and what is left of the expiry', async () => {
      const subscriber = await connect(version);
      const inbox = new Inbox(subscriber);
      await subscriber.subscribeAsync('p/#', { qos: 1, properties: { subscriptionIdentifier: 4242 } });
      const properties = {
        payloadFormatIndicator: true,
        contentType: 'text/plain',
        responseTopic: 'answers/1',
        correlationData: Buffer.from([0, 1, 255]),
        messageExpiryInterval: 1000,
        userProperties: { zone: ['north', 'south'], area: 'wet' },
      };
      await subscriber.publishAsync('p/1', 'x', { qos: 1, properties });
      const [packet] = await inbox.take(1);
      const { messageExpiryInterval = 0, userProperties, ...others } = packet?.properties ?? {};
      assert.ok(messageExpiryInterval > 900 && messageExpiryInterval <= 1000);
      assert.deepEqual({ ...userProperties }, properties.userProperties);
      const { messageExpiryInterval: _m, userProperties: _u, ...expected } = properties;
      assert.deepEqual(others, { ...expected, subscriptionIdentifier: 4242 });
    });

    test('Topic Aliases, given out by both sides', async () => {
      const aliasing = { ...version, autoAssignTopicAlias: true, properties: { topicAliasMaximum: 10 } };
      const client = await connect(aliasing);
      const inbox = new Inbox(client);
      await client.subscribeAsync('a/#', { qos: 1 });
      for (let at = 0; at < 60; at++)
        await client.publishAsync(`a/long/topic/${at % 15}`, `${at}`, { qos: (at % 2) as 0 | 1 });
      for (const { topic, payload } of await inbox.take(60))
        assert.equal(topic, `a/long/topic/${Number(payload.toString()) % 15}`);
    });

    test('a session that is taken over: the first connection is told 0x8E', async () => {
      const first = await connect({ ...version, clientId: 'same' });
      const told = reasonOfDisconnect(first);
      await connect({ ...version, clientId: 'same' });
      assert.equal(await told, 0x8e);
    });

    test('the broker stops: 0x8B', async () => {
      const client = await connect(version);
      const told = reasonOfDisconnect(client);
      await broker.stop();
      assert.equal(await told, 0x8b);
    });
  });
});
