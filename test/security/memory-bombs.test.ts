import assert from 'node:assert/strict';
import { encodePacket, PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket, type RawClient, subscribePacket, subscriptionTo, willMessage } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { heldBytes, MIB, Victim } from './victim.ts';

vi.setConfig({ testTimeout: 120_000 });

const LONGEST = 65_535;
const PATIENCE = { timeout: 15_000 };

/** A Topic Name of this many bytes that no other number has. */
function longTopic(number: number, length = 60_000): string {
  return `${number}/`.padEnd(length, 'x');
}

/** Sends publications, a few at a time, and waits until the broker has worked on all of them. */
async function flood(victim: Victim, client: RawClient, count: number, make: (at: number) => Uint8Array) {
  const before = victim.broker.stats().messagesReceived;
  for (let at = 0; at < count; at++) {
    client.send(make(at));
    if (at % 50 === 49)
      await victim.until(({ messagesReceived }) => messagesReceived - before >= at - 50, 'a part of it');
    client.takeAll();
  }
  await victim.until(({ messagesReceived }) => messagesReceived - before >= count, 'all of it');
}

async function attacked(options = {}, clientIdentifier = 'bomber') {
  const victim = await Victim.start(options);
  await victim.assertServed();
  return { victim, client: await victim.connect(clientIdentifier) };
}

