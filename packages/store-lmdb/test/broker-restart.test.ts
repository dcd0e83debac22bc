import assert from 'node:assert/strict';
import { PacketType } from '@busbar/codec';
import { acknowledgementPacket, publishPacket, willMessage } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import type { VirtualClient } from '../../broker/test/virtual-broker.ts';
import { BrokerOnDisk } from './broker-on-disk.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;

let run: BrokerOnDisk;

beforeEach(async () => {
  run = await BrokerOnDisk.start();
});

/** A session that stays, subscribed to everything. */
function keeper(topicFilter = '#'): VirtualClient {
  const client = run.broker.connectLasting('keeper');
  client.subscribe(topicFilter, { qos: 2 });
  return client;
}

const seen = (client: VirtualClient) =>
  client.takeAll().map((packet) => [packet.type, 'packetId' in packet && packet.packetId]);

describe('after a crash', () => {
  test('what was acknowledged for a client that was away is there, and its subscription with it', async () => {
    keeper('t/#').disconnect();
    const sender = run.broker.connect('sender');
    sender.send(
      publishPacket('t/1', 'one', { qos: 1, packetId: 1 }),
      publishPacket('t/2', 'two', { qos: 2, packetId: 2 }),
    );
    assert.deepEqual(seen(sender), [
      [puback, 1],
      [pubrec, 2],
    ]);
    await run.crash();
    const client = run.broker.connectLasting('keeper');
    assert.equal(client.connack.sessionPresent, true);
    assert.deepEqual(client.texts(), ['one', 'two']);
    run.broker.connect('other').send(publishPacket('t/3', 'three'));
    assert.deepEqual(client.texts(), ['three']);
  });

  test('a QoS 1 delivery in flight comes again, marked, one that was acknowledged does not', async () => {
    const client = keeper();
    const sender = run.broker.connect('sender');
    for (const packetId of [1, 2, 3]) sender.send(publishPacket('t', `${packetId}`, { qos: 1, packetId }));
    client.takeAll();
    client.send(acknowledgementPacket('puback', 2));
    await run.crash();
    const again = run.broker.connectLasting('keeper').messages();
    assert.deepEqual(
      again.map(({ packetId, dup, payload }) => [packetId, dup, Buffer.from(payload).toString()]),
      [
        [1, true, '1'],
        [3, true, '3'],
      ],
    );
  });

  test('each step of a QoS 2 delivery goes on where it was', async () => {
    keeper();
    run.broker.connect('sender').send(publishPacket('t', 'x', { qos: 2, packetId: 9 }));
    await run.crash();
    let client = run.broker.connectLasting('keeper');
    assert.deepEqual(seen(client), [[publish, 1]]);
    client.send(acknowledgementPacket('pubrec', 1));
    assert.deepEqual(seen(client), [[pubrel, 1]]);
    await run.crash();
    client = run.broker.connectLasting('keeper');
    assert.deepEqual(seen(client), [[pubrel, 1]]);
    client.send(acknowledgementPacket('pubcomp', 1));
    await run.crash();
    assert.deepEqual(seen(run.broker.connectLasting('keeper')), []);
  });

  test('a QoS 2 message that was accepted before is not delivered again', async () => {
    keeper().disconnect();
    run.broker.connectLasting('sender').send(publishPacket('t', 'once', { qos: 2, packetId: 7 }));
    await run.crash();
    const sender = run.broker.connectLasting('sender');
    sender.send(publishPacket('t', 'once', { qos: 2, packetId: 7, dup: true }), acknowledgementPacket('pubrel', 7));
    assert.deepEqual(seen(sender), [
      [pubrec, 7],
      [pubcomp, 7],
    ]);
    await run.crash();
    const again = run.broker.connectLasting('sender');
    again.send(publishPacket('t', 'another', { qos: 2, packetId: 7 }));
    assert.deepEqual(run.broker.connectLasting('keeper').texts(), ['once', 'another']);
  });

  test('retained messages are there, and a topic that was emptied is empty', async () => {
    const sender = run.broker.connect('sender');
    for (const [topicName, text] of [
      ['a', 'old'],
      ['b', 'gone'],
      ['a', 'new'],
      ['b', ''],
    ] as const) {
      sender.send(publishPacket(topicName, text, { qos: 1, packetId: 1, retain: true }));
    }
    await run.crash();
    const client = run.broker.connect('reader');
    client.subscribe('#');
    assert.deepEqual(client.texts(), ['new']);
  });

  test('what a bridge said of itself below $SYS is there, too', async () => {
    const bridge = run.broker.connect('bridge');
    bridge.send(publishPacket('$SYS/broker/connection/hall/state', '0', { qos: 1, packetId: 1, retain: true }));
    await run.crash();
    const client = run.broker.connect('reader');
    client.subscribe('$SYS/broker/connection/#');
    assert.deepEqual(client.texts(), ['0']);
  });

  test('a retained message comes only as long as its publisher may publish it, also after the crash', async () => {
    const acl = (text: string) => ({ aclFile: { file: 'acl', text } });
    const everybody = 'user ann\ntopic readwrite #\nuser bob\ntopic readwrite #\nuser eve\ntopic read #\n';
    run = await BrokerOnDisk.start({ authorization: acl(everybody) });
    for (const userName of ['ann', 'bob']) {
      const sender = run.broker.connect(userName, { userName });
      sender.send(publishPacket(userName, userName, { qos: 1, packetId: 1, retain: true }));
    }
    await run.crash();
    const reader = run.broker.connect('reader', { userName: 'eve' });
    reader.subscribe('#');
    assert.deepEqual(reader.texts().sort(), ['ann', 'bob']);
    run.broker.broker.replaceAuthorization(acl('user bob\ntopic readwrite #\nuser eve\ntopic read #\n'));
    reader.subscribe('#');
    assert.deepEqual(reader.texts(), ['bob']);
  });

  test('the Wills of those who were connected are published, with their delay and without', async () => {
    keeper('will/#').disconnect();
    run.broker.connect('plain', { will: willMessage('will/plain', { payload: Buffer.from('x'), qos: 1 }) });
    const properties = { willDelayInterval: 30 };
    run.broker.connectLasting('delayed', {
      will: willMessage('will/delayed', { payload: Buffer.from('y'), qos: 1, properties }),
    });
    run.broker.connect('left', { will: willMessage('will/left', { payload: Buffer.from('z'), qos: 1 }) }).disconnect();
    await run.crash();
    const client = run.broker.connectLasting('keeper');
    assert.deepEqual(client.texts(), ['x']);
    run.broker.advance(29_000);
    assert.deepEqual(client.texts(), []);
    run.broker.advance(2_000);
    assert.deepEqual(client.texts(), ['y']);
    await run.crash();
    run.broker.advance(60_000);
    run.broker.connect('x').send(publishPacket('will/z', 'end'));
    assert.deepEqual(run.broker.connectLasting('keeper').texts(), ['x', 'y']);
  });

  test('a message for many is stored once and collected with its last delivery', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) {
      const client = run.broker.connectLasting(name);
      client.subscribe('t', { qos: 1 });
      client.disconnect();
    }
    run.broker.connect('sender').send(publishPacket('t', 'x'.repeat(5_000), { qos: 1, packetId: 1 }));
    assert.equal(run.disk.rowCount('messages'), 1);
    await run.crash();
    for (const name of names) {
      assert.equal(run.disk.rowCount('messages'), 1);
      const client = run.broker.connectLasting(name);
      const [message] = client.messages();
      client.send(acknowledgementPacket('puback', message?.packetId ?? 0));
    }
    assert.deepEqual(
      [run.disk.rowCount('messages'), run.disk.rowCount('references'), run.disk.rowCount('chunks')],
      [0, 0, 0],
    );
  });

  test('a Shared Subscription goes on, and its member’s end gives what waited to another', async () => {
    for (const name of ['one', 'other']) run.broker.connectLasting(name).subscribe('$share/g/t', { qos: 1 });
    run.broker.connectLasting('one').disconnect(4); // its Will aside, it may come back
    run.broker.connectLasting('other').disconnect(4);
    const sender = run.broker.connect('sender');
    for (const packetId of [1, 2, 3, 4]) sender.send(publishPacket('t', `${packetId}`, { qos: 1, packetId }));
    await run.crash();
    run.broker.connect('one', { cleanStart: true });
    const texts = run.broker.connectLasting('other').texts();
    assert.deepEqual(texts.sort(), ['1', '2', '3', '4']);
  });
});

