import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';
import { subscribe as subscribePacket } from '../../wire/packet-writer.ts';

/** SUBSCRIBE and SUBACK (sections 3.8, 3.9) and what a subscription brings. */
export const subscribe = sharedChapter('3.8 SUBSCRIBE', [
  shared(
    'SUBSCRIBE is answered by SUBACK with its Packet Identifier',
    { v5: '3.8.4-1 3.8.4-2 2.2.1-6', v4: '3.8.4-1 3.8.4-2 2.3.1-7' },
    async (t) => {
      const client = await t.connect();
      for (const packetId of [1, 65_535, 513]) {
        client.send(subscribePacket({ version: t.version, packetId, subscriptions: [{ filter: t.topic() }] }));
        expectEqual('SUBACK with the Packet Identifier', (await client.expect('SUBACK')).packetId, packetId);
      }
    },
  ),
  shared(
    'several Topic Filters in one SUBSCRIBE are each subscribed, and answered in one SUBACK in their order',
    { v5: '3.8.4-5 3.8.4-6 3.8.4-7 3.9.3-1 3.9.3-2', v4: '3.8.4-4 3.8.4-5' },
    async (t) => {
      const client = await t.connect();
      const levels = [2, 0, 1, 1, 0, 2] as const;
      const { reasonCodes } = await client.subscribe(levels.map((qos, i) => ({ filter: t.topic(`${i}`), qos })));
      expectEqual('SUBACK with', reasonCodes, levels);
      for (const [i, qos] of levels.entries()) {
        await client.publish(t.topic(`${i}`), 'x', { qos: 2 });
        await client.receive({ topic: t.topic(`${i}`), qos });
      }
    },
  ),
  shared(
    'a message is sent at the lower of its own QoS and the one that was granted',
    { v5: '3.8.4-8 3.8.4-7', v4: '3.3.5-1 3.8.4-5' },
    async (t) => {
      const publisher = await t.connect();
      for (const granted of [0, 1, 2]) {
        const subscriber = await t.subscriber(t.topic(`${granted}`), { qos: granted });
        for (const qos of [0, 1, 2] as const) {
          await publisher.publish(t.topic(`${granted}`), `${qos}`, { qos });
          await subscriber.receive({ payload: `${qos}`, qos: Math.min(qos, granted) });
        }
      }
    },
  ),
  shared(
    'a subscription to the same Topic Filter replaces the one before: its QoS counts, messages come once',
    { v5: '3.8.4-3', v4: '3.8.4-3' },
    async (t) => {
      const client = await t.connect();
      for (const qos of [0, 2, 1]) {
        await client.mustSubscribe(t.topic(), { qos });
        await client.publish(t.topic(), `${qos}`, { qos: 2 });
        await client.receive({ payload: `${qos}`, qos });
      }
      await client.expectQuiet();
    },
  ),
  shared('no message is lost while a subscription is replaced', { v5: '3.8.4-4', v4: '3.8.4-3' }, async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 1 });
    const publisher = await t.connect();
    const count = 200;
    const sent = Array.from({ length: count }, (_, i) => publisher.publish(t.topic(), `${i}`, { qos: 1 }));
    for (let i = 0; i < 20; i++) await subscriber.mustSubscribe(t.topic(), { qos: 1 });
    for (let i = 0; i < count; i++) await subscriber.receive({ payload: `${i}` });
    await Promise.all(sent);
  }),
  shared(
    'overlapping subscriptions bring the message at the highest QoS that was granted among them',
    { v5: '3.3.4-2', v4: '3.3.5-1' },
    async (t) => {
      const client = await t.connect();
      await client.mustSubscribe(t.topic('a/#'), { qos: 0 });
      await client.mustSubscribe(t.topic('a/+'), { qos: 2 });
      await client.mustSubscribe(t.topic('a/b'), { qos: 1 });
      await client.publish(t.topic('a/b'), 'x', { qos: 2 });
      const levels = [(await client.receive({ topic: t.topic('a/b') })).qos as number];
      // A server may send one copy for each subscription.
      await client.publish(t.topic('a/end'), 'end', { qos: 2 });
      for (;;) {
        const { topic, qos } = await client.receive();
        if (topic === t.topic('a/end')) break;
        levels.push(qos);
      }
      expectEqual('the highest QoS', Math.max(...levels), 2);
    },
  ),
  shared(
    'every subscriber of a topic is sent the message',
    { v5: '4.5.0-1 3.3.2-3', v4: '4.5.0-1 3.3.2-3' },
    async (t) => {
      const filters = [t.topic('a/b'), t.topic('a/+'), t.topic('#'), t.topic('a/b/#')];
      const subscribers = await Promise.all(filters.map((filter) => t.subscriber(filter, { qos: 1 })));
      const publisher = await t.connect();
      await publisher.publish(t.topic('a/b'), 'all', { qos: 1 });
      for (const subscriber of subscribers) await subscriber.receive({ topic: t.topic('a/b'), payload: 'all' });
    },
  ),
  shared(
    'a client is sent its own messages where it has subscribed to them',
    { v5: '4.5.0-1', v4: '4.5.0-1' },
    async (t) => {
      const client = await t.subscriber(t.topic(), { qos: 1 });
      await client.publish(t.topic(), 'own', { qos: 1 });
      await client.receive({ payload: 'own' });
    },
  ),
  shared(
    'a thousand Topic Filters in one SUBSCRIBE are answered by a thousand codes',
    { v5: '3.8.4-5 3.8.4-6', v4: '3.8.4-4 3.8.4-5' },
    async (t) => {
      const client = await t.connect();
      const filters = Array.from({ length: 1000 }, (_, i) => ({ filter: t.topic(`${i}`), qos: i % 3 }));
      const { reasonCodes } = await client.subscribe(filters);
      expectEqual(
        'SUBACK with',
        reasonCodes,
        filters.map(({ qos }) => qos),
      );
      await client.publish(t.topic('998'), 'x', { qos: 2 });
      await client.receive({ topic: t.topic('998'), qos: 2 });
    },
  ),
  shared(
    'the same Topic Filter twice in one SUBSCRIBE is one subscription, the later',
    { v5: '3.8.4-5 3.8.4-3', v4: '3.8.4-4 3.8.4-3' },
    async (t) => {
      const client = await t.connect();
      const { reasonCodes } = await client.subscribe([
        { filter: t.topic(), qos: 2 },
        { filter: t.topic(), qos: 1 },
      ]);
      expectEqual('SUBACK with', reasonCodes, [2, 1]);
      await client.publish(t.topic(), 'x', { qos: 2 });
      await client.receive({ payload: 'x', qos: 1 });
      await client.expectQuiet();
    },
  ),
]);
