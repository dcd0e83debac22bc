import assert from 'node:assert/strict';
import { createBroker } from '@busbar/broker';
import { ConnectionRefusedError, connect, createClient, ReasonCode } from '@busbar/client';
import { onTestFinished, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

test('a broker whose memory is used up: who is in stays, our client comes again when it is told to, and is let in then', async () => {
  const limits = { retryAfterSeconds: 1 };
  const broker = await createBroker({ listeners: [{ port: 0 }], limits });
  onTestFinished(() => broker.stop());
  const url = `mqtt://127.0.0.1:${broker.listeners[0]?.port}`;
  const inside = await connect(url, { clientIdentifier: 'inside' });
  onTestFinished(() => inside.end());
  const got: string[] = [];
  await inside.subscribe('t', { qos: 1 }, (message) => void got.push(message.text()));
  const ends: unknown[] = [];
  inside.on('disconnected', (event) => ends.push(event));

  broker.replaceLimits({ ...limits, memoryLimit: 1 }, []);
  await vi.waitFor(() => assert.equal(broker.readiness.reasonOf('overloaded'), 'the memory is used up'), 10_000);
  const newcomer = createClient(url, { reconnect: { initialDelayMs: 1, maximumDelayMs: 1 } });
  onTestFinished(() => newcomer.end());
  const waits: (number | undefined)[] = [];
  newcomer.on('attempt-failed', ({ error, nextAttemptInMs }) => {
    assert.ok(error instanceof ConnectionRefusedError && error.reasonCode === ReasonCode.serverBusy, String(error));
    waits.push(nextAttemptInMs);
  });
  newcomer.start();
  await vi.waitFor(() => assert.ok(waits.length >= 2), 20_000);
  assert.ok(
    waits.every((ms = 0) => ms >= 1_000 && ms <= 2_001),
    `the waits were ${waits} ms`,
  );

  await inside.publish('t', 'still served', { qos: 1 });
  await vi.waitFor(() => assert.deepEqual(got, ['still served']));
  broker.replaceLimits(limits, []);
  await newcomer.publish('t', 'let in', { qos: 1 });
  await vi.waitFor(() => assert.deepEqual(got, ['still served', 'let in']));
  assert.deepEqual(ends, []);
});
