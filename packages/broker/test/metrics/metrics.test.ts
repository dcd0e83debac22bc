import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { PacketType, ReasonCode } from '@busbar/codec';
import { parseExposition, publishPacket } from '@busbar/testkit';
import fc from 'fast-check';
import { afterEach, describe, test, vi } from 'vitest';
import { METRICS } from '../../src/index.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualBroker } from '../virtual-broker.ts';

vi.setConfig({ testTimeout: 60_000 });

let broker: VirtualBroker | undefined;
afterEach(async () => {
  await broker?.stop();
  broker = undefined;
});

async function start(options: Parameters<typeof VirtualBroker.start>[0] = {}): Promise<VirtualBroker> {
  broker = await VirtualBroker.start(options);
  return broker;
}

/** The metrics as `name{label}`: value. */
async function scrape({ broker: { metrics } }: VirtualBroker): Promise<Record<string, number>> {
  const families = parseExposition(await metrics.text());
  const samples = [...families.values()].flatMap((family) => family.samples);
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => {
      const [label] = Object.values(labels);
      return [label === undefined ? name : `${name}{${label}}`, value];
    }),
  );
}

/** Asserts values of some metrics. */
async function assertMetrics(broker: VirtualBroker, expected: Readonly<Record<string, number>>): Promise<void> {
  const found = await scrape(broker);
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, found[name]])), expected);
}

describe('the exposition', () => {
  test('a strict reader takes it, and every metric is in it but those of a store that is not there', async () => {
    const families = parseExposition(await (await start()).broker.metrics.text());
    const missing = METRICS.map(({ name }) => name).filter((name) => !families.has(name));
    assert.deepEqual(missing, ['busbar_store_commit_seconds', 'busbar_store_commit_rows', 'busbar_store_commit_bytes']);
    for (const { name, type, help, samples } of families.values()) {
      assert.equal(type === 'counter', name.endsWith('_total'), name);
      assert.match(help, /^[A-Z].*\.$/, name);
      if (type === 'histogram') assert.ok(samples.length > 4, name);
    }
  });

  test('whoever asks while another one is answered gets the same answer', async () => {
    const { metrics } = (await start()).broker;
    const first = metrics.text();
    assert.equal(metrics.text(), first);
    await first;
    assert.notEqual(metrics.text(), first);
  });
});

describe('what is counted', () => {
  test('messages by QoS, packets, bytes, connections and their ends', async () => {
    const broker = await start();
    const reader = broker.connect('reader');
    reader.subscribe('t/#', { qos: 1 });
    const writer = broker.connect('writer');
    writer.send(publishPacket('t/0', 'a'));
    writer.send(publishPacket('t/1', 'b', { qos: 1, packetId: 1 }));
    writer.send(publishPacket('t/2', 'c', { qos: 2, packetId: 2 }));
    writer.send({ type: PacketType.pubrel, packetId: 2, reasonCode: 0, properties: {} });
    await assertMetrics(broker, {
      'busbar_messages_received_total{0}': 1,
      'busbar_messages_received_total{1}': 1,
      'busbar_messages_received_total{2}': 1,
      'busbar_messages_sent_total{0}': 1,
      'busbar_messages_sent_total{1}': 2,
      'busbar_messages_sent_total{2}': 0,
      busbar_packets_received_total: 7,
      busbar_in_flight_messages: 2,
      busbar_messages_matched_total: 3,
      busbar_messages_delivered_total: 1,
      busbar_clients: 2,
      busbar_connections: 2,
      busbar_subscriptions: 1,
      'busbar_connections_ended_total{disconnected}': 0,
    });
    writer.disconnect();
    reader.cut();
    await assertMetrics(broker, {
      busbar_clients: 0,
      busbar_sessions: 0,
      busbar_in_flight_messages: 0,
      'busbar_connections_ended_total{disconnected}': 1,
      'busbar_connections_ended_total{lost}': 1,
      'busbar_messages_lost_total{session-ended}': 2,
    });
  });

  test('what waits, what is retained and what is lost', async () => {
    const broker = await start({ limits: { maximumQueuedMessages: 2 } });
    broker.connectLasting('away').subscribe('#', { qos: 1 });
    broker.connectLasting('other').subscribe('x', { qos: 1 });
    for (const { clientIdentifier } of broker.broker.inspect.clients()) broker.broker.kick(clientIdentifier);
    broker.run();
    const writer = broker.connect('writer');
    for (let id = 1; id <= 5; id++) writer.send(publishPacket('x', 'abc', { qos: 1, packetId: id, retain: true }));
    await assertMetrics(broker, {
      busbar_sessions: 3,
      busbar_queued_messages: 4,
      busbar_queue_longest_messages: 2,
      busbar_sessions_waiting: 2,
      'busbar_messages_lost_total{queue-full}': 6,
      busbar_retained_messages: 1,
      'busbar_connections_ended_total{ended}': 2,
    });
    const { busbar_queued_bytes: bytes } = await scrape(broker);
    assert.ok(Number(bytes) > 0);
  });

  test('who is refused: CONNECT by Reason Code, logins, connections by the bound, rules', async () => {
    const broker = await start({
      limits: { maximumConnections: 2 },
      authenticate: ({ userName }) => (userName === 'ann' ? ReasonCode.success : ReasonCode.badUserNameOrPassword),
      authorization: { rules: [{ allow: 'all', topics: 'mine/#' }] },
    });
    const ann = broker.connect('ann', { userName: 'ann' });
    broker.connect('eve', { userName: 'eve' });
    ann.send(publishPacket('other', 'x', { qos: 1, packetId: 1 }));
    ann.take();
    ann.subscribe('other/#');
    const third = [broker.open(), broker.open()];
    broker.run();
    assert.equal(third.length, 2);
    await assertMetrics(broker, {
      'busbar_connects_refused_total{0x86}': 1,
      'busbar_login_failures_total{refused}': 1,
      'busbar_connections_refused_total{maximumConnections}': 1,
      'busbar_authorization_denials_total{publish}': 1,
      'busbar_authorization_denials_total{subscribe}': 1,
      'busbar_messages_refused_total{publish-not-authorized}': 1,
    });
  });
});

