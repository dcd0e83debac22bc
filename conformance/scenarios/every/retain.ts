import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';

/** Retained messages (section 3.3.1.3). */
export const retain = sharedChapter('3.3.1.3 RETAIN', [
  shared(
    'a retained message is sent to a new subscription, with RETAIN, at any QoS',
    { v5: '3.3.1-5 3.3.1-9', v4: '3.3.1-5 3.3.1-6 3.3.1-8' },
    async (t) => {
      const publisher = await t.connect();
      for (const qos of [0, 1, 2] as const) {
        await publisher.publish(t.topic(`${qos}`), `kept ${qos}`, { qos, retain: true });
        await publisher.ping();
        const subscriber = await t.subscriber(t.topic(`${qos}`), { qos: 2 });
        await subscriber.receive({ topic: t.topic(`${qos}`), payload: `kept ${qos}`, qos, retain: true });
      }
    },
  ),
  shared(
    'a later retained message replaces the earlier one, whatever their QoS',
    { v5: '3.3.1-5', v4: '3.3.1-5 3.3.1-7' },
    async (t) => {
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'first', { qos: 2, retain: true });
      await publisher.publish(t.topic(), 'second', { qos: 0, retain: true });
      await publisher.ping();
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      await subscriber.receive({ payload: 'second', qos: 0, retain: true });
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared(
    'a message with RETAIN goes to subscriptions that are there as an ordinary one, with RETAIN 0',
    { v5: '3.3.1-12', v4: '3.3.1-9' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'now', { qos: 1, retain: true });
      await subscriber.receive({ payload: 'now', retain: false });
    },
  ),
  shared(
    'an empty retained message removes the one before, is not kept itself, and is sent on like any other',
    { v5: '3.3.1-6 3.3.1-7', v4: '3.3.1-10 3.3.1-11' },
    async (t) => {
      const present = await t.subscriber(t.topic(), { qos: 1 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true });
      await publisher.publish(t.topic(), '', { qos: 1, retain: true });
      await present.receive({ payload: 'kept' });
      await present.receive({ payload: '', retain: false });
      const later = await t.subscriber(t.topic(), { qos: 1 });
      await later.expectQuiet(publisher);
    },
  ),
  shared(
    'a message without RETAIN, empty or not, neither replaces nor removes a retained one',
    { v5: '3.3.1-8', v4: '3.3.1-12' },
    async (t) => {
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true });
      await publisher.publish(t.topic(), 'passing', { qos: 1 });
      await publisher.publish(t.topic(), '', { qos: 1 });
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      await subscriber.receive({ payload: 'kept', retain: true });
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared('a message without RETAIN is not kept', { v5: '3.3.1-8', v4: '3.3.1-12' }, async (t) => {
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'passing', { qos: 1 });
    const subscriber = await t.subscriber(t.topic(), { qos: 1 });
    await subscriber.expectQuiet(publisher);
  }),
  shared(
    'a wildcard subscription is sent the retained message of every topic that it matches',
    { v5: '3.3.1-9', v4: '3.3.1-6' },
    async (t) => {
      const publisher = await t.connect();
      const topics = Array.from({ length: 60 }, (_, i) => t.topic(`${i % 6}/${i}/value`));
      await Promise.all(topics.map((topic) => publisher.publish(topic, topic, { qos: 1, retain: true })));
      await publisher.publish(t.topic('other/value'), 'x', { qos: 1, retain: true });
      const subscriber = await t.subscriber(t.topic('+/+/value'), { qos: 1 });
      const came = new Set<string>();
      while (came.size < topics.length) {
        const message = await subscriber.receive({ retain: true });
        expectEqual('the payload of its topic', Buffer.from(message.payload).toString(), message.topic);
        came.add(message.topic);
      }
      expectEqual('the topics', [...came].sort(), [...topics].sort());
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared(
    'a retained message is sent at the lower of its own QoS and the one that was granted',
    { v5: '3.8.4-8', v4: '3.3.5-1' },
    async (t) => {
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'kept', { qos: 2, retain: true });
      for (const qos of [0, 1, 2]) {
        const subscriber = await t.subscriber(t.topic(), { qos });
        await subscriber.receive({ payload: 'kept', qos, retain: true });
      }
    },
  ),
  shared(
    'subscribing again to the same Topic Filter brings the retained message again',
    { v5: '3.8.4-4 3.3.1-9', v4: '3.8.4-3' },
    async (t) => {
      const client = await t.connect();
      await client.publish(t.topic(), 'kept', { qos: 1, retain: true });
      for (let i = 0; i < 3; i++) {
        await client.mustSubscribe(t.topic(), { qos: 1 });
        await client.receive({ payload: 'kept', retain: true });
      }
    },
  ),
  shared('retained messages outlive the session of their publisher', { v5: '3.3.1-5', v4: '3.1.2-7' }, async (t) => {
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true });
    await publisher.disconnect();
    const again = await t.connect({ clientId: publisher.clientId });
    await again.disconnect();
    const subscriber = await t.subscriber(t.topic(), { qos: 1 });
    await subscriber.receive({ payload: 'kept', retain: true });
  }),
  shared(
    'a large number of retained messages arrives completely at QoS 1, and live messages keep coming',
    { v5: '3.3.1-9 3.8.4-4', v4: '3.3.1-6 3.8.4-3' },
    async (t) => {
      const count = 1500;
      const publisher = await t.connect();
      const topics = Array.from({ length: count }, (_, i) => t.topic(`many/${i}`));
      await Promise.all(topics.map((topic) => publisher.publish(topic, 'kept', { qos: 1, retain: true })));
      const subscriber = await t.subscriber(t.topic('many/+'), { qos: 1 });
      await publisher.publish(t.topic('many/live'), 'live', { qos: 1 });
      const came = new Set<string>();
      while (came.size < count + 1) came.add((await subscriber.receive()).topic);
      for (const topic of topics) publisher.sendPublish(topic, '', { retain: true });
      await publisher.ping();
    },
  ),
]);
