import assert from 'node:assert/strict';
import { PacketType, ReasonCode } from '@busbar/codec';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import type { BrokerLimits, QueuePolicy } from '../../src/index.ts';
import { VirtualBroker, type VirtualClient } from '../virtual-broker.ts';

/** A broker with a subscriber to everything that is away. */
async function withAbsent(limits: Partial<BrokerLimits>, capabilities = {}): Promise<VirtualBroker> {
  const broker = await VirtualBroker.start({ limits, capabilities });
  const absent = broker.connectLasting('absent');
  absent.subscribe('#', { qos: 1 });
  absent.cut();
  return broker;
}

let nextPacketId = 1;

/** Publishes at QoS 1. @returns The Reason Code. */
function publish(client: VirtualClient, payload: string): number {
  client.send(publishPacket('t', payload, { qos: 1, packetId: nextPacketId++ }));
  const [puback] = client.takeAll();
  return puback?.type === PacketType.puback ? puback.reasonCode : assert.fail('no PUBACK');
}

const waitingFor = (broker: VirtualBroker, name = 'absent') => broker.connectLasting(name).texts();

describe('the policy of a full queue', () => {
  const full = (queuePolicy: QueuePolicy) => withAbsent({ maximumQueuedMessages: 2, queuePolicy });

  test('refuse: the publisher is told, and nobody gets the message', async () => {
    const broker = await full('refuse');
    const watcher = broker.connect('watcher');
    watcher.subscribe('t');
    const publisher = broker.connect('p');
    const codes = ['1', '2', '3'].map((payload) => publish(publisher, payload));
    assert.deepEqual(codes, [ReasonCode.success, ReasonCode.success, ReasonCode.quotaExceeded]);
    assert.deepEqual(watcher.texts(), ['1', '2']);
    assert.deepEqual(waitingFor(broker), ['1', '2']);
    assert.deepEqual(broker.broker.stats().dropped, {});
  });

  test('refuse: where the publisher cannot be told, the newest is lost and counted', async () => {
    const broker = await full('refuse');
    const watcher = broker.connect('watcher');
    watcher.subscribe('t');
    const old = broker.connect('old', { protocolVersion: 4 });
    for (const payload of ['1', '2', '3']) assert.equal(publish(old, payload), ReasonCode.success);
    assert.deepEqual(watcher.texts(), ['1', '2', '3']);
    assert.deepEqual(broker.broker.stats().dropped, { 'queue-full': 1 });
    assert.deepEqual(waitingFor(broker), ['1', '2']);
    broker.assertNothingLostInSilence();
  });

  test('refuse: what is refused is counted by the limit, too', async () => {
    const broker = await full('refuse');
    const publisher = broker.connect('p');
    const codes = ['1', '2', '3', '4'].map((payload) => publish(publisher, payload));
    assert.deepEqual(codes.slice(2), [ReasonCode.quotaExceeded, ReasonCode.quotaExceeded]);
    assert.deepEqual(broker.broker.stats().limitsReached, { maximumQueuedMessages: 2 });
  });

  test('refuse: a client that takes its messages keeps nobody out', async () => {
    const broker = await VirtualBroker.start({ limits: { maximumQueuedMessages: 1, queuePolicy: 'refuse' } });
    const reader = broker.connectLasting('reader');
    reader.subscribe('t', { qos: 1 });
    const publisher = broker.connect('p');
    for (const payload of ['1', '2', '3']) assert.equal(publish(publisher, payload), ReasonCode.success);
    assert.deepEqual(reader.texts(), ['1', '2', '3']);
  });

  test('disconnect: a client that is there and does not take its messages is cut off, an absent one loses the oldest', async () => {
    const broker = await full('disconnect');
    const stuck = broker.connectLasting('stuck', { properties: { sessionExpiryInterval: 60, receiveMaximum: 1 } });
    stuck.subscribe('t', { qos: 1 });
    const publisher = broker.connect('p');
    for (const payload of ['1', '2', '3']) publish(publisher, payload);
    assert.equal(stuck.isClosed, false);
    publish(publisher, '4');
    const disconnect = stuck.takeAll().at(-1);
    assert.ok(disconnect?.type === PacketType.disconnect && disconnect.reasonCode === ReasonCode.quotaExceeded);
    assert.deepEqual(waitingFor(broker, 'stuck'), ['1', '3', '4']);
    assert.deepEqual(waitingFor(broker), ['3', '4']);
    broker.assertNothingLostInSilence();
  });

  test('disconnect: a session that ends with its connection ends there', async () => {
    const broker = await full('disconnect');
    const stuck = broker.connect('stuck', { properties: { receiveMaximum: 1 } });
    stuck.subscribe('t', { qos: 1 });
    const publisher = broker.connect('p');
    for (const payload of ['1', '2', '3', '4', '5']) publish(publisher, payload);
    assert.equal(broker.broker.stats().sessions, 2);
    assert.deepEqual(
      broker.broker.inspect.losses().sessions.find((each) => each.clientIdentifier === 'stuck')?.losses,
      {
        'session-ended': 4,
      },
    );
    broker.assertNothingLostInSilence();
  });
});

