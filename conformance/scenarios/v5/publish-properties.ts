import { chapter, type ScenarioBody, scenario } from '../../run/scenario.ts';
import { expectEqual, expectThat } from '../../run/violation.ts';
import type { Properties } from '../../wire/property.ts';

/** The property arrives as it was sent: at each QoS, and with a retained message. */
function unaltered(
  name: keyof Properties,
  shows: string,
  ...values: NonNullable<Properties[typeof name]>[]
): ScenarioBody {
  return scenario(`${name} is passed on unaltered`, shows, async (t) => {
    const client = await t.subscriber(t.topic('live'), { qos: 2 });
    for (const value of values) {
      const properties = { [name]: value };
      for (const qos of [0, 1, 2] as const) {
        await client.publish(t.topic('live'), 'text', { qos, properties });
        const live = await client.receive();
        expectEqual(name, live.properties[name], value);
      }
      await client.publish(t.topic('kept'), 'text', { qos: 1, retain: true, properties });
      const later = await t.subscriber(t.topic('kept'), { qos: 1 });
      const kept = await later.receive({ retain: true });
      expectEqual(name, kept.properties[name], value);
    }
  });
}

/** The properties of PUBLISH on their way through the server (section 3.3.2.3). */
export const publishProperties = chapter(5, '3.3.2.3 PUBLISH Properties', [
  unaltered('payloadFormatIndicator', '3.3.2-4', 0, 1),
  unaltered('responseTopic', '3.3.2-15', 'a/b', '$a', ' ', '/'),
  unaltered('correlationData', '3.3.2-16', new Uint8Array(0), Uint8Array.of(0, 255, 1), new Uint8Array(1000).fill(9)),
  unaltered('contentType', '3.3.2-20', 'text/plain', '', '\u00e9\u{1f600}'),
  unaltered(
    'userProperties',
    '3.3.2-17 3.3.2-18',
    [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['b', '0'],
      ['', ''],
    ],
    Array.from({ length: 50 }, (_, i) => [`${(i * 7) % 50}`, 'x'.repeat(i)] as const),
  ),
  scenario(
    'all properties together reach each of several subscribers',
    '3.3.2-4 3.3.2-15 3.3.2-16 3.3.2-17 3.3.2-20',
    async (t) => {
      const subscribers = [
        await t.subscriber(t.topic(), { qos: 0 }),
        await t.subscriber(t.topic('#').replace('/t/#', '/#'), { qos: 1 }),
        await t.subscriber(t.topic(), { qos: 2, retainAsPublished: true }),
      ];
      const properties: Properties = {
        contentType: 'c',
        payloadFormatIndicator: 1,
        correlationData: Uint8Array.of(1),
        responseTopic: 'r',
        userProperties: [
          ['x', 'y'],
          ['x', 'z'],
        ],
      };
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'text', { qos: 2, properties });
      for (const subscriber of subscribers) {
        const message = await subscriber.receive({ payload: 'text' });
        for (const [name, value] of Object.entries(properties)) {
          expectEqual(name, message.properties[name as keyof Properties], value);
        }
      }
    },
  ),
  scenario('a message without properties arrives without any but those of the server', '2.2.2-1', async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1 });
    await client.publish(t.topic(), 'x', { qos: 1 });
    const { properties } = await client.receive();
    expectEqual('no properties:', Object.keys(properties), []);
  }),
  scenario('a Response Topic with a wildcard is refused', '3.3.2-14', async (t) => {
    for (const responseTopic of ['a/#', '+', 'a/+/b']) {
      const client = await t.connect();
      client.sendPublish(t.topic(), 'x', { qos: 1, properties: { responseTopic } });
      try {
        await client.expectClose([0x81, 0x82, 0x90]);
      } catch (error) {
        // Refusing the message alone would do, too.
        if (!(error instanceof Error) || !/PUBACK \d+ 0x(8|9)/.test(error.message)) throw error;
      }
    }
  }),
  scenario('a Subscription Identifier in a PUBLISH from a client ends the connection', '3.3.4-6', async (t) => {
    const client = await t.connect();
    client.sendPublish(t.topic(), 'x', { properties: { subscriptionIdentifiers: [1] } });
    await client.expectClose([0x81, 0x82]);
  }),
  scenario(
    'a payload that is not the UTF-8 it says it is, is refused with 0x99 or passed on as it is',
    '3.3.2-4',
    async (t) => {
      const payload = Uint8Array.of(0x61, 0xff);
      const client = await t.subscriber(t.topic(), { qos: 1 });
      const answer = await client.publish(t.topic(), payload, { qos: 1, properties: { payloadFormatIndicator: 1 } });
      if (answer?.reasonCode === 0x99) return;
      const { properties } = await client.receive({ payload });
      expectEqual('Payload Format Indicator', properties.payloadFormatIndicator, 1);
    },
  ),
]);

