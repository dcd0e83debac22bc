import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, requireThat } from '../../run/violation.ts';
import { publish } from '../../wire/packet-writer.ts';

/** Receive Maximum in both directions (sections 3.3.4, 4.9). That the server never sends more, the monitor sees. */
export const flowControl = chapter(5, '4.9 Flow Control', [
  scenario(
    'the server sends no more than Receive Maximum, and goes on with each acknowledgement',
    '3.3.4-9 4.9.0-1 4.9.0-2',
    async (t) => {
      for (const receiveMaximum of [1, 3]) {
        const topic = t.topic(`${receiveMaximum}`);
        const subscriber = await t.subscriber(topic, { qos: 2 }, { properties: { receiveMaximum } });
        const publisher = await t.connect();
        const levels = [1, 2, 1, 1, 2, 2, 1] as const;
        for (const [i, qos] of levels.entries()) await publisher.publish(topic, `${i}`, { qos });
        const begun = [];
        for (let i = 0; i < receiveMaximum; i++) begun.push(await subscriber.expectPublish({ payload: `${i}` }));
        await subscriber.ping();
        for (const message of begun) await subscriber.finish(message);
        for (let i = receiveMaximum; i < levels.length; i++) await subscriber.receive({ payload: `${i}` });
      }
    },
  ),
  scenario('PUBREC alone makes no room: PUBCOMP does', '3.3.4-9 4.9.0-2', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 2 }, { properties: { receiveMaximum: 1 } });
    const publisher = await t.connect();
    for (let i = 0; i < 2; i++) await publisher.publish(t.topic(), `${i}`, { qos: 2 });
    const { packetId } = await subscriber.expectPublish({ payload: '0' });
    subscriber.acknowledge('PUBREC', packetId);
    await subscriber.expect('PUBREL');
    await subscriber.ping();
    subscriber.acknowledge('PUBCOMP', packetId);
    await subscriber.receive({ payload: '1' });
  }),
  scenario('PUBREC with a failure makes room', '3.3.4-9 4.4.0-2', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 2 }, { properties: { receiveMaximum: 1 } });
    const publisher = await t.connect();
    for (let i = 0; i < 2; i++) await publisher.publish(t.topic(), `${i}`, { qos: 2 });
    const { packetId } = await subscriber.expectPublish({ payload: '0' });
    subscriber.acknowledge('PUBREC', packetId, 0x97);
    await subscriber.receive({ payload: '1' });
  }),
  scenario('PUBACK with a failure makes room', '3.3.4-9 4.4.0-2', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 1 }, { properties: { receiveMaximum: 1 } });
    const publisher = await t.connect();
    for (let i = 0; i < 2; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
    const { packetId } = await subscriber.expectPublish({ payload: '0' });
    subscriber.acknowledge('PUBACK', packetId, 0x80);
    await subscriber.receive({ payload: '1' });
  }),
  scenario('with a full window everything but PUBLISH is still sent and answered', '3.3.4-10 4.9.0-3', async (t) => {
    const subscriber = await t.subscriber(t.topic(), { qos: 1 }, { properties: { receiveMaximum: 1 } });
    const publisher = await t.connect();
    for (let i = 0; i < 2; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
    const begun = await subscriber.expectPublish({ payload: '0' });
    await subscriber.ping();
    await subscriber.subscribe(t.topic('other'), { qos: 1 });
    await subscriber.unsubscribe(t.topic('other'));
    await subscriber.publish(t.topic('elsewhere'), 'x', { qos: 1 });
    await subscriber.publish(t.topic('elsewhere'), 'x', { qos: 2 });
    await subscriber.finish(begun);
    await subscriber.receive({ payload: '1' });
  }),
  scenario(
    'what is sent again on the next connection counts against its Receive Maximum',
    '3.3.4-9 4.4.0-1',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      const publisher = await t.connect();
      for (let i = 0; i < 5; i++) await publisher.publish(t.topic(), `${i}`, { qos: 1 });
      for (let i = 0; i < 5; i++) await first.expectPublish({ payload: `${i}` });
      await first.drop();
      const second = await t.persistent(clientId, { properties: { receiveMaximum: 2 } });
      for (let i = 0; i < 5; i++) await second.receive({ payload: `${i}`, dup: true });
    },
  ),
  scenario(
    'one message more than the Receive Maximum of the server ends the connection with 0x93',
    '3.3.4-7',
    async (t) => {
      const client = await t.connect();
      const maximum = t.announced(client).receiveMaximum ?? 65_535;
      requireThat(maximum < 2000, 'the Receive Maximum of the server is too large to be exceeded');
      const packets = Array.from({ length: maximum + 1 }, (_, i) =>
        publish({ version: 5, topic: t.topic(), qos: 2, packetId: i + 1 }),
      );
      client.send(...packets);
      for (let i = 0; i < maximum; i++) await client.expect('PUBREC');
      await client.expectClose([0x93]);
    },
  ),
  scenario('as many messages as the Receive Maximum of the server are taken', '3.3.4-7', async (t) => {
    const client = await t.connect();
    const maximum = t.announced(client).receiveMaximum ?? 65_535;
    requireThat(maximum < 2000, 'the Receive Maximum of the server is too large to be used up');
    for (let round = 0; round < 2; round++) {
      const packetIds = Array.from({ length: maximum }, (_, i) => i + 1);
      client.send(...packetIds.map((packetId) => publish({ version: 5, topic: t.topic(), qos: 2, packetId })));
      for (const packetId of packetIds) expectEqual('PUBREC', (await client.expect('PUBREC')).packetId, packetId);
      await client.ping();
      for (const packetId of packetIds) client.acknowledge('PUBREL', packetId);
      for (const packetId of packetIds) expectEqual('PUBCOMP', (await client.expect('PUBCOMP')).packetId, packetId);
    }
  }),
  scenario(
    'a message that is sent again after a new connection has its place in the new window',
    '3.3.4-7 4.3.3-10',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      const maximum = t.announced(first).receiveMaximum ?? 65_535;
      requireThat(maximum < 2000, 'the Receive Maximum of the server is too large to be used up');
      const packetIds = Array.from({ length: maximum }, (_, i) => i + 1);
      const packets = (dup: boolean) =>
        packetIds.map((packetId) => publish({ version: 5, topic: t.topic(), qos: 2, packetId, dup }));
      first.send(...packets(false));
      for (const _ of packetIds) await first.expect('PUBREC');
      await first.drop();
      const second = await t.persistent(clientId);
      second.send(...packets(true));
      for (const _ of packetIds) await second.expect('PUBREC');
      for (const packetId of packetIds) second.acknowledge('PUBREL', packetId);
      for (const _ of packetIds) await second.expect('PUBCOMP');
    },
  ),
]);

