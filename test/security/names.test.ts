import assert from 'node:assert/strict';
import type { Authenticator, BrokerOptions } from '@busbar/broker';
import { type Packet, PacketType, PINGREQ, ReasonCode } from '@busbar/codec';
import { hex, publishPacket, type RawClient, subscribePacket, willMessage } from '@busbar/testkit';
import { describe, expect, test, vi } from 'vitest';
import { HOST, Victim, WITNESS } from './victim.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Lets in everybody whose password is the user name backwards. */
const everybody: Authenticator = {
  name: 'everybody',
  authenticate({ userName = '', password }) {
    if (userName === WITNESS.userName) return { kind: 'allow' };
    const isRight = Buffer.from(password ?? []).toString() === [...userName].reverse().join('');
    return isRight ? { kind: 'allow' } : { kind: 'deny', message: 'wrong' };
  },
};

function user(userName: string): { userName: string; password: Buffer } {
  return { userName, password: Buffer.from([...userName].reverse().join('')) };
}

const ACL = `pattern read public/#
pattern readwrite own/%u/#
pattern readwrite device/%c/#
user witness
topic readwrite #
user admin
topic readwrite secret/#
user spy
topic deny secret/#
topic read #
topic write own/spy/#
`;

const RULES: BrokerOptions = { authenticators: [everybody], authorization: { aclFile: { file: 'acl', text: ACL } } };

/** What a publication with QoS 1 is answered; undefined when the connection ends instead. */
async function publish(client: RawClient, topicName: string): Promise<ReasonCode | undefined> {
  client.send(publishPacket(topicName, 'x', { qos: 1, packetId: 9 }));
  const answer = await client.next();
  return answer.type === PacketType.puback ? answer.reasonCode : undefined;
}

/** Everything that has come when all that was sent has been answered. */
async function everythingFor(client: RawClient): Promise<Packet[]> {
  client.send(PINGREQ);
  const came: Packet[] = [];
  for (;;) {
    const packet = await client.next();
    if (packet.type === PacketType.pingresp) return came;
    came.push(packet);
  }
}

function topicsOf(packets: readonly Packet[]): string[] {
  return packets.flatMap((packet) => (packet.type === PacketType.publish ? [packet.topicName] : []));
}