describe('time goes on while no broker runs', () => {
  test('a session expires that was away long enough, before and after the crash together', async () => {
    keeper().disconnect();
    run.broker.advance(1_800_000);
    run.broker.connect('x').send(publishPacket('t', 'x', { retain: true }));
    await run.crash(1_700_000);
    assert.equal(run.broker.broker.stats().sessions, 1);
    run.broker.advance(101_000);
    assert.equal(run.broker.broker.stats().sessions, 0);
  });

  test('a message expires that has waited long enough, and says how much is left', async () => {
    keeper().disconnect();
    const sender = run.broker.connect('sender');
    for (const messageExpiryInterval of [50, 100]) {
      sender.send(
        publishPacket('t', `${messageExpiryInterval}`, { qos: 1, packetId: 1, properties: { messageExpiryInterval } }),
      );
    }
    run.broker.advance(10_000);
    sender.send(publishPacket('r', 'x', { retain: true }));
    await run.crash(45_000);
    const [message, ...others] = run.broker
      .connectLasting('keeper')
      .messages()
      .filter(({ topicName }) => topicName === 't');
    assert.deepEqual([message?.properties.messageExpiryInterval, others.length], [45, 0]);
  });

  test('a wall clock that jumps while the broker runs changes nothing, one that went back stands still', async () => {
    keeper().disconnect();
    run.wallAhead = 365 * 86_400_000;
    run.broker.connect('x').send(publishPacket('t', 'x', { retain: true }));
    await run.crash();
    assert.equal(run.broker.broker.stats().sessions, 1);
    run.broker.connect('x').send(publishPacket('t', 'y', { retain: true }));
    run.wallAhead = 0;
    await run.crash(3_599_000);
    assert.equal(run.broker.broker.stats().sessions, 1);
    run.broker.advance(3_601_000);
    assert.equal(run.broker.broker.stats().sessions, 0);
  });
});

test('a broker that stops in order leaves everything to the next one', async () => {
  const client = keeper();
  run.broker.connect('sender').send(publishPacket('t', 'x', { qos: 1, packetId: 1 }));
  client.takeAll();
  await run.restart();
  assert.deepEqual(run.broker.connectLasting('keeper').texts(), ['x']);
});
