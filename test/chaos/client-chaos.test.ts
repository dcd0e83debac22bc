import assert from 'node:assert/strict';
import { createBroker } from '@busbar/broker';
import { connect, createClient } from '@busbar/client';
import { describe, test, vi } from 'vitest';
import { ChaosProxy, type Fate } from '../support/chaos-proxy.ts';

vi.setConfig({ testTimeout: 120_000 });

const { CHAOS_RUNS = '12', CHAOS_SEED = '1' } = process.env;
const MESSAGES = 60;

/** A number from 0 to below 1 that follows from the seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('over real sockets that are cut at any byte, fall silent, and are slow', () => {
  test.concurrent.each(Array.from({ length: Number(CHAOS_RUNS) }, (_, at) => Number(CHAOS_SEED) * 1_000 + at))(
    'seed %i: QoS 1 arrives, QoS 2 arrives once, through two clients',
    async (seed) => {
      const random = randomOf(seed);
      const broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }] });
      const fates = (): Fate[] =>
        Array.from({ length: 4 }, () => ({
          bytes: 1 + Math.floor(random() * 700),
          kind: random() < 0.75 ? 'cut' : 'silence',
          delayMs: random() < 0.3 ? Math.floor(random() * 30) : 0,
        }));
      const port = broker.listeners[0]?.port ?? 0;
      const proxies = [await ChaosProxy.start(port, fates()), await ChaosProxy.start(port, fates())];
      const options = {
        cleanStart: false,
        sessionExpiryInterval: 600,
        keepAlive: 1,
        reconnect: { initialDelayMs: 20, maximumDelayMs: 100 },
        connectTimeoutMs: 2_000,
        random,
      };
      // The session is there before anything is published, so that nothing is missed.
      const first = await connect(`mqtt://127.0.0.1:${port}`, { ...options, clientIdentifier: 'receiver' });
      await first.subscribe('t/#', { qos: 2 });
      await first.end();
      const came: string[] = [];
      const receiver = createClient(`mqtt://127.0.0.1:${proxies[1]?.port}`, {
        ...options,
        clientIdentifier: 'receiver',
      });
      receiver.subscribe('t/#', { qos: 2 }, async (message) => {
        came.push(message.text());
        await new Promise((resolve) => setImmediate(resolve));
      });
      receiver.start();
      const sender = createClient(`mqtt://127.0.0.1:${proxies[0]?.port}`, {
        ...options,
        clientIdentifier: 'sender',
      }).start();

      const sent: string[] = [];
      const outcomes: Promise<unknown>[] = [];
      for (let number = 0; number < MESSAGES; number++) {
        const qos = random() < 0.5 ? 1 : 2;
        sent.push(`${qos}-${number}`);
        outcomes.push(sender.publish(`t/${number % 5}`, `${qos}-${number}`, { qos }));
        if (random() < 0.4) await new Promise((resolve) => setTimeout(resolve, random() * 20));
      }
      await Promise.all(outcomes);
      const isThere = () => new Set(came).size === sent.length;
      while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
      await Promise.all([sender.end(), receiver.end()]);

      const twice = came.filter((text, at) => text.startsWith('2') && came.indexOf(text) !== at);
      assert.deepEqual(twice, []);
      assert.deepEqual([...new Set(came)].sort(), [...sent].sort());
      assert.ok(proxies.some(({ struck }) => struck > 0));
      for (const proxy of proxies) await proxy.stop();
      await broker.stop();
    },
  );
});
