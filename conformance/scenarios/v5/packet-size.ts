import { chapter, scenario } from '../../run/scenario.ts';
import { expectOneOf, requireThat } from '../../run/violation.ts';
import { bytesOf, variableByteInteger } from '../../wire/bytes.ts';
import { FIRST_BYTE } from '../../wire/packet-writer.ts';

const LARGEST_PACKET = 268_435_460;

/** Maximum Packet Size in both directions (sections 3.1.2.11.4 and 3.2.2.3.6). That no packet is larger, the monitor sees. */
export const packetSize = chapter(5, '3.1.2.11.4 Maximum Packet Size', [
  scenario(
    'a message that is too large for a subscriber is not sent to it, those behind it are',
    '3.1.2-24 3.1.2-25',
    async (t) => {
      const properties = { maximumPacketSize: 150 };
      const publisher = await t.connect();
      for (const qos of [0, 1, 2] as const) {
        const topic = t.topic(`${qos}`);
        const subscriber = await t.subscriber(topic, { qos }, { properties });
        await publisher.publish(topic, 'x'.repeat(151), { qos });
        await publisher.publish(topic, 'small', { qos });
        await subscriber.receive({ payload: 'small' });
        await subscriber.ping();
      }
    },
  ),
  scenario('a subscriber with a small maximum takes nothing from the others', '3.1.2-25', async (t) => {
    const small = await t.subscriber(t.topic(), { qos: 1 }, { properties: { maximumPacketSize: 150 } });
    const other = await t.subscriber(t.topic(), { qos: 1 });
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'x'.repeat(500), { qos: 1 });
    await other.receive({ payload: 'x'.repeat(500) });
    await small.expectQuiet(publisher);
  }),
  scenario('a packet of exactly the maximum is sent', '3.1.2-24', async (t) => {
    const topic = t.topic();
    // Fixed header 3 (a body above 127 bytes), topic, Packet Identifier 2, Property Length 1.
    const overhead = 3 + 2 + topic.length + 2 + 1;
    const subscriber = await t.subscriber(topic, { qos: 1 }, { properties: { maximumPacketSize: overhead + 200 } });
    const publisher = await t.connect();
    await publisher.publish(topic, 'x'.repeat(201), { qos: 1 });
    await publisher.publish(topic, 'y'.repeat(200), { qos: 1 });
    await subscriber.receive({ payload: 'y'.repeat(200) });
  }),
  scenario(
    'a message that is too large and waited for its client is passed over when it comes',
    '3.1.2-25',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.disconnect();
      const publisher = await t.connect();
      for (const payload of ['x'.repeat(300), 'small']) await publisher.publish(t.topic(), payload, { qos: 1 });
      const second = await t.persistent(clientId, { properties: { maximumPacketSize: 150 } });
      await second.receive({ payload: 'small' });
      await second.disconnect();
      // It was as if it had been delivered: it does not come to a larger client, either.
      const third = await t.persistent(clientId);
      await third.expectQuiet(publisher);
    },
  ),
  scenario('a retained message that is too large is passed over', '3.1.2-25', async (t) => {
    const publisher = await t.connect();
    await publisher.publish(t.topic('a'), 'x'.repeat(300), { qos: 1, retain: true });
    await publisher.publish(t.topic('b'), 'small', { qos: 1, retain: true });
    const subscriber = await t.subscriber(t.topic('+'), { qos: 1 }, { properties: { maximumPacketSize: 150 } });
    await subscriber.receive({ payload: 'small', retain: true });
    await subscriber.expectQuiet(publisher);
  }),
  scenario(
    'no acknowledgement carries properties that make it larger than the client takes',
    '3.4.2-2 3.4.2-3 3.5.2-2 3.5.2-3 3.7.2-2 3.7.2-3 3.9.2-1 3.9.2-2 3.11.2-1 3.11.2-2',
    async (t) => {
      const client = await t.connect({ properties: { maximumPacketSize: 40 } });
      await client.publish(t.topic(), 'x', { qos: 1 });
      await client.publish(t.topic(), 'x', { qos: 2 });
      const other = await t.connect({ properties: { maximumPacketSize: 40 } });
      other.acknowledge('PUBREL', 999);
      await other.takeAcknowledgement('PUBCOMP', 999);
      await other.subscribe(t.topic(), { qos: 2 });
      await other.unsubscribe(t.topic(), t.topic('none'));
    },
  ),
  scenario('no PUBREL carries properties that make it larger than the client takes', '3.6.2-2 3.6.2-3', async (t) => {
    const client = await t.connect({ properties: { maximumPacketSize: 40 } });
    client.acknowledge('PUBREC', 999);
    const pubrel = await client.takeAcknowledgement('PUBREL', 999);
    expectOneOf('PUBREL with', pubrel.reasonCode, [0x00, 0x92]);
  }),
  scenario(
    'no CONNACK that refuses carries properties that make it larger than the client takes',
    '3.2.2-19 3.2.2-20',
    async (t) => {
      const client = await t.open();
      const properties = { maximumPacketSize: 24 };
      client.sendConnect({ clientId: t.newClientId(), properties, will: { topic: 'a/#' } });
      await client.expectRefusal([0x81, 0x82, 0x90]);
    },
  ),
  scenario(
    'no DISCONNECT carries properties that make it larger than the client takes',
    '3.14.2-3 3.14.2-4',
    async (t) => {
      const client = await t.connect({ properties: { maximumPacketSize: 24 } });
      client.sendConnect({ clientId: client.clientId });
      await client.expectClose([0x82]);
    },
  ),
  scenario(
    'a packet over the maximum of the server ends the connection with 0x95, as soon as it is announced',
    '3.2.2-15',
    async (t) => {
      const client = await t.connect();
      const maximum = t.announced(client).maximumPacketSize;
      requireThat(maximum !== undefined && maximum < LARGEST_PACKET, 'the server takes packets of any size');
      client.send(bytesOf(FIRST_BYTE.PUBLISH, variableByteInteger(maximum), 0, 1, 0x61));
      await client.expectClose([0x95]);
      const slow = await t.connect();
      for (const byte of [FIRST_BYTE.PUBLISH, ...variableByteInteger(maximum)]) {
        slow.send(Uint8Array.of(byte));
        await t.sleep(20);
      }
      await slow.expectClose([0x95]);
    },
  ),
  scenario('a packet of exactly the maximum of the server is taken', '3.2.2-15', async (t) => {
    const client = await t.connect();
    const maximum = t.announced(client).maximumPacketSize;
    requireThat(maximum !== undefined && maximum < 20_000_000, 'the server takes packets of any size');
    const topic = t.topic();
    const header = 1 + variableByteInteger(maximum).length + 2 + topic.length + 2 + 1;
    const answer = await client.publish(topic, new Uint8Array(maximum - header), { qos: 1 });
    expectOneOf('PUBACK with', answer?.reasonCode ?? -1, [0x00, 0x10]);
  }),
  scenario(
    'the limits of a server with small ones hold, too',
    '3.2.2-15',
    async (t) => {
      const client = await t.connect();
      const maximum = t.announced(client).maximumPacketSize;
      requireThat(maximum !== undefined && maximum < 10_000, 'the server has no small maximum');
      client.send(bytesOf(FIRST_BYTE.PUBLISH, variableByteInteger(maximum)));
      await client.expectClose([0x95]);
    },
    { setUp: 'limited' },
  ),
]);
