import type { RawClient } from '../../peer/raw-client.ts';
import { chapter, type ScenarioBody, scenario } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, expectThat, requireThat, Violation } from '../../run/violation.ts';
import { subscribe } from '../../wire/packet-writer.ts';

/** The Shared Subscription of this scenario. */
function group(t: Scene, name = 'group', filter = t.topic()): string {
  return `$share/${name}/${filter}`;
}

/** @throws {NotTestable} The server has no Shared Subscriptions, and says so. */
function requireShared(t: Scene, client: RawClient): void {
  requireThat(t.announced(client).sharedSubscriptionAvailable !== 0, 'the server has no Shared Subscriptions');
}

async function members(t: Scene, count: number, qos: number, filter = group(t)): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await t.connect();
    requireShared(t, client);
    await client.mustSubscribe(filter, { qos });
    clients.push(client);
  }
  return clients;
}

/** Everything that the members have been sent until each has its marker, as payloads. */
async function drain(t: Scene, clients: readonly RawClient[], publisher: RawClient): Promise<string[][]> {
  const came: string[][] = [];
  for (const client of clients) {
    const marker = t.topic(`marker/${client.clientId}`);
    await client.mustSubscribe(marker, { qos: 1 });
    await publisher.publish(marker, 'marker', { qos: 1 });
    const payloads: string[] = [];
    for (;;) {
      const { topic, payload } = await client.receive();
      if (topic === marker) break;
      payloads.push(Buffer.from(payload).toString());
    }
    came.push(payloads);
  }
  return came;
}

