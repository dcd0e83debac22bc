import assert from 'node:assert/strict';
import { VirtualClock } from '@busbar/testkit';
import { createMemoryPair } from '@busbar/transport';
import fc from 'fast-check';
import { test } from 'vitest';
import { createClient } from '../src/index.ts';
import { EchoServer } from './echo-server.ts';

const scenario = fc.record({
  protocolVersion: fc.constantFrom(4, 5),
  qos: fc.array(fc.constantFrom(1, 2), { minLength: 1, maxLength: 25 }),
  /** What happens to each connection, after how many bytes from the client; nothing to later ones. */
  fates: fc.array(
    fc.record({
      bytes: fc.integer({ min: 1, max: 400 }),
      /** Or it falls silent, and only the Keep Alive can tell. */
      isCut: fc.boolean(),
      /** Milliseconds that everything takes, either way. */
      delayMs: fc.constantFrom(0, 0, 20, 900),
    }),
    { maxLength: 6 },
  ),
  /** Size of the pieces in which bytes arrive. */
  piece: fc.integer({ min: 1, max: 60 }),
  bufferSize: fc.integer({ min: 1, max: 5 }),
  receiveMaximum: fc.integer({ min: 1, max: 4 }),
  /** Messages published between two turns of the event loop. */
  burst: fc.integer({ min: 1, max: 8 }),
});

const NEVER = Number.POSITIVE_INFINITY;
/** The runs are the same each time; BUSBAR_SEED makes others. */
const { BUSBAR_SEED = '20261122' } = process.env;

/** Every other microtask of a turn goes by before the promise is settled. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('property: with a session that lasts, everything published arrives and comes back, QoS 2 once, whatever is cut, late or silent', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ qos, fates, piece, bufferSize, burst, ...options }) => {
      const clock = new VirtualClock();
      const server = new EchoServer();
      const fatesToCome = [...fates];
      const client = createClient('mqtt://server', {
        ...options,
        clientIdentifier: 'c',
        cleanStart: false,
        sessionExpiryInterval: 1_000,
        keepAlive: 10,
        topicAliases: 2,
        topicAliasMaximum: 2,
        clock,
        dial: async () => {
          const { bytes, isCut, delayMs } = fatesToCome.shift() ?? { bytes: NEVER, isCut: true, delayMs: 0 };
          const schedule = delayMs === 0 ? clock.task : (task: () => void) => void clock.schedule(task, delayMs);
          const [near, far] = createMemoryPair({ schedule, chunk: (length) => Math.min(piece, length) });
          if (isCut) server.accept(far, bytes, () => far.cut());
          else server.acceptUntilSilence(far, bytes);
          return near;
        },
      });
      const back: { text: string; qos: number }[] = [];
      client.subscribe('echo', { qos: 2, bufferSize }, async (message) => {
        back.push({ text: message.text(), qos: message.qos });
        await nextTurn();
      });
      client.start();

      const outcomes: Promise<unknown>[] = [];
      const isDone = () => new Set(back.map(({ text }) => text)).size === qos.length && client.counters.inFlight === 0;
      for (let turn = 0; outcomes.length < qos.length || !isDone(); turn++) {
        assert.ok(turn < 20_000, `quiet before all came back: ${back.length} of ${qos.length}`);
        for (let i = 0; i < burst && outcomes.length < qos.length; i++) {
          const number = outcomes.length;
          outcomes.push(client.publish(`t/${number % 3}`, `${number}`, { qos: qos[number] as 1 | 2 }));
        }
        clock.advance(turn % 10 === 0 ? 40_000 : 100);
        await nextTurn();
      }
      await Promise.all(outcomes);
      let isEnded = false;
      void client.end().then(() => {
        isEnded = true;
      });
      while (!isEnded) {
        clock.advance(100);
        await nextTurn();
      }

      for (const arrivals of [server.arrivals, back]) {
        for (const level of [1, 2]) {
          const came = arrivals.filter((each) => each.qos === level).map(({ text }) => Number(text));
          const sent = qos.flatMap((each, number) => (each === level ? [number] : []));
          if (level === 2) assert.deepEqual(came, sent, 'QoS 2: once, in order');
          else assert.deepEqual([...new Set(came)], sent, 'QoS 1: in order of the first time');
        }
      }
      const { publishesFailed, handlerErrors, bufferDropped, unhandled } = client.counters;
      assert.deepEqual([publishesFailed, handlerErrors, bufferDropped, unhandled], [0, 0, 0, 0]);
    }),
    { numRuns: 500, seed: Number(BUSBAR_SEED) },
  );
}, 120_000);
