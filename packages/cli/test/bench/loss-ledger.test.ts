import { describe, expect, test, vi } from 'vitest';
import { openBroker } from '../support/broker-under-test.ts';
import { runBusbar } from '../support/running-command.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('after a real run, what the load misses is what the broker says it lost', () => {
  test.each([
    ['nothing, where there is room', {}, 0],
    ['what a queue of five has no place for', { maximumInFlight: 1, maximumQueuedMessages: 5 }, 1],
  ] as const)('%s', async (_, limits, leastLost) => {
    const { broker, port, close } = await openBroker({ limits, systemTopicsInterval: 0 });
    const load = ['-w', 'fan-in', '-q', '1', '--publishers', '4', '-r', '4000', '-d', '1s', '--warm-up', '1ms'];
    const { stdout, stderr } = await runBusbar(['bench', '-p', port, ...load, '--json', '--quiet']);
    expect(stderr).toBe('');
    const { expected, received } = JSON.parse(stdout);
    const { messagesMatched, messagesDelivered, messagesDropped } = broker.stats();
    const lostByLoad = expected - received;
    // Messages of the warm-up are the broker's, and not in the load's figures.
    const warmUp = messagesMatched - expected;
    expect(warmUp).toBeLessThanOrEqual(50);
    expect(messagesDelivered + messagesDropped).toBe(messagesMatched);
    expect(messagesDropped).toBeGreaterThanOrEqual(lostByLoad);
    expect(messagesDropped).toBeLessThanOrEqual(lostByLoad + warmUp);
    expect(lostByLoad).toBeGreaterThanOrEqual(leastLost);
    const sessions = broker.inspect.losses().sessions.flatMap(({ losses }) => Object.values(losses));
    expect(sessions.reduce((sum, count) => sum + count, 0)).toBe(messagesDropped);
    await close();
  });
});
