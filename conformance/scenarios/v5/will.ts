import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';

/** What 5.0 adds to the Will: delay, properties, DISCONNECT with Will (sections 3.1.3.2, 3.14.2.1). */
export const will = chapter(5, '3.1.3.2 Will Properties', [
  scenario('DISCONNECT with 0x04 publishes the Will', '3.1.2-8', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
    await client.disconnect(0x04);
    await subscriber.receive({ payload: 'gone' });
  }),
  scenario('DISCONNECT with any other failure publishes the Will', '3.1.2-8', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    for (const reasonCode of [0x80, 0x82, 0x93]) {
      const client = await t.connect({ will: { topic: t.topic('will'), payload: `${reasonCode}`, qos: 1 } });
      await client.disconnect(reasonCode);
      await subscriber.receive({ payload: `${reasonCode}` });
    }
  }),
  scenario('DISCONNECT with 0x00 and properties discards the Will', '3.14.4-3 3.1.2-10', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1 } });
    await client.disconnect(0x00, { userProperties: [['why', 'done']] });
    await subscriber.expectQuiet(await t.connect());
  }),
  scenario(
    'the Will is published with its properties, unaltered and in order',
    '3.1.2-8 3.1.3-10 3.3.2-4 3.3.2-15 3.3.2-16 3.3.2-20',
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const properties = {
        payloadFormatIndicator: 1,
        contentType: 'text/plain',
        responseTopic: t.topic('response'),
        correlationData: Uint8Array.of(0, 1, 255),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
          ['b', '1'],
          ['', ''],
        ] as const,
      };
      const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties } });
      await client.drop();
      const came = (await subscriber.receive({ payload: 'gone' })).properties;
      for (const [name, value] of Object.entries(properties)) {
        expectEqual(name, came[name as keyof typeof came], value);
      }
    },
  ),
  scenario(
    'the Will waits for its Will Delay Interval',
    '3.1.2-8',
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const properties = { willDelayInterval: 2 };
      const client = await t.persistent(t.newClientId(), {
        will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties },
      });
      const startedAt = performance.now();
      await client.drop();
      await subscriber.receive({ payload: 'gone' });
      const seconds = (performance.now() - startedAt) / 1000;
      // Servers that count whole seconds may be up to one early.
      expectThat(seconds > 0.9, 'the Will after its delay of 2 s', `after ${seconds.toFixed(2)} s`);
    },
    { waits: true },
  ),
  scenario(
    'a client that is back before the Will Delay Interval has passed takes its Will back',
    '3.1.3-9 3.1.2-8',
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const clientId = t.newClientId();
      const properties = { willDelayInterval: 3 };
      const first = await t.persistent(clientId, {
        will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties },
      });
      await first.drop();
      await t.persistent(clientId);
      await t.sleep(5000);
      await subscriber.expectQuiet(await t.connect());
    },
    { waits: true },
  ),
  scenario(
    'the Will is published when the session ends before the Will Delay Interval has passed',
    '3.1.2-8',
    async (t) => {
      const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
      const properties = { willDelayInterval: 3600 };
      const client = await t.connect({
        properties: { sessionExpiryInterval: 1 },
        will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties },
      });
      await client.drop();
      await subscriber.receive({ payload: 'gone' });
    },
    { waits: true },
  ),
  scenario('the Will is published at once when its session ends with the connection', '3.1.2-8', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const properties = { willDelayInterval: 3600 };
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties } });
    await client.drop();
    await subscriber.receive({ payload: 'gone' });
  }),
  scenario('the Will that waits is published when a clean start ends its session', '3.1.2-8 3.1.2-4', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const clientId = t.newClientId();
    const properties = { willDelayInterval: 3600 };
    const first = await t.persistent(clientId, {
      will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties },
    });
    await first.drop();
    await t.connect({ clientId, cleanStart: true });
    await subscriber.receive({ payload: 'gone' });
  }),
  scenario('a Will with a Message Expiry Interval carries it', '3.1.2-8 3.3.2-6', async (t) => {
    const subscriber = await t.subscriber(t.topic('will'), { qos: 1 });
    const properties = { messageExpiryInterval: 100 };
    const client = await t.connect({ will: { topic: t.topic('will'), payload: 'gone', qos: 1, properties } });
    await client.drop();
    const message = await subscriber.receive({ payload: 'gone' });
    const left = message.properties.messageExpiryInterval ?? -1;
    expectThat(left > 90 && left <= 100, 'a Message Expiry Interval of 100 s or little less', `${left}`);
  }),
  scenario('a Will Topic with a wildcard is refused', '4.7.0-1 3.1.4-1', async (t) => {
    for (const topic of ['a/#', '+', '']) {
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), will: { topic } });
      await client.expectRefusal([0x81, 0x82, 0x90]);
    }
  }),
  scenario('a Response Topic with a wildcard in a Will is refused', '3.3.2-14 3.1.4-1', async (t) => {
    for (const responseTopic of ['a/#', '+/b']) {
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), will: { topic: t.topic(), properties: { responseTopic } } });
      await client.expectRefusal([0x81, 0x82, 0x90]);
    }
  }),
]);
