import { shared, sharedChapter } from '../../run/scenario.ts';
import { expectEqual, expectOneOf } from '../../run/violation.ts';

/** QoS 0, 1 and 2 with the server as receiver and as sender (section 4.3). */
export const qos = sharedChapter('4.3 Quality of Service', [
  shared(
    'a QoS 0 message arrives once, at QoS 0, without DUP and without a Packet Identifier',
    { v5: '4.3.1-1 3.3.1-2 2.2.1-2 3.3.4-1', v4: '2.3.1-5 3.3.1-2 3.3.4-1' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'once');
      await publisher.ping();
      await subscriber.receive({ topic: t.topic(), payload: 'once', qos: 0, dup: false });
      await subscriber.expectQuiet(publisher);
    },
  ),
  shared(
    'a QoS 1 PUBLISH is answered by PUBACK with its Packet Identifier',
    { v5: '4.3.2-4 2.2.1-5 3.3.4-1', v4: '2.3.1-6 3.3.4-1' },
    async (t) => {
      const client = await t.connect();
      for (const packetId of [1, 65_535, 258, 7]) {
        client.sendPublish(t.topic(), 'x', { qos: 1, packetId });
        const puback = await client.expect('PUBACK');
        expectEqual('PUBACK with the Packet Identifier', puback.packetId, packetId);
      }
    },
  ),
  shared(
    'a QoS 2 PUBLISH is answered by PUBREC, its PUBREL by PUBCOMP, each with its Packet Identifier',
    { v5: '4.3.3-8 4.3.3-11 2.2.1-5 3.3.4-1', v4: '2.3.1-6 3.3.4-1' },
    async (t) => {
      const client = await t.connect();
      for (const packetId of [1, 65_535, 258]) {
        client.sendPublish(t.topic(), 'x', { qos: 2, packetId });
        expectEqual('PUBREC with the Packet Identifier', (await client.expect('PUBREC')).packetId, packetId);
        client.acknowledge('PUBREL', packetId);
        expectEqual('PUBCOMP with the Packet Identifier', (await client.expect('PUBCOMP')).packetId, packetId);
      }
    },
  ),
  shared(
    'after PUBACK the same Packet Identifier brings a new message, with DUP or without',
    { v5: '4.3.2-5', v4: '2.3.1-6' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      const client = await t.connect();
      for (const [payload, dup] of [
        ['1', false],
        ['2', false],
        ['3', true],
      ] as const) {
        await client.publish(t.topic(), payload, { qos: 1, packetId: 9, dup });
      }
      for (const payload of ['1', '2', '3']) await subscriber.receive({ payload });
    },
  ),
  shared(
    'a QoS 2 PUBLISH that is repeated before PUBREL is answered again and delivered once',
    { v5: '4.3.3-10', v4: '3.3.4-1' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const client = await t.connect();
      for (const dup of [false, true, true]) {
        client.sendPublish(t.topic(), 'once', { qos: 2, packetId: 5, dup });
        await client.takeAcknowledgement('PUBREC', 5);
      }
      client.acknowledge('PUBREL', 5);
      await client.takeAcknowledgement('PUBCOMP', 5);
      await subscriber.receive({ payload: 'once', qos: 2 });
      await subscriber.expectQuiet(client);
    },
  ),
  shared(
    'after PUBCOMP the same Packet Identifier brings a new message',
    { v5: '4.3.3-12', v4: '3.3.4-1' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const client = await t.connect();
      await client.publish(t.topic(), '1', { qos: 2, packetId: 5 });
      await client.publish(t.topic(), '2', { qos: 2, packetId: 5 });
      await subscriber.receive({ payload: '1' });
      await subscriber.receive({ payload: '2' });
    },
  ),
  shared(
    'a PUBREL with a Packet Identifier that is not known is answered by PUBCOMP with it',
    { v5: '4.3.3-11 3.7.2-1', v4: '2.3.1-6' },
    async (t) => {
      const client = await t.connect();
      client.acknowledge('PUBREL', 77);
      const pubcomp = await client.expect('PUBCOMP');
      expectEqual('PUBCOMP with the Packet Identifier', pubcomp.packetId, 77);
      expectOneOf('PUBCOMP with', pubcomp.reasonCode, [0x00, 0x92]);
    },
  ),
  shared(
    'the server sends QoS 1 messages with DUP 0 and Packet Identifiers that are not in use',
    { v5: '4.3.2-1 4.3.2-2 2.2.1-4', v4: '2.3.1-4 2.3.1-1' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 1 });
      const publisher = await t.connect();
      for (let i = 0; i < 10; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
      // That no Packet Identifier is used twice is seen by the client's monitor.
      const messages = [];
      for (let i = 0; i < 10; i++)
        messages.push(await subscriber.expectPublish({ payload: `${i}`, qos: 1, dup: false }));
      for (const message of messages.reverse()) await subscriber.finish(message);
      await subscriber.ping();
    },
  ),
  shared(
    'the server sends QoS 2 messages with DUP 0, answers PUBREC by PUBREL, and keeps Packet Identifiers until PUBCOMP',
    { v5: '4.3.3-1 4.3.3-2 4.3.3-4 2.2.1-4 2.2.1-5', v4: '2.3.1-4 2.3.1-6' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      for (let i = 0; i < 6; i++) await publisher.publish(t.topic(), `${i}`, { qos: 2 });
      for (let i = 0; i < 6; i++) {
        const { packetId } = await subscriber.expectPublish({ payload: `${i}`, qos: 2, dup: false });
        subscriber.acknowledge('PUBREC', packetId);
        await subscriber.take('PUBREL', (pubrel) => pubrel.packetId === packetId);
        // The first three stay without PUBCOMP.
        if (i >= 3) subscriber.acknowledge('PUBCOMP', packetId);
      }
      await publisher.publish(t.topic(), 'more', { qos: 2 });
      await subscriber.receive({ payload: 'more' });
    },
  ),
  shared(
    'PUBACK and PUBREC for messages that were never sent change nothing',
    { v5: '4.13.1-1', v4: '4.8.0-1' },
    async (t) => {
      const client = await t.connect();
      client.acknowledge('PUBACK', 1234);
      client.acknowledge('PUBCOMP', 1235);
      await client.ping();
    },
  ),
]);
