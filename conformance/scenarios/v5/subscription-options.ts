import { chapter, scenario } from '../../run/scenario.ts';
import { expectEqual } from '../../run/violation.ts';
import { subscribe } from '../../wire/packet-writer.ts';
import type { Properties } from '../../wire/property.ts';

/** Subscription Options (section 3.8.3.1). */
export const subscriptionOptions = chapter(5, '3.8.3.1 Subscription Options', [
  scenario('No Local keeps a client from its own messages, and from no others', '3.8.3-3', async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1, noLocal: true });
    const other = await t.connect();
    await client.publish(t.topic(), 'own', { qos: 1 });
    await other.publish(t.topic(), 'other', { qos: 1 });
    await client.receive({ payload: 'other' });
    await client.expectQuiet(other);
  }),
  scenario('No Local holds for messages that the client sent before it was away', '3.8.3-3', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    await first.mustSubscribe(t.topic(), { qos: 1, noLocal: true });
    await first.publish(t.topic(), 'own', { qos: 1 });
    await first.disconnect();
    const second = await t.persistent(clientId);
    await second.publish(t.topic(), 'own', { qos: 1 });
    await second.expectQuiet(await t.connect());
  }),
  scenario('No Local of one subscription leaves another of the same client alone', '3.8.3-3 3.3.4-2', async (t) => {
    const client = await t.connect();
    await client.mustSubscribe(t.topic('a/+'), { qos: 1, noLocal: true });
    await client.mustSubscribe(t.topic('a/b'), { qos: 1 });
    await client.publish(t.topic('a/b'), 'own', { qos: 1 });
    await client.receive({ payload: 'own' });
    await client.expectQuiet();
  }),
  scenario('No Local on a Shared Subscription is a Protocol Error', '3.8.3-4', async (t) => {
    const client = await t.connect();
    const subscriptions = [{ filter: `$share/group/${t.topic()}`, qos: 1, noLocal: true }];
    client.send(subscribe({ version: 5, packetId: 1, subscriptions }));
    await client.expectClose([0x82]);
  }),
  scenario('Retain As Published 0: live messages come with RETAIN 0', '3.3.1-12', async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1, retainAsPublished: false });
    const publisher = await t.connect();
    for (const retain of [true, false]) {
      await publisher.publish(t.topic(), `${retain}`, { qos: 1, retain });
      await client.receive({ payload: `${retain}`, retain: false });
    }
  }),
  scenario(
    'Retain As Published 1: live messages come with the RETAIN that they were sent with',
    '3.3.1-13',
    async (t) => {
      const client = await t.subscriber(t.topic(), { qos: 1, retainAsPublished: true });
      const publisher = await t.connect();
      for (const retain of [true, false]) {
        await publisher.publish(t.topic(), `${retain}`, { qos: 1, retain });
        await client.receive({ payload: `${retain}`, retain });
      }
    },
  ),
  scenario('Retain As Published holds for messages that waited for the client', '3.3.1-12 3.3.1-13', async (t) => {
    for (const retainAsPublished of [true, false]) {
      const clientId = t.newClientId();
      const topic = t.topic(clientId);
      const first = await t.persistent(clientId);
      await first.mustSubscribe(topic, { qos: 1, retainAsPublished, retainHandling: 2 });
      await first.disconnect();
      const publisher = await t.connect();
      await publisher.publish(topic, 'waits', { qos: 1, retain: true });
      const second = await t.persistent(clientId);
      await second.receive({ payload: 'waits', retain: retainAsPublished });
    }
  }),
  scenario('Retain Handling 0 brings retained messages with every SUBSCRIBE', '3.3.1-9 3.8.4-4', async (t) => {
    const client = await t.connect();
    await client.publish(t.topic(), 'kept', { qos: 1, retain: true });
    for (let i = 0; i < 3; i++) {
      await client.mustSubscribe(t.topic(), { qos: 1, retainHandling: 0 });
      await client.receive({ payload: 'kept', retain: true });
    }
  }),
  scenario('Retain Handling 1 brings retained messages with a new subscription only', '3.3.1-10', async (t) => {
    const client = await t.connect();
    await client.publish(t.topic(), 'kept', { qos: 1, retain: true });
    await client.mustSubscribe(t.topic(), { qos: 1, retainHandling: 1 });
    await client.receive({ payload: 'kept', retain: true });
    await client.mustSubscribe(t.topic(), { qos: 2, retainHandling: 1 });
    await client.expectQuiet();
    await client.unsubscribe(t.topic());
    await client.mustSubscribe(t.topic(), { qos: 1, retainHandling: 1 });
    await client.receive({ payload: 'kept', retain: true });
  }),
  scenario('Retain Handling 1 brings nothing to a subscription that lasted over connections', '3.3.1-10', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    await first.publish(t.topic(), 'kept', { qos: 1, retain: true });
    await first.mustSubscribe(t.topic(), { qos: 1, retainHandling: 1 });
    await first.receive({ payload: 'kept' });
    await first.disconnect();
    const second = await t.persistent(clientId);
    await second.mustSubscribe(t.topic(), { qos: 1, retainHandling: 1 });
    await second.expectQuiet();
  }),
  scenario('Retain Handling 2 brings no retained messages', '3.3.1-11', async (t) => {
    const client = await t.connect();
    await client.publish(t.topic(), 'kept', { qos: 1, retain: true });
    await client.mustSubscribe(t.topic(), { qos: 1, retainHandling: 2 });
    await client.expectQuiet();
  }),
  scenario('retained messages come with RETAIN 1, whatever Retain As Published says', '3.3.1-9', async (t) => {
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'kept', { qos: 1, retain: true });
    for (const retainAsPublished of [true, false]) {
      const client = await t.subscriber(t.topic(), { qos: 1, retainAsPublished });
      await client.receive({ payload: 'kept', retain: true });
    }
  }),
  scenario('a subscription that is replaced has the options of the later one', '3.8.4-3', async (t) => {
    const client = await t.connect();
    await client.mustSubscribe(t.topic(), { qos: 1, noLocal: true, retainHandling: 2 });
    await client.publish(t.topic(), 'unseen', { qos: 1 });
    await client.mustSubscribe(t.topic(), { qos: 1, retainAsPublished: true, retainHandling: 2 });
    await client.publish(t.topic(), 'seen', { qos: 1, retain: true });
    await client.receive({ payload: 'seen', retain: true });
    await client.expectQuiet();
  }),
]);

