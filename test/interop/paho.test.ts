import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PeerProcess } from '@busbar/testkit';
import { afterEach, beforeEach, describe, test, vi } from 'vitest';
import { InteropBroker } from './interop-broker.ts';

// Foreign programs, on machines of any speed.
vi.setConfig({ testTimeout: 60_000 });

/** Debian's own, for which its packages are. */
const PYTHON = '/usr/bin/python3';
const SCRIPTS = fileURLToPath(new URL('./paho/', import.meta.url));
const isMissing = spawnSync(PYTHON, ['-c', 'import paho.mqtt.client']).status !== 0;
const VERSIONS = [
  ['3.1', 3],
  ['3.1.1', 4],
  ['5.0', 5],
] as const;

let broker: InteropBroker;

beforeEach(async () => {
  broker = await InteropBroker.start();
});

afterEach(() => broker.stop());

/** Runs one of the scripts to its end. @returns What it saw. */
async function run(script: string, version: number): Promise<Record<string, unknown>> {
  const env = { PYTHONDONTWRITEBYTECODE: '1' };
  const peer = new PeerProcess(PYTHON, [`${SCRIPTS}${script}.py`, `${broker.port}`, `${version}`], { env });
  return JSON.parse(await peer.succeeded()) as Record<string, unknown>;
}

describe.skipIf(isMissing)("Debian's python3-paho-mqtt (skipped where it is not installed)", () => {
  for (const [name, version] of VERSIONS) {
    describe(`MQTT ${name}`, () => {
      test('QoS 0, 1 and 2, thousands at once in order, and a megabyte', async () => {
        const { granted, single, many, inOrder, large } = await run('messages', version);
        assert.deepEqual(granted, [[2], [2]]);
        assert.deepEqual(
          single,
          [0, 1, 2].map((qos) => [`one/${qos}`, `21.5 °C ${qos}`, qos, 0]),
        );
        assert.deepEqual([many, inOrder, large], [3_000, true, 1_000_000]);
        assert.deepEqual(broker.broker.stats().dropped, {});
      });

      test('retained: set, replaced, cleared', async () => {
        const end = ['state/end', 'end', 0, 1];
        assert.deepEqual(await run('retained', version), {
          set: [['state', 'on', 1, 1], end],
          replaced: [['state', 'off', 1, 1], end],
          cleared: [end],
          live: [['state', 'live', 1, 0]],
        });
      });

      test('a Will, when its client vanishes and not when it disconnects', async () => {
        assert.deepEqual(await run('will', version), {
          seen: [['will/dies', 'gone', 2, 0]],
          retained: [['will/dies', 'gone', 1, 1]],
          more: 0,
        });
      });

      test('a session is resumed with the messages that came meanwhile, and begun anew', async () => {
        const { present, waited, fresh } = await run('session', version);
        // 3.1 has no Session Present.
        assert.deepEqual(present, [0, version === 3 ? 0 : 1, 0]);
        assert.deepEqual(
          waited,
          Array.from({ length: 50 }, (_, number) => number),
        );
        assert.deepEqual(fresh, [['orders', 'somebody', 1, 0]]);
      });
    });
  }

  test('MQTT 5.0: properties, Subscription Identifiers, No Local, Retain As Published, Shared Subscriptions, expiry', async () => {
    const { seen, local, asPublished, shares } = await run('properties', 5);
    const { expiry, ...others } = seen as Record<string, unknown>;
    assert.deepEqual(others, {
      identifier: [4242],
      format: 1,
      contentType: 'text/plain',
      responseTopic: 'answers/1',
      correlationData: [0, 1, 255],
      userProperties: [
        ['zone', 'north'],
        ['area', 'wet'],
        ['zone', 'south'],
      ],
    });
    assert.ok(typeof expiry === 'number' && expiry > 900 && expiry <= 1000);
    assert.deepEqual(local, [['l/end', 'end', 1, 0]]);
    assert.deepEqual(asPublished, [['r', 'live', 0, 1]]);
    const all = (shares as number[][]).flat();
    assert.deepEqual(
      all.sort((a, b) => a - b),
      Array.from({ length: 30 }, (_, number) => number),
    );
  });
});
