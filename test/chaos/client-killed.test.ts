import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Broker, createBroker } from '@busbar/broker';
import { connect, createClient } from '@busbar/client';
import { freePort, PeerProcess } from '@busbar/testkit';
import { test, vi } from 'vitest';

const DEVICE = fileURLToPath(new URL('../support/durable-device.mjs', import.meta.url));
const BUSBAR = fileURLToPath(new URL('../../packages/cli/bin/busbar.js', import.meta.url));
/** Of the device, and half as many of the broker. */
const { CHAOS_KILLS = '12' } = process.env;
const KILLS = Number(CHAOS_KILLS);

vi.setConfig({ testTimeout: 60_000 + KILLS * 5_000 });

test('a device that is killed (kill -9) again and again, on-line and off-line, loses nothing and doubles nothing at QoS 2', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-killed-'));
  const broker: Broker = await createBroker({ listeners: [{ host: '127.0.0.1', port: 0 }] });
  const url = `mqtt://127.0.0.1:${broker.listeners[0]?.port}`;
  const arrivals: string[] = [];
  const subscriber = await connect(url);
  await subscriber.subscribe('device/#', { qos: 2 }, (message) => void arrivals.push(message.text()));

  const stored: string[] = [];
  const run = async (name: string, server: string, killAfter: number | undefined) => {
    const device = new PeerProcess(process.execPath, [DEVICE, path.join(folder, 'outbox'), server, name], {
      timeoutMs: 60_000,
    });
    if (killAfter !== undefined) {
      await device.untilOutput(new RegExp(`stored \\d-${name}-${killAfter}-`));
      await device.stop('SIGKILL');
    }
    const { stdout, stderr } = await device.ended;
    assert.equal(stderr, '');
    stored.push(...[...stdout.matchAll(/^stored (.*)$/gm)].map(([, text]) => text ?? ''));
  };
  for (let i = 0; i < KILLS; i++) {
    const nobody = 'mqtt://127.0.0.1:1';
    await run(`run${i}`, i % 3 === 2 ? nobody : url, 3 + ((i * 7) % 11));
  }
  await run('last', url, undefined);

  assert.ok(stored.length >= KILLS * 3);
  for (const text of stored) {
    const times = arrivals.filter((each) => each === text).length;
    assert.ok(text.startsWith('2') ? times === 1 : times >= 1, `${text}: ${times} times`);
  }
  const twice = arrivals.filter((text, at) => text.startsWith('2') && arrivals.indexOf(text) !== at);
  assert.deepEqual(twice, []);
  await subscriber.end();
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a broker that is killed (kill -9) under traffic and comes back: QoS 1 arrives, QoS 2 arrives once', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-killed-broker-'));
  const port = await freePort();
  const startBroker = async () => {
    const args = [BUSBAR, 'broker', '--port', `${port}`, '--data', path.join(folder, 'data')];
    const broker = new PeerProcess(process.execPath, args, { timeoutMs: 110_000 });
    await broker.untilOutput(/ready on/);
    return broker;
  };
  let broker = await startBroker();
  const options = {
    cleanStart: false,
    sessionExpiryInterval: 600,
    reconnect: { initialDelayMs: 50, maximumDelayMs: 300 },
  };
  const url = `mqtt://127.0.0.1:${port}`;
  const came: string[] = [];
  const receiver = createClient(url, { ...options, clientIdentifier: 'receiver' });
  receiver.subscribe('t', { qos: 2 }, (message) => void came.push(message.text()));
  await new Promise((resolve) => receiver.on('connected', resolve).start());
  const sender = createClient(url, { ...options, clientIdentifier: 'sender' }).start();

  const outcomes: Promise<unknown>[] = [];
  const sent: string[] = [];
  const rounds = KILLS / 2;
  for (let round = 0; round < rounds; round++) {
    // Those of the last round are still under way: no more wait than the client's queue takes.
    await Promise.all(outcomes.splice(0, outcomes.length - 100));
    for (let number = 0; number < 100; number++) {
      const qos = 1 + (number % 2);
      sent.push(`${qos}-${round}-${number}`);
      outcomes.push(sender.publish('t', sent.at(-1) ?? '', { qos: qos as 1 | 2 }));
      if (number % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    if (round < rounds - 1) {
      await broker.stop('SIGKILL');
      broker = await startBroker();
    }
  }
  await Promise.all(outcomes);
  while (new Set(came).size < sent.length) await new Promise((resolve) => setTimeout(resolve, 20));
  const twice = came.filter((text, at) => text.startsWith('2') && came.indexOf(text) !== at);
  assert.deepEqual(twice, []);
  await Promise.all([sender.end(), receiver.end()]);
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});