function identifiers({ subscriptionIdentifiers }: Properties): number[] {
  return [...(subscriptionIdentifiers ?? [])].sort((a, b) => a - b);
}

/** Subscription Identifiers (sections 3.3.4, 3.8.2.1.2). */
export const subscriptionIdentifiers = chapter(5, '3.8.2.1.2 Subscription Identifier', [
  scenario(
    'messages carry the Subscription Identifier of their subscription, from 1 to 268,435,455',
    '3.3.4-3',
    async (t) => {
      const client = await t.connect();
      for (const identifier of [1, 127, 128, 16_384, 268_435_455]) {
        await client.mustSubscribe(t.topic(`${identifier}`), { qos: 1 }, { subscriptionIdentifiers: [identifier] });
        await client.publish(t.topic(`${identifier}`), 'x', { qos: 1 });
        const { properties } = await client.receive();
        expectEqual('Subscription Identifiers', identifiers(properties), [identifier]);
      }
    },
  ),
  scenario('messages of a subscription without one carry none', '3.3.4-3', async (t) => {
    const client = await t.subscriber(t.topic(), { qos: 1 });
    await client.publish(t.topic(), 'x', { qos: 1 });
    const { properties } = await client.receive();
    expectEqual('Subscription Identifiers', identifiers(properties), []);
  }),
  scenario('one SUBSCRIBE gives its Subscription Identifier to all its Topic Filters', '3.3.4-3', async (t) => {
    const client = await t.connect();
    const filters = ['a', 'b', 'c'].map((name) => ({ filter: t.topic(name), qos: 1 }));
    await client.subscribe(filters, {}, { subscriptionIdentifiers: [77] });
    for (const { filter } of filters) {
      await client.publish(filter, 'x', { qos: 1 });
      const { properties } = await client.receive({ topic: filter });
      expectEqual('Subscription Identifiers', identifiers(properties), [77]);
    }
  }),
  scenario(
    'overlapping subscriptions: one copy with all Subscription Identifiers, or a copy for each',
    '3.3.4-3 3.3.4-4 3.3.4-5',
    async (t) => {
      const client = await t.connect();
      const filters = [t.topic('a/b'), t.topic('a/+'), t.topic('a/#'), t.topic('+/b')];
      for (const [at, filter] of filters.entries()) {
        await client.mustSubscribe(filter, { qos: 1 }, at === 3 ? undefined : { subscriptionIdentifiers: [at + 1] });
      }
      await client.publish(t.topic('a/b'), 'x', { qos: 1 });
      const came = identifiers((await client.receive({ topic: t.topic('a/b') })).properties);
      if (came.length < 3) {
        // A copy for each: four of them, one without an identifier.
        for (let copies = 1; copies < 4; copies++) came.push(...identifiers((await client.receive()).properties));
      }
      expectEqual(
        'Subscription Identifiers',
        came.sort((a, b) => a - b),
        [1, 2, 3],
      );
    },
  ),
  scenario(
    'retained messages carry the Subscription Identifier of the subscription that brings them',
    '3.3.4-3',
    async (t) => {
      const client = await t.connect();
      await client.publish(t.topic(), 'kept', { qos: 1, retain: true });
      await client.mustSubscribe(t.topic(), { qos: 1 }, { subscriptionIdentifiers: [9] });
      const { properties } = await client.receive({ retain: true });
      expectEqual('Subscription Identifiers', identifiers(properties), [9]);
    },
  ),
  scenario(
    'a subscription that is replaced has the Subscription Identifier of the later one, or none',
    '3.8.4-3 3.3.4-3',
    async (t) => {
      const client = await t.connect();
      for (const identifier of [1, 2, undefined, 3]) {
        const given = identifier === undefined ? undefined : { subscriptionIdentifiers: [identifier] };
        await client.mustSubscribe(t.topic(), { qos: 1 }, given);
        await client.publish(t.topic(), 'x', { qos: 1 });
        const { properties } = await client.receive();
        expectEqual('Subscription Identifiers', identifiers(properties), identifier === undefined ? [] : [identifier]);
      }
    },
  ),
  scenario('Subscription Identifiers are part of the session', '3.1.2-23 3.3.4-3', async (t) => {
    const clientId = t.newClientId();
    const first = await t.persistent(clientId);
    await first.mustSubscribe(t.topic(), { qos: 1 }, { subscriptionIdentifiers: [5] });
    await first.disconnect();
    const publisher = await t.connect();
    await publisher.publish(t.topic(), 'waits', { qos: 1 });
    const second = await t.persistent(clientId);
    expectEqual('Subscription Identifiers', identifiers((await second.receive()).properties), [5]);
    await publisher.publish(t.topic(), 'live', { qos: 1 });
    expectEqual('Subscription Identifiers', identifiers((await second.receive()).properties), [5]);
  }),
  scenario('the Subscription Identifier of one client is not seen by another', '3.3.4-3', async (t) => {
    const marked = await t.connect();
    await marked.mustSubscribe(t.topic(), { qos: 1 }, { subscriptionIdentifiers: [5] });
    const plain = await t.subscriber(t.topic(), { qos: 1 });
    await plain.publish(t.topic(), 'x', { qos: 1 });
    expectEqual('Subscription Identifiers', identifiers((await plain.receive()).properties), []);
    expectEqual('Subscription Identifiers', identifiers((await marked.receive()).properties), [5]);
  }),
]);
