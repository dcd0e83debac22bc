import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Broker, createBroker } from '@busbar/broker';
import { connect } from '@busbar/client';
import { PeerProcess } from '@busbar/testkit';
import { test, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

const DEVICE = fileURLToPath(new URL('support/durable-device.mjs', import.meta.url));
const RUNS = 12;

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
  for (let i = 0; i < RUNS; i++) {
    const nobody = 'mqtt://127.0.0.1:1';
    await run(`run${i}`, i % 3 === 2 ? nobody : url, 3 + ((i * 7) % 11));
  }
  await run('last', url, undefined);

  assert.ok(stored.length >= RUNS * 3);
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
