import assert from 'node:assert/strict';
import type { QoS } from '@busbar/codec';
import fc from 'fast-check';
import { test } from 'vitest';
import { LossyPair, type Numbered, type Scenario } from './lossy-pair.ts';

const messages = fc.array(fc.constantFrom<QoS>(0, 1, 2, 1, 2), { maxLength: 12 });
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  version: fc.constantFrom(4, 5),
  toServer: messages,
  toClient: messages,
  cuts: fc.array(fc.integer({ min: 1, max: 250 }), { maxLength: 6 }),
  clientReceiveMaximum: fc.integer({ min: 1, max: 4 }),
  serverReceiveMaximum: fc.integer({ min: 1, max: 4 }),
  topicAliases: fc.integer({ min: 0, max: 2 }),
  seed: fc.integer({ min: 1 }),
});

function numbersOf(sent: readonly QoS[], qos: QoS): number[] {
  return sent.flatMap((each, number) => (each === qos ? [number] : []));
}

function assertArrived(sent: readonly QoS[], arrived: readonly Numbered[]): void {
  const arrivedAt = (qos: QoS) => arrived.filter((each) => each.qos === qos).map((each) => each.number);
  const atMostOnce = arrivedAt(0);
  assert.deepEqual(atMostOnce, [...new Set(atMostOnce)].sort(ascending), 'QoS 0: at most once, in order');
  assert.deepEqual([...new Set(arrivedAt(1))], numbersOf(sent, 1), 'QoS 1: at least once, in order of the first time');
  assert.deepEqual(arrivedAt(2), numbersOf(sent, 2), 'QoS 2: exactly once, in order');
}

function ascending(a: number, b: number): number {
  return a - b;
}

test('property: over a pair that delays, cuts at any byte and reconnects, every QoS keeps its promise and both become quiet', () => {
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const pair = new LossyPair(scenario);
      pair.run();
      const { client, server } = pair;
      assert.deepEqual(client.queue, []);
      assert.deepEqual(server.queue, []);
      assertArrived(scenario.toServer, server.arrived);
      assertArrived(scenario.toClient, client.arrived);
      for (const { session } of [client, server]) {
        assert.deepEqual(session.toPlain(), { inFlight: [], accepted: [] });
        assert.equal(session.inbound.unacknowledged, 0);
      }
      const flows = scenario.toServer.filter((qos) => qos > 0).length;
      assert.equal(client.done.length, flows, 'the owner is told the end of each flow once');
    }),
    { numRuns: 3000 },
  );
}, 60_000);