describe('what is measured', () => {
  test('the time from acceptance to the socket, with what a message waits in a queue', async () => {
    const broker = await start({ measuresTimes: true });
    const writer = broker.connect('writer');
    broker.connectLasting('reader').subscribe('t', { qos: 1 });
    broker.broker.kick('reader');
    broker.run();
    for (let id = 1; id <= 1000; id++) writer.send(publishPacket('t', 'x', { qos: 1, packetId: id }));
    broker.advance(3_000);
    broker.connectLasting('reader');
    const { histogram } = await measured(broker, 'busbar_delivery_seconds');
    assert.ok(histogram.count >= 1000 / 127, `${histogram.count} of 1000 were measured`);
    assert.ok(histogram.count <= 200, `${histogram.count} of 1000 were measured`);
    assert.ok(Math.abs(histogram.sum / histogram.count - 3) < 0.1, `they took ${histogram.sum / histogram.count} s`);
  });

  test('nothing unless it is wanted', async () => {
    const broker = await start();
    broker.connect('reader').subscribe('t');
    const writer = broker.connect('writer');
    for (let i = 0; i < 1000; i++) writer.send(publishPacket('t', 'x'));
    broker.advance(10_000);
    await assertMetrics(broker, { busbar_delivery_seconds_count: 0, busbar_event_loop_lag_seconds_count: 0 });
  });

  test('how late the event loop is', async () => {
    const broker = await start({ measuresTimes: true });
    broker.advance(1_000);
    await assertMetrics(broker, {
      busbar_event_loop_lag_seconds_count: 10,
      'busbar_event_loop_lag_seconds_bucket{0.001}': 10,
    });
  });
});

async function measured(broker: VirtualBroker, name: string): Promise<{ histogram: { count: number; sum: number } }> {
  const found = await scrape(broker);
  return { histogram: { count: Number(found[`${name}_count`]), sum: Number(found[`${name}_sum`]) } };
}

describe('readiness', () => {
  test('is lost with the store, and had back with it', async () => {
    class FailingStore extends MemoryStore {
      tell: (failure: string | undefined) => void = () => {};
      override load(start?: Parameters<VirtualBroker['store']['load']>[0]) {
        this.tell = (failure) => start?.handleFailure(failure);
        return super.load();
      }
    }
    const store = new FailingStore();
    const broker = await start({ store });
    await assertMetrics(broker, {
      busbar_ready: 1,
      'busbar_readiness_failing{store}': 0,
      busbar_store_failures_total: 0,
    });
    store.tell('the disk is full');
    assert.deepEqual(broker.broker.readiness.reasons, { store: 'the disk is full' });
    await assertMetrics(broker, {
      busbar_ready: 0,
      'busbar_readiness_failing{store}': 1,
      busbar_store_failures_total: 1,
    });
    store.tell(undefined);
    assert.equal(broker.broker.readiness.isReady, true);
  });

  test('is lost when the broker stops', async () => {
    const broker = await VirtualBroker.start();
    await broker.stop();
    assert.deepEqual(broker.broker.readiness.reasons, { stopping: 'the broker is stopping' });
  });
});

test('ten thousand clients, topics and reasons of their own do not make one series more', async () => {
  const broker = await start({
    authenticate: ({ userName = '' }) => (userName.startsWith('deny') ? Number(userName.slice(4)) : 0) as ReasonCode,
    login: { backOff: { addressFailures: 1_000_000 } },
    limits: { maximumQueuedMessages: 1 },
  });
  const series = async () => Object.keys(await scrape(broker)).filter((name) => !name.includes('connects_refused'));
  const before = await series();
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' });
  const names = fc
    .sample(text, { numRuns: 10_000, seed: 7 })
    .map((name) => name.replace(/[+#\0$/\ud800-\udfff]/g, '_'));
  for (const [at, name] of names.entries()) {
    const connection = broker.connect(`${at} ${name}`, { userName: at % 2 === 0 ? `user ${name}` : `deny${128 + at}` });
    if (at % 2 !== 0) continue;
    connection.subscribe(`${at}/${name}`, { qos: 1 });
    connection.send(publishPacket(`${at}/${name}`, name));
    if (at % 4 === 0) connection.cut();
    else connection.disconnect(ReasonCode.disconnectWithWillMessage);
  }
  assert.deepEqual(await series(), before);
  const refused = Object.keys(await scrape(broker)).filter((name) => name.includes('connects_refused'));
  assert.ok(refused.length <= 128, `${refused.length} Reason Codes`);
});

test('no label is read from anything that a peer chooses: all their values are listed', () => {
  for (const { name, label, labelValues } of METRICS) {
    assert.ok(label === undefined || label === 'version' || (labelValues ?? []).length > 0, name);
  }
  const folder = new URL('../../src/metrics/', import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  assert.ok(sources.every((source) => !/clientIdentifier|topicName|userName|remote/.test(source)));
});
