import { shared, sharedChapter } from '../../run/scenario.ts';

/** The Will Message (sections 3.1.2.5 to 3.1.2.7). */
export const will = sharedChapter('3.1.2.5 Will', [
  shared(
    'the Will is published when the connection ends without DISCONNECT',
    { v5: '3.1.2-7 3.1.2-8', v4: '3.1.2-8' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 2 });
      const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone' } });
      await client.drop();
      await subscriber.receive({ topic: t.topic('will'), payload: 'gone', qos: 0, retain: false });
    },
  ),
  shared(
    'the Will is published with the QoS that CONNECT gave it: 0, 1 or 2',
    { v5: '3.1.2-8 3.1.2-12', v4: '3.1.2-8 3.1.2-14' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 2 });
      for (const qos of [0, 1, 2]) {
        const client = await t.connect({ will: { topic: t.topic('will'), payload: `${qos}`, qos } });
        await client.drop();
        await subscriber.receive({ payload: `${qos}`, qos });
      }
    },
  ),
  shared('DISCONNECT discards the Will', { v5: '3.14.4-3 3.1.2-10 3.1.2-8', v4: '3.14.4-2 3.1.2-10' }, async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
    await client.disconnect();
    await subscriber.expectQuiet(await t.connect());
  }),
  shared(
    'a Will that was published is not published again when the client comes and goes once more',
    { v5: '3.1.2-10', v4: '3.1.2-10 3.1.2-12' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const clientId = t.newClientId();
      const first = await t.persistent(clientId, { will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
      await first.drop();
      await subscriber.receive({ payload: 'gone' });
      const second = await t.persistent(clientId);
      await second.drop();
      await subscriber.expectQuiet(await t.connect());
    },
  ),
  shared('a client without a Will leaves none', { v5: '3.1.2-8', v4: '3.1.2-12' }, async (t) => {
    const subscriber = await t.subscriber(t.topic('#'), { qos: 1 });
    const client = await t.connect();
    await client.publish(t.topic('alive'), 'x', { qos: 1 });
    await client.drop();
    await subscriber.receive({ topic: t.topic('alive') });
    await subscriber.expectQuiet(await t.connect());
  }),
  shared(
    'a Will without RETAIN is published as a message that is not retained',
    { v5: '3.1.2-14', v4: '3.1.2-16' },
    async (t) => {
      const present = await t.subscriber(t.topic('will'), { qos: 1 });
      const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1, retain: false } });
      await client.drop();
      await present.receive({ payload: 'gone' });
      const later = await t.subscriber(t.topic('will'), { qos: 1 });
      await later.expectQuiet();
    },
  ),
  shared('a Will with RETAIN is published as a retained message', { v5: '3.1.2-15', v4: '3.1.2-17' }, async (t) => {
    const present = await t.subscriber(t.topic('will'), { qos: 1 });
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1, retain: true } });
    await client.drop();
    await present.receive({ payload: 'gone', retain: false });
    const later = await t.subscriber(t.topic('will'), { qos: 1 });
    await later.receive({ payload: 'gone', retain: true });
    await later.publish(t.topic('will'), '', { retain: true });
  }),
  shared(
    'the Will is published when the server closes the connection for a breach of the protocol',
    { v5: '3.1.2-8', v4: '3.1.2-8' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
      client.sendConnect({ clientId: client.clientId });
      await client.expectClose([0x82]);
      await subscriber.receive({ payload: 'gone' });
    },
  ),
  shared(
    'the Will is published when the session is taken over',
    { v5: '3.1.2-8 3.1.4-3', v4: '3.1.2-8 3.1.4-2' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const clientId = t.newClientId();
      const first = await t.connect({ clientId, will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
      await t.connect({ clientId });
      await first.expectClose([0x8e]);
      await subscriber.receive({ payload: 'gone' });
    },
  ),
  shared(
    'the Will is published when the Keep Alive has run out',
    { v5: '3.1.2-8 3.1.2-22', v4: '3.1.2-8 3.1.2-24' },
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      await t.connect({ keepAlive: 1, will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
      await subscriber.receive({ payload: 'gone' });
    },
    { waits: true },
  ),
  shared('a Will may have an empty payload, and any bytes in it', { v5: '3.1.2-7', v4: '3.1.2-8' }, async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    for (const payload of [new Uint8Array(0), Uint8Array.of(0, 255, 0xc0, 0x80, 10)]) {
      const client = await t.connect({ will: { topic: t.topic('will'), payload, qos: 1 } });
      await client.drop();
      await subscriber.receive({ payload });
    }
  }),
]);
