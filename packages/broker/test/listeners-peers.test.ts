import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ReasonCode } from '@busbar/codec';
import { createTestAuthority, hasCommand, type PeerOptions, PeerProcess } from '@busbar/testkit';
import { connectAsync, type IClientOptions } from 'mqtt';
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Broker, type Credentials, createBroker } from '../src/index.ts';

const authority = createTestAuthority();
const server = authority.issue({ altNames: ['localhost'] });
const device = authority.issue({ commonName: 'press-7' });
const tls = { certificates: [server], ca: authority.cert };
const folder = mkdtempSync(path.join(tmpdir(), 'busbar-peers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const socketFile = path.join(folder, 'mqtt.sock');
const files = {
  ca: authority.cert,
  cert: device.cert,
  key: device.key,
  stranger: createTestAuthority('Stranger').cert,
};
for (const [name, text] of Object.entries(files))
  writeFileSync(path.join(folder, `${name}.pem`), text, { mode: 0o600 });
const pem = (name: keyof typeof files) => path.join(folder, `${name}.pem`);

let broker: Broker;
let shown: Credentials[];
beforeEach(async () => {
  shown = [];
  broker = await createBroker({
    listeners: [
      { transport: 'tls', host: 'localhost', port: 0, tls },
      { transport: 'tls', port: 0, tls: { ...tls, clientCertificates: 'require' }, useIdentityAsUserName: 'cn' },
      { transport: 'ws', port: 0, host: '127.0.0.1' },
      { transport: 'wss', port: 0, tls },
      { transport: 'unix', path: socketFile },
    ],
    systemTopicsInterval: 0,
    authenticate: (credentials) => {
      shown.push(credentials);
      return ReasonCode.success;
    },
  });
});
afterEach(() => broker.stop());

/** The port of the n-th listener, which may stand for two addresses. */
function portOf(index: number): number {
  const ports = [...new Set(broker.listeners.map(({ port }) => port))];
  return ports[index] ?? assert.fail(`there is no listener ${index}`);
}

function run(command: string, args: readonly string[], options?: PeerOptions): PeerProcess {
  const peer = new PeerProcess(command, args, options);
  onTestFinished(async () => void (await peer.stop()));
  return peer;
}

async function untilSubscribed(): Promise<void> {
  while (broker.stats().subscriptions === 0) await new Promise((resolve) => setImmediate(resolve));
}

describe.skipIf(!hasCommand('openssl'))('openssl s_client', () => {
  const connect = Buffer.from('100c00044d5154540402003c0000', 'hex').toString('latin1');
  const disconnect = '\xe0\x00';
  const sClient = (index: number, ...args: string[]) =>
    run('openssl', ['s_client', '-connect', `localhost:${portOf(index)}`, '-CAfile', pem('ca'), '-ign_eof', ...args], {
      input: connect + disconnect,
    });

  test.each([
    ['-tls1_3', 'TLSv1.3'],
    ['-tls1_2', 'TLSv1.2'],
  ])('%s, with ALPN, SNI and a verified chain', async (flag, version) => {
    const { exitCode, stdout } = await sClient(
      0,
      flag,
      '-alpn',
      'mqtt',
      '-servername',
      'localhost',
      '-verify_return_error',
    ).ended;
    expect(stdout).toContain('Verify return code: 0 (ok)');
    expect(stdout).toContain('ALPN protocol: mqtt');
    expect(stdout).toContain(version);
    expect(stdout).toContain(' \x02\x00\x00'); // CONNACK
    expect(exitCode).toBe(0);
    expect(shown).toHaveLength(1);
  });

  test('a client certificate is taken for the user name', async () => {
    await sClient(1, '-cert', pem('cert'), '-key', pem('key')).ended;
    expect(shown.map(({ userName }) => userName)).toEqual(['press-7']);
  });

  test('without a client certificate it is told that one is required', async () => {
    const { stderr } = await sClient(1).ended;
    expect(stderr).toMatch(/alert certificate required/);
    expect(shown).toEqual([]);
  });

  test('another protocol in ALPN is refused', async () => {
    const { stderr } = await sClient(0, '-alpn', 'h2').ended;
    expect(stderr).toMatch(/alert no application protocol/);
  });
});

describe.skipIf(!hasCommand('mosquitto_sub'))('mosquitto clients', () => {
  test.each([
    ['over TLS', 0, ['--cafile', pem('ca'), '--tls-alpn', 'mqtt']],
    ['over TLS with a client certificate', 1, ['--cafile', pem('ca'), '--cert', pem('cert'), '--key', pem('key')]],
  ])('%s', async (_, index, args) => {
    const target = ['-h', 'localhost', '-p', `${portOf(index)}`, ...args, '-t', 'plant/4', '-q', '1'];
    const subscriber = run('mosquitto_sub', [...target, '-C', '1']);
    await untilSubscribed();
    await run('mosquitto_pub', [...target, '-m', 'hello']).succeeded();
    expect(await subscriber.succeeded()).toBe('hello\n');
    expect(shown.every(({ userName }) => userName === (index === 1 ? 'press-7' : undefined))).toBe(true);
  });

  test('over a Unix socket', async () => {
    const target = ['--unix', socketFile, '-t', 'plant/4'];
    const subscriber = run('mosquitto_sub', [...target, '-C', '1']);
    await untilSubscribed();
    await run('mosquitto_pub', [...target, '-m', 'hello']).succeeded();
    expect(await subscriber.succeeded()).toBe('hello\n');
  });

  test('that trust somebody else do not connect', async () => {
    const target = ['-h', 'localhost', '-p', `${portOf(0)}`, '--cafile', pem('stranger')];
    const { exitCode } = await run('mosquitto_pub', [...target, '-t', 'a', '-m', 'b']).ended;
    expect(exitCode).not.toBe(0);
    expect(shown).toEqual([]);
  });
});

describe('MQTT.js', () => {
  const secure = { ca: authority.cert };

  test.each([
    ['mqtts', () => `mqtts://localhost:${portOf(0)}`, secure],
    ['mqtts with a client certificate', () => `mqtts://localhost:${portOf(1)}`, { ...secure, ...device }],
    ['ws', () => `ws://127.0.0.1:${portOf(2)}/mqtt`, {}],
    ['ws, MQTT 3.1', () => `ws://127.0.0.1:${portOf(2)}/mqtt`, { protocolId: 'MQIsdp', protocolVersion: 3 }],
    ['wss', () => `wss://localhost:${portOf(3)}/mqtt`, { ...secure, protocolVersion: 5 }],
    ['a Unix socket', () => `mqtt+unix://${socketFile}`, {}],
  ] as [string, () => string, IClientOptions][])('over %s', async (_, url, options) => {
    const client = await connectAsync(url(), { reconnectPeriod: 0, connectTimeout: 15_000, ...options });
    onTestFinished(() => client.endAsync(true));
    const large = Buffer.alloc(300_000, 'busbar ');
    const messages: Buffer[] = [];
    const complete = new Promise<void>((resolve) => {
      client.on('message', (_topic, payload) => {
        messages.push(payload);
        if (messages.length === 3) resolve();
      });
    });
    await client.subscribeAsync('plant/#', { qos: 2 });
    await client.publishAsync('plant/4', 'small', { qos: 0 });
    await client.publishAsync('plant/4', large, { qos: 1 });
    await client.publishAsync('plant/4', '', { qos: 2 });
    await complete;
    expect(messages.map(({ length }) => length)).toEqual([5, 300_000, 0]);
    expect(messages[1]?.equals(large)).toBe(true);
    await client.endAsync();
  });
});