function refusedFilter(filter: string, shows: string): ScenarioBody {
  return scenario(`'${filter}' is no Shared Subscription and is refused`, shows, async (t) => {
    const client = await t.connect();
    requireShared(t, client);
    client.send(subscribe({ version: 5, packetId: 1, subscriptions: [{ filter }] }));
    try {
      await client.expectClose([0x81, 0x82, 0x8f]);
    } catch (error) {
      if (!(error instanceof Violation) || !/^SUBACK \d+ \[0x(8|9|A)/.test(error.came)) throw error;
    }
  });
}

/** Shared Subscriptions (section 4.8.2). */
export const shared = chapter(5, '4.8.2 Shared Subscriptions', [
  scenario('each message goes to one member of the group, and none is lost', '4.8.2-1 4.8.2-3', async (t) => {
    const clients = await members(t, 3, 1);
    const publisher = await t.connect();
    const sent = Array.from({ length: 30 }, (_, i) => `${i}`);
    for (const payload of sent) await publisher.publish(t.topic(), payload, { qos: 1 });
    const came = await drain(t, clients, publisher);
    expectEqual('every message once', came.flat().sort(), [...sent].sort());
  }),
  scenario('each group has its own copy, and so has every subscription that is not shared', '4.8.2-1', async (t) => {
    const [first, second] = [await members(t, 2, 1), await members(t, 2, 1, group(t, 'other'))];
    const plain = await t.subscriber(t.topic(), { qos: 1 });
    const publisher = await t.connect();
    const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
    for (const payload of sent) await publisher.publish(t.topic(), payload, { qos: 1 });
    for (const clients of [first, second, [plain]]) {
      expectEqual('every message once', (await drain(t, clients, publisher)).flat().sort(), sent);
    }
  }),
  scenario('the same ShareName with another Topic Filter is another group', '4.8.2-1', async (t) => {
    const clients = [
      ...(await members(t, 1, 1, group(t, 'group', t.topic('a/b')))),
      ...(await members(t, 1, 1, group(t, 'group', t.topic('a/+')))),
    ];
    const publisher = await t.connect();
    await publisher.publish(t.topic('a/b'), 'x', { qos: 1 });
    expectEqual('both', await drain(t, clients, publisher), [['x'], ['x']]);
  }),
  scenario('wildcards work in the Topic Filter of a Shared Subscription', '4.8.2-2', async (t) => {
    const clients = await members(t, 2, 1, group(t, 'group', t.topic('+/value/#')));
    const publisher = await t.connect();
    for (const name of ['a/value', 'b/value/x', 'a/other']) await publisher.publish(t.topic(name), name, { qos: 1 });
    expectEqual('what matches', (await drain(t, clients, publisher)).flat().sort(), ['a/value', 'b/value/x']);
  }),
  scenario('the message comes at the QoS that was granted to the member that gets it', '4.8.2-3 3.8.4-8', async (t) => {
    const publisher = await t.connect();
    for (const granted of [0, 1, 2]) {
      const [client] = await members(t, 1, granted, group(t, `qos${granted}`, t.topic(`${granted}`)));
      for (const qos of [0, 1, 2] as const) {
        await publisher.publish(t.topic(`${granted}`), `${qos}`, { qos });
        await client?.receive({ payload: `${qos}`, qos: Math.min(qos, granted) });
      }
    }
  }),
  scenario('a Shared Subscription brings no retained messages', '4.8.2-1', async (t) => {
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true });
    const [client] = await members(t, 1, 1);
    await client?.expectQuiet(publisher);
  }),
  scenario(
    'RETAIN of what comes through a group is as Retain As Published of its member says',
    '3.3.1-12 3.3.1-13',
    async (t) => {
      for (const retainAsPublished of [false, true]) {
        const topic = t.topic(`${retainAsPublished}`);
        const client = await t.connect();
        requireShared(t, client);
        await client.mustSubscribe(group(t, 'group', topic), { qos: 1, retainAsPublished });
        await client.publish(topic, 'kept', { qos: 1, retain: true });
        await client.receive({ payload: 'kept', retain: retainAsPublished });
      }
    },
  ),
  scenario('a member that leaves the group is sent nothing any more', '3.10.4-1 3.10.4-2', async (t) => {
    const clients = await members(t, 2, 1);
    const [leaving, staying] = clients as [RawClient, RawClient];
    await leaving.unsubscribe(group(t));
    const publisher = await t.connect();
    for (let i = 0; i < 6; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
    for (let i = 0; i < 6; i++) await staying.receive({ payload: `${i}` });
    await leaving.expectQuiet(publisher);
  }),
  scenario('messages go to the member that is connected, not to the one that is away', '4.8.2-1', async (t) => {
    const clientId = t.newClientId();
    const away = await t.persistent(clientId);
    requireShared(t, away);
    await away.mustSubscribe(group(t), { qos: 1 });
    const [present] = await members(t, 1, 1);
    await away.disconnect();
    const publisher = await t.connect();
    for (let i = 0; i < 6; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
    const [came = []] = await drain(t, present ? [present] : [], publisher);
    const back = await t.persistent(clientId);
    const [late = []] = await drain(t, [back], publisher);
    expectEqual('every message once', [...came, ...late].sort(), ['0', '1', '2', '3', '4', '5']);
  }),
  scenario('a QoS 2 message that was sent to a member is completed with it when it is back', '4.8.2-4', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    requireShared(t, first);
    await first.mustSubscribe(group(t), { qos: 2 });
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'mine', { qos: 2 });
    await first.expectPublish({ payload: 'mine', qos: 2 });
    const [other] = await members(t, 1, 2);
    await first.drop();
    const second = await t.persistent(clientId);
    await second.receive({ payload: 'mine', qos: 2, dup: true });
    await other?.expectQuiet(publisher);
  }),
  scenario('a QoS 2 message that was sent to a member whose session ends goes to nobody else', '4.8.2-5', async (t) => {
    const first = await t.connect();
    requireShared(t, first);
    await first.mustSubscribe(group(t), { qos: 2 });
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'mine', { qos: 2 });
    await first.expectPublish({ payload: 'mine', qos: 2 });
    const [other] = await members(t, 1, 2);
    await first.disconnect();
    await other?.expectQuiet(publisher);
  }),
  scenario('a message that a member refuses is discarded and goes to nobody else', '4.8.2-6 4.4.0-2', async (t) => {
    const first = await t.connect();
    requireShared(t, first);
    await first.mustSubscribe(group(t), { qos: 2 });
    const publisher = await t.connect();
    await publisher.publish(t.topic(), '1', { qos: 1 });
    await publisher.publish(t.topic(), '2', { qos: 2 });
    const one = await first.expectPublish({ payload: '1', qos: 1 });
    const two = await first.expectPublish({ payload: '2', qos: 2 });
    const [other] = await members(t, 1, 2);
    first.acknowledge('PUBACK', one.packetId, 0x80);
    first.acknowledge('PUBREC', two.packetId, 0x97);
    await first.ping();
    await other?.expectQuiet(publisher);
  }),
  scenario('messages that a client publishes may come back to it through its group', '4.8.2-1', async (t) => {
    const [client] = await members(t, 1, 1);
    await client?.publish(t.topic(), 'own', { qos: 1 });
    await client?.receive({ payload: 'own' });
  }),
  scenario('Subscription Identifiers hold for Shared Subscriptions', '3.3.4-3', async (t) => {
    const client = await t.connect();
    requireShared(t, client);
    await client.mustSubscribe(group(t), { qos: 1 }, { subscriptionIdentifiers: [44] });
    await client.publish(t.topic(), 'x', { qos: 1 });
    const { properties } = await client.receive();
    expectEqual('Subscription Identifiers', properties.subscriptionIdentifiers, [44]);
  }),
  scenario('a client that joins and leaves all the time loses no message for the others', '4.8.2-1', async (t) => {
    const clients = await members(t, 2, 1);
    const publisher = await t.connect();
    const sent: string[] = [];
    for (let i = 0; i < 10; i++) {
      const passing = await t.connect();
      await passing.mustSubscribe(group(t), { qos: 0 });
      await passing.unsubscribe(group(t));
      sent.push(`${i}`);
      await publisher.publish(t.topic(), `${i}`, { qos: 1 });
    }
    const came = (await drain(t, clients, publisher)).flat();
    expectThat(came.length === sent.length, `${sent.length} messages`, `${came.length}`);
  }),
  refusedFilter('$share//a', '4.8.2-1'),
  refusedFilter('$share/', '4.8.2-1'),
  refusedFilter('$share/group', '4.8.2-2'),
  refusedFilter('$share/group/', '4.8.2-2'),
  refusedFilter('$share/gr+up/a', '4.8.2-2'),
  refusedFilter('$share/#/a', '4.8.2-2'),
  refusedFilter('$share/group/a#', '4.7.1-1'),
]);
