import type { Client } from '@busbar/client';
import { ofClient, sharedChapter } from '../../run/scenario.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';
import type { Properties } from '../../wire/property.ts';

const LASTING = { cleanStart: false, sessionExpiryInterval: 600 };

/** Publishes without waiting; what becomes of it is the scenario's business. */
function send(client: Client, payload: string, qos: 0 | 1 | 2, topic = 'a'): void {
  client.publish(topic, payload, { qos }).catch(() => {});
}

async function isRefused(publishing: Promise<unknown>): Promise<boolean> {
  return publishing.then(
    () => false,
    () => true,
  );
}

/** Our client as the sender of messages. That Packet Identifiers and limits are kept, the monitor sees. */
export const publishing = sharedChapter('4.3 Publishing (client)', [
  ofClient(
    'a QoS 0 message is sent without Packet Identifier and DUP',
    { v5: '4.3.1-1 3.3.1-2 2.2.1-2', v4: '2.3.1-5 3.3.1-2' },
    async (t) => {
      const { client, server } = await t.connected();
      await client.publish('a', 'once');
      const message = await server.expectPublish('once');
      expectEqual('QoS', message.qos, 0);
      expectEqual('DUP', message.dup, false);
    },
  ),
  ofClient(
    'messages and requests have Packet Identifiers that are not in use',
    { v5: '2.2.1-3 4.3.2-1 4.3.2-2 4.3.3-1 4.3.3-2', v4: '2.3.1-1 2.3.1-2' },
    async (t) => {
      const { client, server } = await t.connected();
      for (let i = 0; i < 6; i++) send(client, `${i}`, i % 2 === 0 ? 1 : 2);
      client.subscribe('a/b');
      const messages = [];
      for (let i = 0; i < 6; i++) messages.push(await server.expectPublish(`${i}`));
      expectEqual(
        'DUP',
        messages.map(({ dup }) => dup),
        Array.from({ length: 6 }, () => false),
      );
      await server.grant();
      for (const message of messages) await server.finish(message);
      send(client, 'more', 1);
      await server.finish(await server.expectPublish('more'));
    },
  ),
  ofClient(
    'a QoS 2 message: PUBREC is answered by PUBREL, in the order of the PUBRECs',
    { v5: '4.3.3-4 4.6.0-4 2.2.1-5 3.6.1-1 3.6.2-1', v4: '4.6.0-4 2.3.1-6 3.6.1-1' },
    async (t) => {
      const { client, server } = await t.connected();
      for (let i = 0; i < 4; i++) send(client, `${i}`, 2);
      const packetIds: number[] = [];
      for (let i = 0; i < 4; i++) packetIds.push((await server.expectPublish(`${i}`)).packetId);
      const mixed = [2, 0, 3, 1].map((at) => packetIds[at] ?? 0);
      for (const packetId of mixed) server.acknowledge('PUBREC', packetId);
      for (const packetId of mixed) expectEqual('PUBREL', (await server.expect('PUBREL')).packetId, packetId);
      for (const packetId of mixed) server.acknowledge('PUBCOMP', packetId);
    },
  ),
  ofClient(
    'what is unacknowledged is sent again on the next connection: DUP, its Packet Identifier, the old order',
    {
      v5: '4.4.0-1 4.6.0-1 3.3.1-1 4.3.2-3 4.3.3-3 4.3.3-5 4.3.3-6 3.1.2-23 3.1.3-2 3.3.1-3',
      v4: '4.4.0-1 4.6.0-1 3.3.1-1 2.3.1-3 3.1.2-4 3.1.3-2 3.3.1-3',
    },
    async (t) => {
      const { client, server, connect } = await t.connected(LASTING);
      for (const [i, qos] of ([1, 2, 2, 1] as const).entries()) send(client, `${i}`, qos);
      const packetIds: number[] = [];
      for (let i = 0; i < 4; i++) packetIds.push((await server.expectPublish(`${i}`)).packetId);
      server.acknowledge('PUBREC', packetIds[1] ?? 0);
      await server.expect('PUBREL');
      server.destroy();
      const { server: next, connect: again } = await t.reconnected(client, { sessionPresent: true });
      expectEqual('Client Identifier', again.clientId, connect.clientId);
      for (const i of [0, 1, 2, 3]) {
        if (i === 1) {
          expectEqual('PUBREL', (await next.expect('PUBREL')).packetId, packetIds[1]);
          continue;
        }
        const message = await next.expectPublish(`${i}`);
        expectEqual('DUP', message.dup, true);
        expectEqual('Packet Identifier', message.packetId, packetIds[i]);
      }
    },
  ),
  ofClient(
    'nothing is sent again while the connection lasts',
    { v5: '4.4.0-1', v4: '4.4.0-1' },
    async (t) => {
      const { client, server } = await t.connected({ keepAlive: 1 });
      send(client, 'once', 1);
      const message = await server.expectPublish('once');
      for (let i = 0; i < 3; i++) {
        await server.expect('PINGREQ');
        server.pong();
      }
      await server.finish(message);
    },
    { waits: true },
  ),
  ofClient(
    'a message that was refused with PUBACK or PUBREC is not sent again',
    { v5: '4.4.0-2 4.3.3-4', v4: '' },
    async (t) => {
      const { client, server } = await t.connected(LASTING);
      send(client, '1', 1);
      send(client, '2', 2);
      server.acknowledge('PUBACK', (await server.expectPublish('1')).packetId, 0x97);
      server.acknowledge('PUBREC', (await server.expectPublish('2')).packetId, 0x97);
      send(client, 'after', 0);
      await server.expectPublish('after');
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: true });
      send(client, 'next', 0);
      await next.expectPublish('next');
    },
    { versions: [5] },
  ),
  ofClient(
    'no more messages are sent than Receive Maximum allows; everything else is not held up',
    { v5: '3.3.4-7 3.3.4-8 4.9.0-1 4.9.0-2 4.9.0-3', v4: '' },
    async (t) => {
      const { client, server } = await t.connected({}, { properties: { receiveMaximum: 2 } });
      for (let i = 0; i < 5; i++) send(client, `${i}`, i % 2 === 0 ? 1 : 2);
      const first = await server.expectPublish('0');
      const second = await server.expectPublish('1');
      client.subscribe('a/b', { qos: 1 });
      await server.grant();
      send(client, 'free', 0);
      await server.expectPublish('free');
      server.sendPublish('a/b', 'x', { qos: 1, packetId: 9 });
      await server.takeAcknowledgement('PUBACK', 9);
      for (const message of [first, second]) await server.finish(message);
      for (let i = 2; i < 5; i++) await server.finish(await server.take('PUBLISH'));
    },
    { versions: [5] },
  ),
  ofClient(
    'limits that the server announced are kept: Maximum QoS, Retain Available, Maximum Packet Size',
    { v5: '3.2.2-11 3.2.2-14 3.2.2-15', v4: '' },
    async (t) => {
      const properties = { maximumQos: 1, retainAvailable: 0, maximumPacketSize: 60 };
      const { client, server } = await t.connected({}, { properties });
      const refused = [
        await isRefused(client.publish('a', 'x', { qos: 2 })),
        await isRefused(client.publish('a', 'x', { retain: true })),
        await isRefused(client.publish('a', 'x'.repeat(100))),
      ];
      expectEqual('all refused', refused, [true, true, true]);
      await client.publish('a', 'small');
      await server.expectPublish('small');
    },
    { versions: [5] },
  ),
  ofClient(
    'Topic Aliases stay within the maximum of the server, and there are none without one',
    { v5: '3.2.2-17 3.2.2-18 3.3.2-8 3.3.2-9', v4: '' },
    async (t) => {
      for (const properties of [{ topicAliasMaximum: 2 }, {}] as Properties[]) {
        const { client, server } = await t.connected({ topicAliases: 10 }, { properties });
        for (const topic of ['a', 'b', 'c', 'a', 'a', 'b']) {
          await client.publish(topic, topic);
          await server.expectPublish(topic);
        }
      }
    },
    { versions: [5] },
  ),
  ofClient(
    'Topic Aliases of one connection are not used on the next',
    { v5: '3.3.2-7', v4: '' },
    async (t) => {
      const properties = { topicAliasMaximum: 2 };
      const { client, server } = await t.connected({ ...LASTING, topicAliases: 2 }, { properties });
      await client.publish('a', 'one');
      expectEqual('Topic Name', (await server.expectPublish('one')).topic, 'a');
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: true, properties });
      // That an alias is given its Topic Name anew is seen by the monitor of the new connection.
      send(client, 'two', 0);
      expectEqual('Topic Name', (await next.expectPublish('two')).topic, 'a');
    },
    { versions: [5] },
  ),
  ofClient(
    'what is no Topic Name cannot be published',
    { v5: '3.3.2-1 3.3.2-2 4.7.0-1 4.7.3-1 4.7.3-2 4.7.3-3', v4: '3.3.2-1 3.3.2-2 4.7.0-1 4.7.3-1 4.7.3-2' },
    async (t) => {
      const { client, server } = await t.connected();
      for (const topic of ['', '+', 'a/#', 'a\0', '\ud800', 'x'.repeat(65_536)]) {
        expectThat(await isRefused(client.publish(topic, 'x')), 'a refusal', `${topic.slice(0, 20)} sent`);
      }
      await client.publish('a', 'good');
      await server.expectPublish('good');
    },
  ),
  ofClient(
    'a QoS 2 message that was sent is sent again on the next connection, also when its interval has passed',
    { v5: '4.3.3-7', v4: '' },
    async (t) => {
      const { client, server } = await t.connected(LASTING);
      client.publish('a', 'old', { qos: 2, properties: { messageExpiryInterval: 1 } }).catch(() => {});
      await server.expectPublish('old');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      server.destroy();
      const { server: next } = await t.reconnected(client, { sessionPresent: true });
      expectEqual('DUP', (await next.expectPublish('old')).dup, true);
    },
    { versions: [5], waits: true },
  ),
  ofClient(
    'properties that may not be cannot be published',
    { v5: '3.3.2-13 3.3.2-14 3.3.2-19 1.5.7-1', v4: '' },
    async (t) => {
      const { client, server } = await t.connected();
      const refused = [
        await isRefused(client.publish('a', 'x', { properties: { responseTopic: 'a/#' } })),
        await isRefused(client.publish('a', 'x', { properties: { responseTopic: '\ud800' } })),
        await isRefused(client.publish('a', 'x', { properties: { contentType: 'a\0' } })),
        await isRefused(client.publish('a', 'x', { properties: { userProperties: [['a', '\udfff']] } })),
      ];
      expectEqual('all refused', refused, [true, true, true, true]);
      await client.publish('a', 'good');
      await server.expectPublish('good');
    },
    { versions: [5] },
  ),
  ofClient(
    'properties of a message are sent as they were given, and a Subscription Identifier never',
    { v5: '3.3.4-6 2.2.2-1', v4: '' },
    async (t) => {
      const { client, server } = await t.connected();
      const userProperties: [string, string][] = [
        ['b', '1'],
        ['a', '2'],
      ];
      const properties = { contentType: 'text', userProperties, messageExpiryInterval: 9 };
      await client.publish('a', 'x', { properties });
      const message = await server.expectPublish('x');
      expectEqual('Content Type', message.properties.contentType, 'text');
      expectEqual('User Properties', message.properties.userProperties, properties.userProperties);
      const own = { subscriptionIdentifiers: [7] } as object;
      if (!(await isRefused(client.publish('a', 'y', { properties: own })))) {
        expectEqual('identifiers', (await server.expectPublish('y')).properties.subscriptionIdentifiers, undefined);
      }
    },
    { versions: [5] },
  ),
]);