/** Message Expiry Interval (section 3.3.2.3.3). */
export const messageExpiry = chapter(5, '3.3.2.3.3 Message Expiry Interval', [
  scenario(
    'a message that waited arrives with what is left of its interval',
    '3.3.2-6',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 1 });
      await first.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'waits', { qos: 1, properties: { messageExpiryInterval: 100 } });
      await t.sleep(2100);
      const second = await t.persistent(clientId);
      const left = (await second.receive({ payload: 'waits' })).properties.messageExpiryInterval ?? -1;
      expectThat(left >= 90 && left <= 98, 'an interval of 100 s less 2', `${left}`);
    },
    { waits: true },
  ),
  scenario('a message that did not wait arrives with its whole interval', '3.3.2-6', async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1 });
    for (const interval of [1000, 4_294_967_295]) {
      await client.publish(t.topic(), 'now', { qos: 1, properties: { messageExpiryInterval: interval } });
      const left = (await client.receive()).properties.messageExpiryInterval ?? -1;
      expectThat(left <= interval && left >= interval - 5, `${interval} s or little less`, `${left}`);
    }
  }),
  scenario(
    'a message whose interval has passed is not delivered to the client that was away',
    '3.3.2-5',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 2 });
      await first.disconnect();
      const publisher = await t.connect();
      for (const qos of [1, 2] as const) {
        await publisher.publish(t.topic(), 'old', { qos, properties: { messageExpiryInterval: 1 } });
      }
      await publisher.publish(t.topic(), 'lasting', { qos: 1 });
      await t.sleep(2500);
      const second = await t.persistent(clientId);
      await second.receive({ payload: 'lasting' });
      await second.expectQuiet(publisher);
    },
    { waits: true },
  ),
  scenario(
    'a message whose interval has passed while the window was full is not delivered',
    '3.3.2-5',
    async (t) => {
      const subscriber = await t.connect({ properties: { receiveMaximum: 1 } });
      await subscriber.mustSubscribe(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'in flight', { qos: 2 });
      const first = await subscriber.expectPublish({ payload: 'in flight' });
      await publisher.publish(t.topic(), 'old', { qos: 2, properties: { messageExpiryInterval: 1 } });
      await t.sleep(2500);
      await subscriber.finish(first);
      await subscriber.expectQuiet(publisher);
    },
    { waits: true },
  ),
  scenario(
    'a QoS 2 message that was sent is not given up when its interval passes',
    '4.3.3-7',
    async (t) => {
      const clientId = t.newClientId();
      const first = await t.persistent(clientId);
      await first.mustSubscribe(t.topic(), { qos: 2 });
      const publisher = await t.connect();
      await publisher.publish(t.topic(), 'sent', { qos: 2, properties: { messageExpiryInterval: 2 } });
      await first.expectPublish({ payload: 'sent' });
      await first.drop();
      await t.sleep(3500);
      const second = await t.persistent(clientId);
      await second.receive({ payload: 'sent', dup: true });
    },
    { waits: true },
  ),
  scenario(
    'the QoS 2 flow of a message goes on when its interval has passed',
    '4.3.3-13',
    async (t) => {
      const client = await t.connect();
      client.sendPublish(t.topic(), 'old', { qos: 2, packetId: 4, properties: { messageExpiryInterval: 1 } });
      await client.takeAcknowledgement('PUBREC', 4);
      await t.sleep(2500);
      client.acknowledge('PUBREL', 4);
      const pubcomp = await client.takeAcknowledgement('PUBCOMP', 4);
      expectEqual('PUBCOMP with', pubcomp.reasonCode, 0);
    },
    { waits: true },
  ),
  scenario(
    'a retained message is gone when its interval has passed, and carries what is left before',
    '3.3.2-5 3.3.2-6',
    async (t) => {
      const publisher = await t.connect();
      const properties = { messageExpiryInterval: 4 };
      await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true, properties });
      const before = await t.subscriber(t.topic(), { qos: 1 });
      const left = (await before.receive({ retain: true })).properties.messageExpiryInterval ?? -1;
      expectThat(left >= 0 && left <= 4, 'at most 4 s', `${left}`);
      await t.sleep(5500);
      const after = await t.subscriber(t.topic(), { qos: 1 });
      await after.expectQuiet(publisher);
    },
    { waits: true },
  ),
]);
