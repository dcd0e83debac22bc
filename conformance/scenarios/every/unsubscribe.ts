import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';

/** UNSUBSCRIBE and UNSUBACK (sections 3.10, 3.11). */
export const unsubscribe = sharedChapter('3.10 UNSUBSCRIBE', [
  shared(
    'UNSUBSCRIBE is answered by UNSUBACK with its Packet Identifier, and messages stop',
    { v5: '3.10.4-4 3.10.4-5 3.10.4-2 2.2.1-6', v4: '3.10.4-1 3.10.4-5 2.3.1-7' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'before', { qos: 1 });
      await subscriber.receive({ payload: 'before' });
      await subscriber.unsubscribe(t.topic());
      await publisher.publish(t.topic(), 'after', { qos: 1 });
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared(
    'UNSUBSCRIBE of a Topic Filter that is not subscribed is answered, too',
    { v5: '3.10.4-5', v4: '3.10.4-2' },
    async (t) => {
      const client = await t.connect();
      await client.unsubscribe(t.topic('never'));
      await client.ping();
    },
  ),
  shared(
    'Topic Filters are compared character by character: others that match the same topics stay',
    { v5: '3.10.4-1', v4: '3.10.4-4' },
    async (t) => {
      const client = await t.connect();
      await client.mustSubscribe(t.topic('a/+'), { qos: 1 });
      await client.unsubscribe(t.topic('a/b'), t.topic('a/#'), t.topic('+/+'), t.topic('A/+'), t.topic('a/+/'), '#');
      await client.publish(t.topic('a/b'), 'still', { qos: 1 });
      await client.receive({ payload: 'still' });
      await client.unsubscribe(t.topic('a/+'));
      await client.publish(t.topic('a/b'), 'unseen', { qos: 1 });
      await client.expectQuiet();
    },
  ),
  shared(
    'several Topic Filters in one UNSUBSCRIBE are all removed, and answered by one UNSUBACK',
    { v5: '3.10.4-6 3.11.3-1', v4: '3.10.4-3' },
    async (t) => {
      const client = await t.connect();
      for (const name of ['a', 'b', 'c']) await client.mustSubscribe(t.topic(name), { qos: 1 });
      const unsuback = await client.unsubscribe(t.topic('a'), t.topic('none'), t.topic('c'));
      if (t.version === 5) expectEqual('UNSUBACK with', unsuback.reasonCodes, [0x00, 0x11, 0x00]);
      for (const name of ['a', 'c', 'b']) await client.publish(t.topic(name), name, { qos: 1 });
      await client.receive({ topic: t.topic('b') });
      await client.expectQuiet();
    },
  ),
  shared(
    'messages of QoS 1 and 2 that were begun before UNSUBSCRIBE are carried to their end',
    { v5: '3.10.4-3', v4: '3.10.4-5' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), '1', { qos: 2 });
      await publisher.publish(t.topic(), '2', { qos: 1 });
      const begun = await subscriber.expectPublish({ payload: '1', qos: 2 });
      const second = await subscriber.expectPublish({ payload: '2', qos: 1 });
      await subscriber.unsubscribe(t.topic());
      await subscriber.finish(begun);
      await subscriber.finish(second);
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared(
    'messages of QoS 1 that were begun before UNSUBSCRIBE are sent again on the next connection',
    { v5: '3.10.4-3 4.4.0-1', v4: '3.10.4-5 4.4.0-1' },
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.publish(t.topic(), 'begun', { qos: 1 });
      await first.expectPublish({ payload: 'begun' });
      await first.unsubscribe(t.topic());
      await first.drop();
      const second = await t.persistent(clientId);
      await second.receive({ payload: 'begun', dup: true });
    },
  ),
]);
