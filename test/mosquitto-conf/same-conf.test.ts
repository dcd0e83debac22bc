import assert from 'node:assert/strict';
import { findMosquitto } from '@busbar/testkit';
import { describe, test, vi } from 'vitest';
import { ConfiguredBroker } from './both-brokers.ts';
import { MESSAGE_SCENARIOS } from './message-scenarios.ts';
import { SERVICE_SCENARIOS } from './service-scenarios.ts';
import { WHO_SCENARIOS } from './who-scenarios.ts';

vi.setConfig({ testTimeout: 90_000 });

const SCENARIOS = [SERVICE_SCENARIOS, WHO_SCENARIOS, MESSAGE_SCENARIOS].flatMap((each) => Object.entries(each));

describe.skipIf(findMosquitto() === undefined)('one mosquitto.conf, two brokers, the same to see', () => {
  test.concurrent.each(SCENARIOS)('%s', async (_, { conf, args, prepare, see }) => {
    const seen: { mosquitto?: unknown; busbar?: unknown } = {};
    for (const name of ['mosquitto', 'busbar'] as const) {
      const broker = await ConfiguredBroker.make(name);
      try {
        broker.write('mosquitto.conf', name === 'mosquitto' && !conf.includes('user ') ? `user root\n${conf}` : conf);
        await prepare?.(broker);
        const code = await broker.start(args);
        seen[name] = code === undefined ? await see(broker) : `ended with ${code}`;
      } catch (error) {
        throw new Error(`${name}: ${String(error)}\n${broker.said.slice(-2000)}`, { cause: error });
      } finally {
        await broker.remove();
      }
    }
    assert.deepEqual(seen.busbar, seen.mosquitto);
  });
});
