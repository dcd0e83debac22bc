import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';

const COUNT = 200;

/** The order of messages and acknowledgements (section 4.6). */
export const ordering = sharedChapter('4.6 Message ordering', [
  shared(
    'messages of one client on one topic arrive in their order, at every QoS',
    { v5: '4.6.0-5 4.6.0-6', v4: '4.6.0-5 4.6.0-6' },
    async (t) => {
      const publisher = await t.connect();
      for (const qos of [0, 1, 2] as const) {
        const subscriber = await t.subscriber(t.topic(`${qos}`), { qos });
        const sent = Array.from({ length: COUNT }, (_, i) => publisher.publish(t.topic(`${qos}`), `${i}`, { qos }));
        for (let i = 0; i < COUNT; i++) await subscriber.receive({ payload: `${i}`, qos });
        await Promise.all(sent);
      }
    },
  ),
  shared(
    'messages of two clients on one topic arrive each in the order of their client',
    { v5: '4.6.0-5', v4: '4.6.0-6' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      const publishers = [await t.connect(), await t.connect()];
      const sent = Array.from({ length: COUNT }, (_, i) =>
        publishers[i % 2]?.publish(t.topic(), `${i % 2} ${i}`, { qos: 1 }),
      );
      const came: [number, number][] = [];
      while (came.length < COUNT) {
        const [who = 0, number = 0] = Buffer.from((await subscriber.receive()).payload)
          .toString()
          .split(' ')
          .map(Number);
        came.push([who, number]);
      }
      await Promise.all(sent);
      for (const who of [0, 1]) {
        const numbers = came.flatMap(([from, number]) => (from === who ? [number] : []));
        expectEqual(
          `client ${who} in order:`,
          numbers,
          [...numbers].sort((a, b) => a - b),
        );
      }
    },
  ),
  shared(
    'messages that are released out of order by PUBREL have been taken in the order of their PUBLISH',
    { v5: '4.6.0-5', v4: '4.6.0-6' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const client = await t.connect();
      for (const packetId of [1, 2, 3]) {
        client.sendPublish(t.topic(), `${packetId}`, { qos: 2, packetId });
        await client.takeAcknowledgement('PUBREC', packetId);
      }
      for (const packetId of [1, 2, 3]) {
        client.acknowledge('PUBREL', packetId);
        await client.takeAcknowledgement('PUBCOMP', packetId);
      }
      for (const packetId of [1, 2, 3]) await subscriber.receive({ payload: `${packetId}` });
    },
  ),
  shared(
    'PUBACK, PUBREC and PUBCOMP come in the order of what they answer',
    { v5: '3.3.4-1 4.3.2-4', v4: '3.3.4-1' },
    async (t) => {
      const client = await t.connect();
      const packetIds = [5, 3, 9, 1, 7];
      for (const packetId of packetIds) client.sendPublish(t.topic(), 'x', { qos: 1, packetId });
      for (const packetId of packetIds) expectEqual('PUBACK', (await client.expect('PUBACK')).packetId, packetId);
      for (const packetId of packetIds) client.sendPublish(t.topic(), 'x', { qos: 2, packetId });
      for (const packetId of packetIds) expectEqual('PUBREC', (await client.expect('PUBREC')).packetId, packetId);
      for (const packetId of packetIds) client.acknowledge('PUBREL', packetId);
      for (const packetId of packetIds) expectEqual('PUBCOMP', (await client.expect('PUBCOMP')).packetId, packetId);
    },
  ),
  shared('PUBREL comes in the order of the PUBRECs that it answers', { v5: '4.3.3-4', v4: '2.3.1-6' }, async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 2 });
    const publisher = await t.connect();
    for (let i = 0; i < 4; i++) await publisher.publish(t.topic(), `${i}`, { qos: 2 });
    const packetIds: number[] = [];
    for (let i = 0; i < 4; i++) packetIds.push((await subscriber.expectPublish({ payload: `${i}` })).packetId);
    for (const packetId of packetIds) subscriber.acknowledge('PUBREC', packetId);
    for (const packetId of packetIds) expectEqual('PUBREL', (await subscriber.expect('PUBREL')).packetId, packetId);
    for (const packetId of packetIds) subscriber.acknowledge('PUBCOMP', packetId);
    await subscriber.ping();
  }),
  shared(
    'messages that waited for an absent client come before newer ones',
    { v5: '4.6.0-5 4.5.0-1', v4: '4.6.0-6 3.1.2-5' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.disconnect();
      const publisher = await t.connect();
      for (let i = 0; i < 50; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
      const [second] = await Promise.all([
        t.persistent(clientId),
        publisher.publish(t.topic(), '50', { qos: 1 }),
        publisher.publish(t.topic(), '51', { qos: 1 }),
      ]);
      for (let i = 0; i < 52; i++) await second.receive({ payload: `${i}` });
    },
  ),
]);
