import type { RawClient } from '../../peer/raw-client.ts';
import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual, expectOneOf, expectThat, requireThat, Violation } from '../../run/violation.ts';
import { type SubscribeFields, subscribe } from '../../wire/packet-writer.ts';

/** Subscribes to what the server does not offer: refused in SUBACK or by the end of the connection, with this code. */
async function expectRefusedSubscription(
  client: RawClient,
  fields: Partial<SubscribeFields>,
  code: number,
): Promise<void> {
  client.send(subscribe({ version: 5, packetId: 1, subscriptions: [], ...fields }));
  try {
    await client.expectClose([code]);
  } catch (error) {
    const refusal = `SUBACK 1 [0x${code.toString(16).toUpperCase()}]`;
    if (!(error instanceof Violation) || error.came !== refusal) throw error;
  }
}

/** What a server says it can, and what it does with a client that wants more (section 3.2.2.3). */
export const capabilities = chapter(5, '3.2.2.3 CONNACK Properties', [
  scenario(
    'a server with a Maximum QoS takes subscriptions at any QoS, and refuses messages above it with 0x9B',
    '3.2.2-9 3.2.2-10 3.2.2-11',
    async (t) => {
      const client = await t.connect();
      const maximum = t.announced(client).maximumQos;
      requireThat(maximum !== undefined, 'the server supports QoS 0, 1 and 2');
      for (const qos of [0, 1, 2]) {
        const { reasonCodes } = await client.subscribe(t.topic(`${qos}`), { qos });
        expectOneOf('SUBACK with', reasonCodes[0] ?? -1, [0, 1, 2].slice(0, qos + 1));
      }
      client.sendPublish(t.topic('above'), 'x', { qos: maximum === 0 ? 1 : 2 });
      await client.expectClose([0x9b]);
    },
    { setUp: 'reduced' },
  ),
  scenario(
    'a Will QoS above the Maximum QoS of the server is refused with 0x9B',
    '3.2.2-12',
    async (t) => {
      const maximum = t.announced(await t.connect()).maximumQos;
      requireThat(maximum !== undefined, 'the server supports QoS 0, 1 and 2');
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), will: { topic: t.topic(), qos: maximum + 1 } });
      await client.expectRefusal([0x9b]);
    },
    { setUp: 'reduced' },
  ),
  scenario(
    'a server without retained messages refuses a Will with RETAIN, and a message with RETAIN, with 0x9A',
    '3.2.2-13 3.2.2-14',
    async (t) => {
      const probe = await t.connect();
      requireThat(t.announced(probe).retainAvailable === 0, 'the server supports retained messages');
      const client = await t.open();
      client.sendConnect({ clientId: t.newClientId(), will: { topic: t.topic(), retain: true } });
      await client.expectRefusal([0x9a]);
      probe.sendPublish(t.topic(), 'x', { retain: true });
      await probe.expectClose([0x9a]);
    },
    { setUp: 'reduced' },
  ),
  scenario(
    'a server without wildcards, Shared Subscriptions or Subscription Identifiers refuses them with their codes',
    '3.9.3-2 3.8.4-7',
    async (t) => {
      const said = t.announced(await t.connect());
      const lacksNothing =
        said.wildcardSubscriptionAvailable !== 0 &&
        said.sharedSubscriptionAvailable !== 0 &&
        said.subscriptionIdentifiersAvailable !== 0;
      requireThat(!lacksNothing, 'the server has them all');
      const plain = [{ filter: t.topic() }];
      if (said.wildcardSubscriptionAvailable === 0) {
        await expectRefusedSubscription(await t.connect(), { subscriptions: [{ filter: t.topic('+') }] }, 0xa2);
      }
      if (said.sharedSubscriptionAvailable === 0) {
        const subscriptions = [{ filter: `$share/group/${t.topic()}` }];
        await expectRefusedSubscription(await t.connect(), { subscriptions }, 0x9e);
      }
      if (said.subscriptionIdentifiersAvailable === 0) {
        const properties = { subscriptionIdentifiers: [1] };
        await expectRefusedSubscription(await t.connect(), { subscriptions: plain, properties }, 0xa1);
      }
    },
    { setUp: 'reduced' },
  ),
  scenario(
    'a server that has set a Server Keep Alive closes by it',
    '3.1.2-22 3.2.2-21',
    async (t) => {
      const client = await t.connect({ keepAlive: 65_535 });
      const seconds = t.announced(client).serverKeepAlive;
      requireThat(seconds !== undefined && seconds <= 20, 'the server leaves Keep Alive to the client');
      await client.expectClose([0x8d], seconds * 1500 + 15_000);
    },
    { setUp: 'limited', waits: true },
  ),
  scenario(
    'a server that sets no Server Keep Alive keeps to the one of the client',
    '3.2.2-22',
    async (t) => {
      const client = await t.connect({ keepAlive: 1000 });
      requireThat(t.announced(client).serverKeepAlive === undefined, 'the server sets a Server Keep Alive');
      await t.sleep(2500);
      await client.ping();
    },
    { waits: true },
  ),
  scenario(
    'Response Information is told to a client that asks for it, and to no other',
    '3.1.2-28',
    async (t) => {
      for (const properties of [{ requestResponseInformation: 0 }, {}]) {
        const client = await t.connect({ properties });
        expectEqual('Response Information', t.announced(client).responseInformation, undefined);
      }
      const asking = await t.connect({ properties: { requestResponseInformation: 1 } });
      requireThat(t.announced(asking).responseInformation !== undefined, 'the server has no Response Information');
    },
    { setUp: 'limited' },
  ),
  scenario(
    'a payload that is not the UTF-8 it says it is, is refused with 0x99 by a server that looks',
    '3.3.2-4 3.4.2-1 3.5.2-1',
    async (t) => {
      const client = await t.connect();
      const payload = Uint8Array.of(0x61, 0xff);
      const properties = { payloadFormatIndicator: 1 };
      for (const qos of [1, 2] as const) {
        const answer = await client.publish(t.topic(), payload, { qos, properties });
        requireThat(answer?.reasonCode === 0x99, 'the server does not look into payloads');
      }
      // A Packet Identifier whose PUBREC refused is free for a new message.
      await client.mustSubscribe(t.topic(), { qos: 2 });
      const packetId = client.sendPublish(t.topic(), payload, { qos: 2, properties });
      expectEqual('PUBREC with', (await client.takeAcknowledgement('PUBREC', packetId)).reasonCode, 0x99);
      await client.publish(t.topic(), 'good', { qos: 2, packetId, properties });
      await client.receive({ payload: 'good' });
    },
    { setUp: 'limited' },
  ),
  scenario(
    'a server that sends its clients elsewhere says where with CONNACK 0x9C or 0x9D, and closes the connection',
    '3.2.2-6 3.2.2-7 3.2.2-8 4.13.2-1',
    async (t) => {
      const client = await t.tryConnect();
      const { reasonCode = 0, properties } = client.connack ?? {};
      requireThat(reasonCode !== 0, 'the server takes its clients itself');
      expectOneOf('CONNACK with', reasonCode, [0x9c, 0x9d]);
      expectThat(properties?.serverReference !== undefined, 'a Server Reference', 'none');
      await client.expectEnd();
    },
    { setUp: 'redirecting' },
  ),
]);
