import assert from 'node:assert/strict';
import { type ReasonCode as Code, PacketType, ReasonCode, type SubscribePacket } from '@busbar/codec';
import { publishPacket, VirtualClock } from '@busbar/testkit';
import { test } from 'vitest';
import type { BrokerOptions } from '../../src/index.ts';
import { VirtualBroker } from '../virtual-broker.ts';

const FILTERS = Array.from({ length: 300 }, (_, n) => `line/${n}`);
const subscribe: SubscribePacket = {
  type: PacketType.subscribe,
  packetId: 1,
  subscriptions: FILTERS.map((topicFilter) => ({
    topicFilter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  })),
  properties: {},
};
const unsubscribe = { type: PacketType.unsubscribe, packetId: 2, topicFilters: FILTERS, properties: {} } as const;

/** A broker to which every look at the clock takes ten milliseconds, a turn is over at the first; and its turns, counted. */
async function slowBroker(options: BrokerOptions = {}) {
  const clock = new VirtualClock();
  const { now, endOfTurn } = clock;
  let spent = 0;
  const turns = { count: 0, handleTurn: () => {} };
  const end = (callback: () => void): void => {
    turns.count++;
    turns.handleTurn();
    endOfTurn(callback);
  };
  Object.defineProperties(clock, { now: { value: () => now() + 10 * spent++ }, endOfTurn: { value: end } });
  return { broker: await VirtualBroker.start(options, clock), turns };
}

test('many Topic Filters are worked on in several turns, and what is sent behind them keeps its order', async () => {
  const { broker, turns } = await slowBroker();
  const client = broker.connect('c');
  const message = publishPacket('line/7', 'x', { qos: 1, packetId: 9 });
  client.send(subscribe, message, unsubscribe, message, { type: PacketType.pingreq });
  assert.ok(turns.count > 2 * FILTERS.length, `${turns.count} turns`);
  client.expectNow(
    { type: PacketType.suback, packetId: 1, reasonCodes: FILTERS.map(() => ReasonCode.success) },
    { type: PacketType.publish, topicName: 'line/7' },
    { type: PacketType.puback, packetId: 9, reasonCode: ReasonCode.success },
    { type: PacketType.unsuback, packetId: 2, reasonCodes: FILTERS.map(() => ReasonCode.success) },
    { type: PacketType.puback, packetId: 9, reasonCode: ReasonCode.noMatchingSubscribers },
    { type: PacketType.pingresp },
  );
  assert.deepEqual(client.takeAll(), []);
});

test('refusals stand where their filters do, those of hooks too, whether they answer at once or later', async () => {
  const rules = [
    { deny: ['subscribe'], topics: ['line/100'] },
    { allow: ['publish', 'subscribe', 'receive'], topics: ['#'] },
  ] as const;
  const refusal = { refuse: ReasonCode.quotaExceeded } as const;
  for (const isLate of [false, true]) {
    const hook = {
      name: 'guard',
      subscribe: ({ topicFilter }: { topicFilter: string }) => {
        const answer = topicFilter === 'line/200' ? refusal : undefined;
        return isLate ? Promise.resolve(answer) : answer;
      },
    };
    const { broker } = await slowBroker({ authorization: { rules }, hooks: [hook] });
    const client = broker.connect('c');
    client.send(subscribe);
    await new Promise((resolve) => setImmediate(resolve));
    broker.run();
    const [suback] = client.takeAll();
    assert.ok(suback?.type === PacketType.suback);
    const expected = FILTERS.map((_, n): Code => (n === 200 ? ReasonCode.quotaExceeded : ReasonCode.success));
    expected[100] = ReasonCode.notAuthorized;
    assert.deepEqual(suback.reasonCodes, expected);
  }
});

test('a client that is gone meanwhile is heard to its end', async () => {
  const { broker } = await slowBroker();
  const watcher = broker.connect('watcher');
  watcher.subscribe('said');
  const client = broker.connectLasting('c');
  client.send(subscribe, publishPacket('said', 'x'));
  client.cut();
  assert.deepEqual(watcher.texts(), ['x']);
  const again = broker.connectLasting('c');
  assert.equal(again.connack.sessionPresent, true);
  again.send(unsubscribe);
  again.expectNow({ type: PacketType.unsuback, reasonCodes: FILTERS.map(() => ReasonCode.success) });
});

test('a connection that is ended meanwhile ends the work, and what it sent behind it', async () => {
  const { broker, turns } = await slowBroker();
  const client = broker.connectLasting('c');
  const last = turns.count + 100;
  turns.handleTurn = () => {
    if (turns.count === last) broker.broker.kick('c', 'enough');
  };
  client.send(subscribe, { type: PacketType.pingreq });
  client.expectNow({ type: PacketType.disconnect, reasonCode: ReasonCode.administrativeAction });
  const again = broker.connectLasting('c');
  again.send(unsubscribe);
  const unsuback = again.take();
  assert.ok(unsuback?.type === PacketType.unsuback);
  const made = unsuback.reasonCodes.filter((code) => code === ReasonCode.success).length;
  assert.ok(made > 10 && made < 200, `${made} subscriptions made`);
});

test('SUBACK comes before what the subscription brings, also when the turn is over', async () => {
  const { broker } = await slowBroker();
  const client = broker.connect('c');
  client.send(publishPacket('kept', 'x', { retain: true }));
  assert.deepEqual(client.subscribe('kept').reasonCodes, [ReasonCode.success]);
  assert.deepEqual(client.texts(), ['x']);
});