/** Refusals by the receiver of a message (sections 4.3, 4.4). */
export const refusedMessages = chapter(5, '4.4 Refused messages', [
  scenario('a message that the client refused with PUBACK or PUBREC is not sent again', '4.4.0-2', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    await first.mustSubscribe(t.topic(), { qos: 2 });
    const publisher = await t.connect();
    await publisher.publish(t.topic(), '1', { qos: 1 });
    await publisher.publish(t.topic(), '2', { qos: 2 });
    const one = await first.expectPublish({ payload: '1' });
    const two = await first.expectPublish({ payload: '2' });
    first.acknowledge('PUBACK', one.packetId, 0x83);
    first.acknowledge('PUBREC', two.packetId, 0x83);
    await first.ping();
    await first.drop();
    const second = await t.persistent(clientId);
    await second.expectQuiet(publisher);
  }),
  scenario(
    'after a PUBREC with a failure the server uses the Packet Identifier for a new message',
    '4.3.3-9 4.3.3-4',
    async (t) => {
      const subscriber = await t.subscriber(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'refused', { qos: 2 });
      const { packetId } = await subscriber.expectPublish({ payload: 'refused' });
      subscriber.acknowledge('PUBREC', packetId, 0x99);
      // No PUBREL comes.
      await subscriber.ping();
      await publisher.publish(t.topic(), 'taken', { qos: 2 });
      await subscriber.receive({ payload: 'taken' });
    },
  ),
]);