describe('the bytes of all queues together', () => {
  test('are bounded: who has something gives way, who has nothing gets nothing', async () => {
    const broker = await withAbsent({ maximumQueuedBytesInAll: 2_000 });
    const publisher = broker.connect('p');
    for (let n = 0; n < 30; n++) publish(publisher, `${n}`.padEnd(90, '.'));
    const other = broker.connectLasting('other');
    other.subscribe('t', { qos: 1 });
    other.cut();
    for (let n = 30; n < 40; n++) publish(publisher, `${n}`.padEnd(90, '.'));
    broker.assertNothingLostInSilence();
    const kept = waitingFor(broker);
    assert.equal(kept.at(-1)?.slice(0, 2), '39');
    assert.ok(kept.length > 15 && kept.length <= 20, `${kept.length}`);
  });

  test('what has left makes room', async () => {
    const broker = await withAbsent({ maximumQueuedBytesInAll: 2_000 });
    const publisher = broker.connect('p');
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 15; n++) publish(publisher, `${n}`.padEnd(90, '.'));
      const absent = broker.connectLasting('absent', { cleanStart: round === 1 });
      if (round === 1) absent.subscribe('#', { qos: 1 });
      absent.send(
        ...absent.messages().map(
          ({ packetId }) =>
            ({
              type: PacketType.puback,
              packetId,
              reasonCode: ReasonCode.success,
              properties: {},
            }) as const,
        ),
      );
      absent.cut();
    }
    assert.deepEqual(broker.broker.stats().dropped, { 'session-ended': 15 });
  });
});

test('QoS 0 waits for a client that is away where that is wanted', async () => {
  const broker = await withAbsent({}, { queueQoS0: true });
  broker.connect('p').send(publishPacket('t', '1'), publishPacket('t', '2', { qos: 1, packetId: 1 }));
  assert.deepEqual(waitingFor(broker), ['1', '2']);
  assert.deepEqual(broker.broker.stats().dropped, {});
});

describe('the number of sessions', () => {
  test('is bounded: the one that has been away for longest ends', async () => {
    const broker = await VirtualBroker.start({ limits: { maximumSessions: 3 } });
    for (const name of ['a', 'b', 'c']) {
      broker.connectLasting(name).cut();
      broker.advance(1_000);
    }
    broker.connectLasting('a').cut();
    broker.connect('d');
    const present = ['a', 'c'].map((name) => broker.connectLasting(name).connack.sessionPresent);
    assert.deepEqual(present, [true, true]);
    assert.equal(broker.broker.stats().sessions, 3);
    assert.equal(broker.broker.stats().sessionsExpired, 1);
  });

  test('when all are connected, another one is refused with 0x97', async () => {
    const broker = await VirtualBroker.start({ limits: { maximumSessions: 2 } });
    for (const name of ['a', 'b']) broker.connect(name);
    assert.equal(broker.connect('c').connack.reasonCode, ReasonCode.quotaExceeded);
    assert.equal(broker.connect('a').connack.reasonCode, ReasonCode.success);
  });
});
