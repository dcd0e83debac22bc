import { shared, sharedChapter } from '../../run/scenario.ts';
import type { Scene } from '../../run/scene.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';
import { acknowledgement } from '../../wire/packet-writer.ts';

/** A session with a QoS 2 subscription to `t.topic()`, and somebody who publishes. */
async function setUp(t: Scene) {
  const clientId = t.newClientId();
  const subscriber = await t.persistent(clientId);
  await subscriber.mustSubscribe(t.topic(), { qos: 2 });
  const publisher = await t.connect();
  return { clientId, subscriber, publisher };
}

/** What a session is given again when its client comes back (sections 4.1, 4.4, 4.5). */
export const resume = sharedChapter('4.4 Message delivery retry', [
  shared(
    'an unacknowledged QoS 1 PUBLISH is sent again on the next connection, with DUP and its Packet Identifier',
    { v5: '4.4.0-1 3.3.1-1 4.3.2-3 3.3.1-3', v4: '4.4.0-1 3.3.1-1 2.3.1-3 3.3.1-3' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), 'again', { qos: 1 });
      const first = await subscriber.expectPublish({ payload: 'again', qos: 1, dup: false });
      await subscriber.drop();
      const back = await t.persistent(clientId);
      const second = await back.receive({ payload: 'again', qos: 1, dup: true });
      expectEqual('PUBLISH with the Packet Identifier of before', second.packetId, first.packetId);
    },
  ),
  shared(
    'an unacknowledged QoS 2 PUBLISH is sent again on the next connection, with DUP and its Packet Identifier',
    { v5: '4.4.0-1 3.3.1-1 4.3.3-3', v4: '4.4.0-1 3.3.1-1 2.3.1-3' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), 'again', { qos: 2 });
      const first = await subscriber.expectPublish({ payload: 'again', qos: 2, dup: false });
      await subscriber.drop();
      const back = await t.persistent(clientId);
      const second = await back.receive({ payload: 'again', qos: 2, dup: true });
      expectEqual('PUBLISH with the Packet Identifier of before', second.packetId, first.packetId);
    },
  ),
  shared(
    'after PUBREC it is PUBREL that is sent again on the next connection, and never the PUBLISH',
    { v5: '4.4.0-1 4.3.3-5 4.3.3-6', v4: '4.4.0-1 2.3.1-3' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), 'again', { qos: 2 });
      const { packetId } = await subscriber.expectPublish({ qos: 2 });
      subscriber.acknowledge('PUBREC', packetId);
      await subscriber.expect('PUBREL');
      await subscriber.drop();
      const back = await t.persistent(clientId);
      const pubrel = await back.expect('PUBREL');
      expectEqual('PUBREL with the Packet Identifier of before', pubrel.packetId, packetId);
      back.acknowledge('PUBCOMP', packetId);
      await back.expectQuiet(publisher);
    },
  ),
  shared(
    'what was acknowledged is not sent again on the next connection',
    { v5: '4.4.0-1 4.3.2-3', v4: '4.4.0-1' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      for (const level of [0, 1, 2] as const) await publisher.publish(t.topic(), 'done', { qos: level });
      for (let i = 0; i < 3; i++) await subscriber.receive({ payload: 'done' });
      await subscriber.ping();
      await subscriber.drop();
      const back = await t.persistent(clientId);
      await back.expectQuiet(publisher);
    },
  ),
  shared(
    'several unacknowledged messages are sent again in the order of their first sending',
    { v5: '4.4.0-1 4.6.0-5', v4: '4.4.0-1 4.6.0-6' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      const payloads = Array.from({ length: 10 }, (_, i) => `${i}`);
      for (const [i, payload] of payloads.entries()) {
        await publisher.publish(t.topic(), payload, { qos: i % 3 === 0 ? 2 : 1 });
      }
      for (const payload of payloads) await subscriber.expectPublish({ payload });
      await subscriber.drop();
      const back = await t.persistent(clientId);
      for (const payload of payloads) await back.receive({ payload, dup: true });
    },
  ),
  shared(
    'an acknowledgement of the wrong type ends no flow: the message is sent again on the next connection',
    { v5: '4.3.2-3 4.3.3-3', v4: '4.4.0-1' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), '1', { qos: 1 });
      await publisher.publish(t.topic(), '2', { qos: 2 });
      const one = await subscriber.expectPublish({ payload: '1' });
      const two = await subscriber.expectPublish({ payload: '2' });
      // Not told to the monitor: for it, too, the messages are unacknowledged.
      subscriber.send(acknowledgement('PUBREC', one.packetId), acknowledgement('PUBCOMP', one.packetId));
      subscriber.send(acknowledgement('PUBACK', two.packetId), acknowledgement('PUBCOMP', two.packetId));
      await subscriber.drop();
      const back = await t.persistent(clientId);
      await back.receive({ payload: '1', dup: true });
      await back.receive({ payload: '2', dup: true });
    },
  ),
  shared(
    'what was in flight comes before what waited, and both in their order',
    { v5: '4.4.0-1 4.6.0-5', v4: '4.4.0-1 4.6.0-6' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      for (const payload of ['0', '1', '2']) await publisher.publish(t.topic(), payload, { qos: 1 });
      for (const payload of ['0', '1', '2']) await subscriber.expectPublish({ payload });
      await subscriber.drop();
      for (const payload of ['3', '4', '5']) await publisher.publish(t.topic(), payload, { qos: 1 });
      const back = await t.persistent(clientId);
      for (const payload of ['0', '1', '2']) await back.receive({ payload, dup: true });
      for (const payload of ['3', '4', '5']) await back.receive({ payload, dup: false });
    },
  ),
  shared(
    'nothing is sent again while the connection lasts',
    { v5: '4.4.0-1', v4: '4.4.0-1' },
    async (t) => {
      const { subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), '1', { qos: 1 });
      await publisher.publish(t.topic(), '2', { qos: 2 });
      const first = await subscriber.expectPublish({ payload: '1' });
      const second = await subscriber.expectPublish({ payload: '2' });
      await t.sleep(3000);
      await subscriber.ping();
      await subscriber.finish(first);
      await subscriber.finish(second);
    },
    { waits: true },
  ),
  shared(
    'the Packet Identifier of a received QoS 2 message is remembered over connections: sent again it is delivered once',
    { v5: '4.3.3-10 4.1.0-1 3.1.2-23', v4: '3.1.2-4 4.4.0-1' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      first.sendPublish(t.topic(), 'once', { qos: 2, packetId: 3 });
      await first.takeAcknowledgement('PUBREC', 3);
      await first.drop();
      const second = await t.persistent(clientId);
      second.sendPublish(t.topic(), 'once', { qos: 2, packetId: 3, dup: true });
      await second.takeAcknowledgement('PUBREC', 3);
      second.acknowledge('PUBREL', 3);
      await second.takeAcknowledgement('PUBCOMP', 3);
      await subscriber.receive({ payload: 'once' });
      await subscriber.expectQuiet(second);
    },
  ),
  shared(
    'messages of QoS 1 and 2 that come while the client is away wait for it, in order and without DUP',
    { v5: '4.5.0-1 3.1.2-23 3.1.2-5 3.3.1-3', v4: '4.5.0-1 3.1.2-4 3.1.2-5 3.3.1-3' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await subscriber.disconnect();
      for (const level of [1, 2, 1, 2] as const) await publisher.publish(t.topic(), `qos ${level}`, { qos: level });
      const back = await t.persistent(clientId);
      for (const level of [1, 2, 1, 2]) await back.receive({ payload: `qos ${level}`, qos: level, dup: false });
    },
  ),
  shared(
    'DUP of a message that is forwarded does not follow DUP of the message that came',
    { v5: '3.3.1-3', v4: '3.3.1-3' },
    async (t) => {
      const { subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), '1', { qos: 1, dup: true });
      await publisher.publish(t.topic(), '2', { qos: 2, dup: true });
      await subscriber.receive({ payload: '1', dup: false });
      await subscriber.receive({ payload: '2', dup: false });
    },
  ),
  shared(
    'a message that is in flight when the client is taken over goes on with the new connection',
    { v5: '4.4.0-1 3.1.2-5', v4: '4.4.0-1 3.1.2-4' },
    async (t) => {
      const { clientId, subscriber, publisher } = await setUp(t);
      await publisher.publish(t.topic(), 'again', { qos: 1 });
      const first = await subscriber.expectPublish({ payload: 'again' });
      const next = await t.persistent(clientId);
      const second = await next.receive({ payload: 'again', dup: true });
      expectThat(second.packetId === first.packetId, `Packet Identifier ${first.packetId}`, `${second.packetId}`);
      await subscriber.expectClose([0x8e]);
    },
  ),
]);
