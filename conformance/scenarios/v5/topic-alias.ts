import { chapter, scenario } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, requireThat } from '../../run/violation.ts';

/** A connected client, and how many Topic Aliases the server takes. */
async function connectWithAliases(t: Scene) {
  const client = await t.connect();
  const maximum = t.announced(client).topicAliasMaximum ?? 0;
  requireThat(maximum > 0, 'the server takes no Topic Aliases');
  return { client, maximum };
}

/** Topic Aliases in both directions (sections 3.1.2.11.5, 3.2.2.3.8, 3.3.2.3.4). */
export const topicAlias = chapter(5, '3.3.2.3.4 Topic Alias', [
  scenario('every Topic Alias from 1 to the maximum of the server is taken', '3.3.2-12', async (t) => {
    const subscriber = await t.subscriber(t.topic('+'), { qos: 1 });
    const { client, maximum } = await connectWithAliases(t);
    const aliases =
      maximum <= 100 ? Array.from({ length: maximum }, (_, i) => i + 1) : [1, 2, 99, maximum - 1, maximum];
    for (const alias of aliases) {
      await client.publish(t.topic(`${alias}`), 'named', { qos: 1, properties: { topicAlias: alias } });
    }
    for (const alias of aliases) await client.publish('', 'aliased', { qos: 1, properties: { topicAlias: alias } });
    for (const payload of ['named', 'aliased']) {
      for (const alias of aliases) await subscriber.receive({ topic: t.topic(`${alias}`), payload });
    }
  }),
  scenario('a Topic Alias may be given another Topic Name', '3.3.2-12', async (t) => {
    const subscriber = await t.subscriber(t.topic('+'), { qos: 1 });
    const { client } = await connectWithAliases(t);
    const properties = { topicAlias: 1 };
    for (const name of ['first', 'second']) {
      await client.publish(t.topic(name), 'named', { qos: 1, properties });
      await client.publish('', 'aliased', { qos: 1, properties });
      await subscriber.receive({ topic: t.topic(name), payload: 'named' });
      await subscriber.receive({ topic: t.topic(name), payload: 'aliased' });
    }
  }),
  scenario('a Topic Alias holds at every QoS, and a subscriber never sees it', '3.1.2-27 3.3.2-12', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 2 });
    const { client } = await connectWithAliases(t);
    for (const qos of [0, 1, 2] as const) {
      await client.publish(qos === 0 ? t.topic() : '', `${qos}`, { qos, properties: { topicAlias: 1 } });
      const { properties } = await subscriber.receive({ topic: t.topic(), payload: `${qos}` });
      expectEqual('Topic Alias', properties.topicAlias, undefined);
    }
  }),
  scenario('a Topic Alias of 0 ends the connection', '3.3.2-8', async (t) => {
    const client = await t.connect();
    client.sendPublish(t.topic(), 'x', { properties: { topicAlias: 0 } });
    await client.expectClose([0x94, 0x82, 0x81]);
  }),
  scenario(
    'a Topic Alias over the maximum of the server ends the connection with 0x94',
    '3.3.2-9 3.2.2-17',
    async (t) => {
      const client = await t.connect();
      const maximum = t.announced(client).topicAliasMaximum ?? 0;
      requireThat(maximum < 65_535, 'the server takes every Topic Alias');
      client.sendPublish(t.topic(), 'x', { properties: { topicAlias: maximum + 1 } });
      await client.expectClose([0x94]);
    },
  ),
  scenario('a Topic Alias that stands for nothing ends the connection', '3.3.2-7 4.13.1-1', async (t) => {
    const { client } = await connectWithAliases(t);
    client.sendPublish('', 'x', { properties: { topicAlias: 1 } });
    await client.expectClose([0x82, 0x94]);
  }),
  scenario('a Topic Alias is forgotten with its connection, also in a session that lasts', '3.3.2-7', async (t) => {
    const { client: first } = await connectWithAliases(t);
    await first.disconnect();
    const clientId = t.newClientId();
    const named = await t.persistent(clientId);
    await named.publish(t.topic(), 'x', { qos: 1, properties: { topicAlias: 1 } });
    await named.disconnect();
    const back = await t.persistent(clientId);
    back.sendPublish('', 'x', { properties: { topicAlias: 1 } });
    await back.expectClose([0x82, 0x94]);
  }),
  scenario('a client that allows no Topic Aliases is sent none', '3.1.2-27', async (t) => {
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 }, { properties });
      const publisher = await t.connect();
      for (let i = 0; i < 5; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
      for (let i = 0; i < 5; i++) {
        const message = await subscriber.receive({ topic: t.topic(), payload: `${i}` });
        expectEqual('Topic Alias', message.properties.topicAlias, undefined);
      }
    }
  }),
  scenario(
    'a client that allows two Topic Aliases is sent none above 2, and each stands for its topic',
    '3.1.2-26 3.3.2-11',
    async (t) => {
      const properties = { topicAliasMaximum: 2 };
      const subscriber = await t.subscriber(t.topic('+'), { qos: 1 }, { properties });
      const publisher = await t.connect();
      const names = ['a', 'b', 'a', 'c', 'd', 'a', 'a', 'b', 'c', 'c'];
      for (const name of names) await publisher.publish(t.topic(name), name, { qos: 1 });
      // What the aliases stand for, and that none is above 2, is seen by the client's monitor.
      for (const name of names) await subscriber.receive({ topic: t.topic(name), payload: name });
    },
  ),
  scenario('the Topic Aliases of the server begin anew with each connection', '3.3.2-7', async (t) => {
    const clientId = t.newClientId();
    const properties = { topicAliasMaximum: 10 };
    const publisher = await t.connect();
    const first = await t.persistent(clientId, { properties });
    await first.mustSubscribe(t.topic(), { qos: 1 });
    for (let i = 0; i < 3; i++) {
      await publisher.publish(t.topic(), `${i}`, { qos: 1 });
      await first.expectPublish({ topic: t.topic(), payload: `${i}` });
    }
    await first.drop();
    const second = await t.persistent(clientId, { properties });
    for (let i = 0; i < 3; i++) await second.receive({ topic: t.topic(), payload: `${i}`, dup: true });
  }),
]);