describe('a client that was let in', () => {
  test('publishing to 600 Topic Names of 60,000 bytes leaves no more of them than the routes may weigh', async () => {
    const { victim, client } = await attacked({ limits: { maximumRoutes: 1_000 } });
    const before = heldBytes();
    await flood(victim, client, 600, (at) => encodePacket(publishPacket(longTopic(at)), 5));
    // 36 MB of names, twice: as text and as bytes. The bound is 1,000 routes of 2 KiB.
    const held = heldBytes() - before;
    assert.ok(held < 12 * MIB, `${held / MIB} MiB`);
    await victim.assertServed();
  });

  test('the verdicts on long Topic Names are not remembered by their number', async () => {
    const authorization = { rules: [{ allow: 'all' as const, topics: '#' }] };
    const { victim, client } = await attacked({ authorization, limits: { maximumRoutes: 16 } });
    const before = heldBytes();
    await flood(victim, client, 500, (at) => encodePacket(publishPacket(longTopic(at)), 5));
    const held = heldBytes() - before;
    assert.ok(held < 10 * MIB, `${held / MIB} MiB`);
  });

  test('User Properties by the hundred thousand are one packet in memory, and a packet that is too long none', async () => {
    const { victim, client } = await attacked();
    const subscriber = await victim.connect('reader');
    subscriber.send(subscribePacket(1, 'properties'));
    await subscriber.expect({ type: PacketType.suback });
    const before = heldBytes();
    const userProperties = Array.from({ length: 100_000 }, (_, at) => [`name ${at}`, 'value'] as [string, string]);
    const packet = encodePacket(publishPacket('properties', 'x', { properties: { userProperties } }), 5);
    client.send(packet);
    const came = await subscriber.next();
    assert.equal(came.type, PacketType.publish);
    const held = heldBytes() - before;
    // What this side decoded is the most of it.
    assert.ok(packet.length < 3 * MIB && held < 60 * MIB, `${held / MIB} MiB`);
    const larger = new Uint8Array(9 * MIB);
    larger.set(Uint8Array.of(0x30, 0x80, 0x80, 0xc0, 0x04));
    client.send(larger);
    await client.expect({ type: PacketType.disconnect, reasonCode: ReasonCode.packetTooLarge });
    await client.untilClosed();
    await victim.assertServed();
  });

  test('a topic of 60,000 levels is refused, published to, subscribed to, as a Will', async () => {
    const { victim, client } = await attacked();
    const deep = '/'.repeat(60_000);
    client.send(publishPacket(deep, '', { qos: 1, packetId: 1 }));
    const first = await client.next();
    assert.ok('reasonCode' in first && first.reasonCode === ReasonCode.topicNameInvalid, JSON.stringify(first));
    const other = await victim.connect('other');
    other.send(subscribePacket(1, `${deep}#`));
    await other.expect({ type: PacketType.suback, reasonCodes: [ReasonCode.topicFilterInvalid] });
    assert.equal(await victim.knock('third', { will: willMessage(deep) }), ReasonCode.topicNameInvalid);
    assert.equal(victim.broker.stats().subscriptions, 1);
    await victim.assertServed();
  });

  test('giant Wills cost what they weigh and leave with their clients', async () => {
    const { victim } = await attacked();
    const before = heldBytes();
    const will = willMessage('will', {
      payload: new Uint8Array(LONGEST),
      properties: {
        userProperties: Array.from({ length: 8 }, () => ['a'.repeat(10_000), 'b'.repeat(10_000)] as [string, string]),
      },
    });
    const clients: RawClient[] = [];
    for (let at = 0; at < 100; at++) clients.push(await victim.connect(`will${at}`, { will }));
    // 225 kB each, as text and as bytes.
    const held = heldBytes() - before;
    assert.ok(held < 60 * MIB, `${held / MIB} MiB`);
    const tooLong = Array.from({ length: 60 }, () => ['a'.repeat(10_000), 'b'.repeat(10_000)] as [string, string]);
    const bomber = await victim.dial();
    const { connectPacket } = await import('@busbar/testkit');
    bomber.send(connectPacket({ will: { ...will, properties: { userProperties: tooLong } } }));
    await bomber.untilClosed();
    for (const client of clients) client.transport.destroy();
    await victim.until(({ connections }) => connections === 2, 'two connections');
    const left = heldBytes() - before;
    assert.ok(left < 10 * MIB, `${left / MIB} MiB`);
    await victim.assertServed();
  });

  test('a retained flood ends at its bounds, by number and by bytes, and is told so', async () => {
    const limits = { maximumRetainedMessages: 500, maximumRetainedBytes: 4 * MIB };
    const { victim, client } = await attacked({ limits });
    const before = heldBytes();
    const payload = new Uint8Array(20_000).fill(7);
    const codes = new Map<number, number>();
    client.onPacket = (packet) => {
      if (packet.type === PacketType.puback) codes.set(packet.reasonCode, (codes.get(packet.reasonCode) ?? 0) + 1);
    };
    await flood(victim, client, 2_000, (at) =>
      encodePacket(publishPacket(`flood/${at}`, payload, { qos: 1, packetId: 1 + (at % 500), retain: true }), 5),
    );
    await vi.waitFor(
      () =>
        assert.equal(
          [...codes.values()].reduce((sum, count) => sum + count, 0),
          2_000,
        ),
      PATIENCE,
    );
    const { retained, retainedBytes } = victim.broker.stats();
    assert.ok(retained <= 500 && retainedBytes <= 4 * MIB && retained > 100, `${retained}, ${retainedBytes}`);
    assert.equal(codes.get(ReasonCode.quotaExceeded), 2_000 - retained);
    const held = heldBytes() - before;
    assert.ok(held < 15 * MIB, `${held / MIB} MiB`);
    // Little ones are bounded by number.
    await flood(victim, client, 2_000, (at) =>
      encodePacket(publishPacket(`tiny/${at}`, 'x', { qos: 1, packetId: 1 + (at % 500), retain: true }), 5),
    );
    assert.ok(victim.broker.stats().retained <= 500);
    await victim.assertServed();
  });

  test('little messages that stay, retained or waiting, do not keep alive what came with them', async () => {
    const { victim, client } = await attacked();
    const absent = await victim.connect('absent', { properties: { sessionExpiryInterval: 1_000 } });
    absent.send(subscribePacket(1, 'stays/#', { qos: 1 }));
    await absent.expect({ type: PacketType.suback });
    absent.transport.destroy();
    await victim.until(({ connections }) => connections === 2, 'two connections');
    const before = heldBytes();
    const filling = encodePacket(publishPacket('gone', new Uint8Array(50_000)), 5);
    await flood(victim, client, 2_000, (at) => {
      if (at % 2 === 0) return filling;
      const stays = publishPacket(`stays/${at}`, 'x', { qos: 1, packetId: 1 + (at % 500), retain: true });
      return encodePacket(stays, 5);
    });
    assert.equal(victim.broker.stats().retained, 1_000);
    // 1,000 messages of 20 bytes and 50 MB that came with them.
    const held = heldBytes() - before;
    assert.ok(held < 10 * MIB, `${held / MIB} MiB`);
  });

  test('a subscription flood ends at its bound, and goes with its session', async () => {
    const { victim, client } = await attacked({ limits: { maximumSubscriptions: 1_000 } });
    const before = heldBytes();
    let refused = 0;
    for (let batch = 0; batch < 50; batch++) {
      const subscriptions = Array.from({ length: 100 }, (_, at) =>
        subscriptionTo(`${batch}/${at}/+/${'x/'.repeat(50)}#`),
      );
      client.send({ ...subscribePacket(1 + batch, 'x'), subscriptions });
      const answer = await client.next();
      if (answer.type !== PacketType.suback) throw new Error(`expected SUBACK, ${answer.type} came`);
      refused += answer.reasonCodes.filter((code) => code === ReasonCode.quotaExceeded).length;
    }
    assert.equal(refused, 4_000);
    assert.equal(victim.broker.stats().subscriptions, 1_001);
    const held = heldBytes() - before;
    assert.ok(held < 20 * MIB, `${held / MIB} MiB`);
    client.transport.destroy();
    await victim.until(({ subscriptions }) => subscriptions === 1, 'one subscription');
    await victim.assertServed();
  });

  test('aliases: more than were allowed are refused with 0x94, those of all lengths cost what they may', async () => {
    const { victim, client } = await attacked({ limits: { topicAliasMaximum: 10, maximumRoutes: 16 } });
    const before = heldBytes();
    await flood(victim, client, 400, (at) =>
      encodePacket(publishPacket(longTopic(at), '', { properties: { topicAlias: 1 + (at % 10) } }), 5),
    );
    const held = heldBytes() - before;
    assert.ok(held < 10 * MIB, `${held / MIB} MiB`);
    for (const topicAlias of [11, 65_535]) {
      const other = await victim.connect(`alias${topicAlias}`);
      other.send(publishPacket('a', '', { properties: { topicAlias } }));
      await other.expect({ type: PacketType.disconnect, reasonCode: ReasonCode.topicAliasInvalid });
    }
    const unknown = await victim.connect('unknown');
    unknown.send(publishPacket('', '', { properties: { topicAlias: 3 } }));
    const answer = await unknown.next();
    assert.ok('reasonCode' in answer && answer.reasonCode >= 0x80);
    await victim.assertServed();
  });

  test('a thousand overlapping subscriptions with identifiers bring a message once, with all of them', async () => {
    const { victim, client } = await attacked();
    const levels = 'a/b/c/d/e/f/g/h/i/j'.split('/');
    for (let number = 0; number < 1_000; number++) {
      const filter = levels.map((level, at) => ((number >> at) & 1 ? '+' : level)).join('/');
      client.send(subscribePacket(1 + number, filter, {}, { subscriptionIdentifiers: [1 + number] }));
    }
    await client.untilPackets(1_000);
    client.takeAll();
    const before = heldBytes();
    const publisher = await victim.connect('publisher');
    for (let at = 0; at < 200; at++) publisher.send(publishPacket(levels.join('/'), 'x'));
    await client.untilPackets(200);
    const came = client.takeAll();
    assert.equal(came.length, 200);
    const [first] = came;
    assert.equal(first?.type === PacketType.publish && first.properties.subscriptionIdentifiers?.length, 1_000);
    came.length = 0;
    const held = heldBytes() - before;
    assert.ok(held < 30 * MIB, `${held / MIB} MiB`);
    const served = await victim.assertServed();
    assert.ok(served < 2_000, `${served} ms`);
  });

  test('many who read everything and many topics: routes are forgotten by what they weigh', async () => {
    const { victim, client } = await attacked({ limits: { maximumRoutes: 2_000 } });
    for (let at = 0; at < 200; at++) {
      const reader = await victim.connect(`reader${at}`);
      reader.send(subscribePacket(1, 'all/#'));
      await reader.expect({ type: PacketType.suback });
      reader.onPacket = () => reader.takeAll();
    }
    const before = heldBytes();
    await flood(victim, client, 2_000, (at) => encodePacket(publishPacket(`all/${at}`), 5));
    await victim.until(({ messagesDelivered }) => messagesDelivered >= 2_000 * 200, 'all deliveries');
    // 2,000 routes with 200 receivers each were 60 MiB; 2,000 of 2 KiB are 4.
    const held = heldBytes() - before;
    assert.ok(held < 25 * MIB, `${held / MIB} MiB`);
    await victim.assertServed();
  });
});