describe('rules are not passed by the way a name is written', () => {
  test('wildcards in user names and Client Identifiers are no wildcards', async () => {
    const victim = await Victim.start(RULES);
    for (const name of ['+', '#', 'own/#', '+/+', 'a/b', '/', '..', '$share', '%u', '%c', '*']) {
      const client = await victim.connect(name, user(name));
      for (const topicName of ['own/admin/x', 'device/admin/x', 'own/a/x', 'secret/x', 'own/x/y']) {
        assert.equal(await publish(client, topicName), ReasonCode.notAuthorized, `${name} to ${topicName}`);
      }
      client.send(subscribePacket(1, '#'));
      await client.next();
      await victim.assertServed();
      const witness = await victim.connect('publisher', WITNESS);
      for (const topicName of ['own/admin/x', 'device/admin/x', 'secret/x', 'public/x']) {
        assert.notEqual(await publish(witness, topicName), ReasonCode.notAuthorized);
      }
      // As with Mosquitto, no pattern is about a name with a wildcard.
      const expected = /[+#]/.test(name) ? [] : ['public/x'];
      assert.deepEqual(topicsOf(await everythingFor(client)), expected, name);
      client.transport.destroy();
    }
  });

  test('case, doubled and missing separators, other normal forms of Unicode are other names', async () => {
    const victim = await Victim.start(RULES);
    // U+00E9, and e with U+0301: the same to people.
    const composed = 'own/caf\u00e9/x';
    const decomposed = 'own/cafe\u0301/x';
    const client = await victim.connect('caf\u00e9', user('caf\u00e9'));
    assert.notEqual(await publish(client, composed), ReasonCode.notAuthorized);
    const others = [
      ...[decomposed, 'OWN/caf\u00e9/x', 'own//caf\u00e9/x', '/own/caf\u00e9/x', 'own/CAF\u00c9/x', 'own/caf\u00e9 /x'],
      ...[
        'own/caf\u00e9\u200b/x',
        'own/caf/\u00e9/x',
        'own\uff0fcaf\u00e9\uff0fx',
        'own/./caf\u00e9/x',
        'own/x/../caf\u00e9/x',
      ],
    ];
    for (const topicName of others) assert.equal(await publish(client, topicName), ReasonCode.notAuthorized, topicName);
  });

  test('a denied topic is not reached by wildcards, Shared Subscriptions, aliases or a Will', async () => {
    const victim = await Victim.start(RULES);
    const spy = await victim.connect('spy', user('spy'));
    const filters = [
      '#',
      '+/x',
      'secret/#',
      '$share/g/#',
      '$share/g/secret/+',
      '$share/secret/secret/x',
      'secret/x',
      '+/+',
    ];
    for (const [at, filter] of filters.entries()) spy.send(subscribePacket(1 + at, filter));
    await spy.untilPackets(filters.length);
    spy.takeAll();
    const admin = await victim.connect('admin', user('admin'));
    assert.notEqual(await publish(admin, 'secret/x'), ReasonCode.notAuthorized);
    admin.send(publishPacket('secret/x', 'retained', { retain: true, qos: 1, packetId: 3 }));
    await admin.next();
    spy.send(subscribePacket(20, 'secret/#'), subscribePacket(21, '#'));
    assert.deepEqual(topicsOf(await everythingFor(spy)), []);
    // An alias that was made for an allowed topic stands for that one.
    spy.send(publishPacket('own/spy/a', '', { qos: 1, packetId: 1, properties: { topicAlias: 1 } }));
    spy.send(publishPacket('secret/x', '', { qos: 1, packetId: 2, properties: { topicAlias: 1 } }));
    spy.send(publishPacket('', '', { qos: 1, packetId: 3, properties: { topicAlias: 1 } }));
    const answers = (await everythingFor(spy)).filter((each) => each.type === PacketType.puback);
    const codes = answers.map((each) => 'reasonCode' in each && each.reasonCode);
    expect(codes).toEqual([ReasonCode.success, ReasonCode.notAuthorized, ReasonCode.notAuthorized]);
    const willed = await victim.connect('willed', {
      ...user('willed'),
      will: willMessage('secret/x', { retain: true }),
    });
    willed.transport.destroy();
    await victim.until(
      ({ dropped }) => Object.values(dropped).some((count) => count > 0),
      'a Will that is not published',
    );
    const reader = await victim.connect('reader', user('admin'));
    reader.send(subscribePacket(1, 'secret/#'));
    const kept = (await everythingFor(reader)).flatMap((each) => (each.type === PacketType.publish ? [each] : []));
    assert.deepEqual(
      kept.map(({ payload }) => Buffer.from(payload).toString()),
      ['retained'],
    );
  });

  test.each([
    ['an overlong /', hex('30 0a 00 07 "own" c0 af "sp" 00')],
    ['an overlong letter', hex('30 09 00 06 c1 b3 "ecre" 00')],
    ['a surrogate', hex('30 08 00 05 "a/" ed a0 80 00')],
    ['a pair of surrogates', hex('30 0b 00 08 "a/" ed a0 bd ed b8 80 00')],
    ['beyond U+10FFFF', hex('30 09 00 06 "a/" f4 90 80 80 00')],
    ['half a character', hex('30 06 00 03 "a/" c3 00')],
    ['U+0000', hex('30 08 00 05 "a/" 00 "bc" 00')],
  ])('%s in a Topic Name ends the connection', async (_, bytes) => {
    const victim = await Victim.start();
    const client = await victim.connect('liar');
    client.send(bytes);
    await client.expect({ type: PacketType.disconnect, reasonCode: ReasonCode.malformedPacket });
    await client.untilClosed();
    await victim.assertServed();
  });

  test('nobody but the broker publishes to $SYS, in any way', async () => {
    const victim = await Victim.start();
    const client = await victim.connect('king');
    for (const topicName of ['$SYS', '$SYS/broker/version', '$SYS/x/y']) {
      assert.equal(await publish(client, topicName), ReasonCode.notAuthorized, topicName);
    }
    const code = await victim.knock('will', { will: willMessage('$SYS/broker/version', { retain: true }) });
    assert.equal(code, ReasonCode.notAuthorized);
    client.send(subscribePacket(1, '$SYS/#'));
    assert.deepEqual(topicsOf(await everythingFor(client)), []);
  });

  test('nothing leads out of a mount point', async () => {
    const victim = await Victim.start({
      listeners: [
        { host: HOST, port: 0 },
        { host: HOST, port: 0, mountPoint: 'north/' },
      ],
      allowAnonymous: true,
    });
    const outside = await victim.connect('outside');
    outside.send(subscribePacket(1, '#'));
    await outside.next();
    outside.send(publishPacket('south/x', 'x', { retain: true }), publishPacket('northern', 'x', { retain: true }));
    const inside = await victim.dial(5, victim.broker.listeners[1]?.port);
    const { connectPacket } = await import('@busbar/testkit');
    inside.send(connectPacket({ clientIdentifier: 'inside', will: willMessage('../south/will') }));
    await inside.next();
    const filters = [
      '#',
      '../#',
      '/#',
      '+/+',
      '$share/g/#',
      '$share/../../#',
      'south/#',
      '$SYS/#',
      '$share/north//#',
      '+',
    ];
    for (const [at, filter] of filters.entries()) inside.send(subscribePacket(1 + at, filter));
    outside.send(publishPacket('south/x', 'x'), publishPacket('north/in', 'x'));
    const before = topicsOf(await everythingFor(outside));
    const came = topicsOf(await everythingFor(inside));
    assert.deepEqual([...new Set(came)], ['in']);
    for (const topicName of ['../south/x', '/south/x', 'south/x', '$SYS/x']) {
      inside.send(publishPacket(topicName, 'x', { qos: 1, packetId: 1 }));
      await everythingFor(inside);
    }
    inside.transport.destroy();
    const seen = [...before, ...topicsOf(await everythingFor(outside))];
    const others = seen.filter((topicName) => !topicName.startsWith('north/'));
    assert.deepEqual([...new Set(others)], ['south/x', 'northern'], seen.join(', '));
  });
});

describe('a Client Identifier', () => {
  test('does not get another user into a session, whatever it asks for; its owner notices nothing', async () => {
    const victim = await Victim.start(RULES);
    const owner = await victim.connect('pump', { ...user('ann'), properties: { sessionExpiryInterval: 1_000 } });
    owner.send(subscribePacket(1, 'own/ann/#'));
    await owner.next();
    for (const cleanStart of [true, false]) {
      for (const name of ['bob', 'Ann', 'ann ', 'ANN', 'a\u0301nn']) {
        const code = await victim.knock('pump', { ...user(name), cleanStart });
        assert.equal(code, ReasonCode.notAuthorized, name);
      }
      assert.equal(await victim.knock('pump', { cleanStart }), ReasonCode.notAuthorized);
    }
    assert.deepEqual(await everythingFor(owner), []);
    owner.transport.destroy();
    await victim.until(({ clients }) => clients === 0, 'nobody');
    assert.equal(await victim.knock('pump', { ...user('bob'), cleanStart: true }), ReasonCode.notAuthorized);
    const back = await victim.dial();
    const { connectPacket } = await import('@busbar/testkit');
    back.send(connectPacket({ clientIdentifier: 'pump', ...user('ann'), cleanStart: false }));
    await back.expect({ type: PacketType.connack, reasonCode: ReasonCode.success, sessionPresent: true });
  });
});
