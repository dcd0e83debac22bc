import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, type ConnectOptions, connect, type PublishError } from '@busbar/client';
import { PeerProcess } from '@busbar/testkit';
import { beforeAll, describe, onTestFinished, test, vi } from 'vitest';

const LIFETIME_MS = 60_000;
vi.setConfig({ testTimeout: LIFETIME_MS, hookTimeout: LIFETIME_MS });

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PATIENCE = { timeout: 30_000, interval: 50 };
const NAMES = ['received-at', 'reading-gate', 'tenants', 'audit-log', 'pump-twin'];

describe('the page on extending the broker shows the examples as they are', () => {
  const page = readFileSync(path.join(ROOT, 'docs/how-to/extend-the-broker.md'), 'utf8');
  test.each(NAMES)('%s', (name) => {
    const source = readFileSync(path.join(ROOT, `examples/extensions/${name}.ts`), 'utf8').trimEnd();
    assert.ok(page.includes(`\`\`\`ts\n${source}\n\`\`\``), `the page does not show examples/extensions/${name}.ts`);
  });
});

describe('busbar broker with all examples as extensions', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-extensions-'));
  const audit = path.join(folder, 'audit.ndjson');
  let broker: PeerProcess;
  let port = '';

  beforeAll(async () => {
    const files = NAMES.map((name) => path.join(ROOT, `examples/dist/extensions/${name}.js`));
    const config = path.join(folder, 'busbar.yaml');
    const settings = { listeners: [{ host: '127.0.0.1', port: 0 }], data: 'memory', extensions: files };
    writeFileSync(config, JSON.stringify(settings));
    const args = [path.join(ROOT, 'packages/cli/bin/busbar.js'), 'broker', '-c', config];
    const env = { AUDIT_FILE: audit };
    broker = new PeerProcess(process.execPath, args, { timeoutMs: LIFETIME_MS * 5, env });
    await broker.untilOutput(/ready on .*\n/);
    port = /:(\d+)[, ]/.exec(broker.stdout)?.[1] ?? assert.fail(broker.stdout);
    return async () => {
      await broker.stop();
      rmSync(folder, { recursive: true });
    };
  });

  const enter = async (options: ConnectOptions = {}): Promise<Client> => {
    const client = await connect(`mqtt://127.0.0.1:${port}`, { reconnect: false, ...options });
    onTestFinished(() => client.end({ timeoutMs: 0 }).catch(() => {}));
    return client;
  };

  test('received-at: every message has the time at which it came', async () => {
    const client = await enter();
    const arrived = new Promise<readonly (readonly [string, string])[] | undefined>((resolve) => {
      void client.subscribe('any/thing', { qos: 1 }, ({ properties }) => resolve(properties.userProperties));
    });
    const before = Date.now();
    await client.publish('any/thing', 'x', { qos: 1, properties: { userProperties: [['own', '1']] } });
    const [own, receivedAt] = (await arrived) ?? [];
    assert.deepEqual(own, ['own', '1']);
    assert.equal(receivedAt?.[0], 'received-at');
    const at = Date.parse(receivedAt?.[1] ?? '');
    assert.ok(at >= before - 1 && at <= Date.now());
  });

  test('reading-gate: what is no reading is refused with 0x99', async () => {
    const client = await enter();
    await client.publish('oven/reading', '{"value":181.5,"unit":"C"}', { qos: 1 });
    for (const payload of ['181.5 C', '{"value":"181.5","unit":"C"}', '{"value":1,"unit":"F"}']) {
      const publishing = client.publish('oven/reading', payload, { qos: 1 });
      await assert.rejects(publishing, (error: PublishError) => error.reasonCode === 0x99);
    }
  });

  test('tenants: devices publish below their tenant, and can subscribe to nothing else', async () => {
    const panel = await enter({ userName: 'panel' });
    const heard: string[] = [];
    await panel.subscribe('tenants/#', { qos: 1 }, ({ topicName }) => void heard.push(topicName));
    const device = await enter({ userName: 'acme:press-7' });
    await device.publish('state', 'on', { qos: 1 });
    await vi.waitFor(() => assert.deepEqual(heard, ['tenants/acme/press-7/state']), PATIENCE);
    await device.subscribe('tenants/acme/#', () => {});
    await assert.rejects(async () => device.subscribe('tenants/other/#', () => {}), { reasonCode: 0x87 });
  });

  test('audit-log: who came and left is in the file, a line each', async () => {
    const client = await enter({ clientIdentifier: 'audited', userName: 'panel' });
    await client.end();
    const events = (): string[] =>
      readFileSync(audit, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; client: string; user: string; at: string })
        .filter((line) => line.client === 'audited' && line.user === 'panel' && !Number.isNaN(Date.parse(line.at)))
        .map(({ event }) => event);
    await vi.waitFor(() => assert.deepEqual(events(), ['session created', 'disconnect', 'session ended']), PATIENCE);
  });

  test('pump-twin: keeps the state of each pump, and raises an alarm at the third reading that is too high', async () => {
    const client = await enter();
    const alarms: string[] = [];
    await client.subscribe(
      'alarm/+',
      { qos: 1 },
      (message) => void alarms.push(`${message.topicName} ${message.text()}`),
    );
    for (const pressure of [7, 9, 9.5, 6, 9, 9, 9, 9]) {
      await client.publish('plant/pump-1/pressure', String(pressure), { qos: 1 });
    }
    await vi.waitFor(() => assert.deepEqual(alarms, ['alarm/pump-1 pressure above 8 bar']), PATIENCE);
    await vi.waitFor(async () => {
      const late = await enter();
      const state = await new Promise((resolve) => {
        void late.subscribe('twin/pump-1', (message) => resolve(message.json()));
      });
      assert.deepEqual(state, { pressure: 9, readings: 8, tooHigh: 4 });
    }, PATIENCE);
  });
});
