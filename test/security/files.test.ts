import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBroker, jsonWebToken } from '@busbar/broker';
import { PacketType, ReasonCode } from '@busbar/codec';
import { connectPacket, publishPacket, RawClient, subscribePacket, willMessage } from '@busbar/testkit';
import { dialTcp } from '@busbar/transport';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeControlPath } from '../../packages/cli/src/control/control-socket.ts';
import { type RunningCommand, runBusbar, startBusbar } from '../../packages/cli/test/support/running-command.ts';
import { openLmdbStore } from '../../packages/store-lmdb/src/index.ts';
import { HOST, Victim } from './victim.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function start(...args: readonly string[]): Promise<{ command: RunningCommand; port: number }> {
  const command = startBusbar(['broker', ...args]);
  const [, port] = await command.untilStdout(/ready on mqtt:\/\/\S+?:(\d+)/);
  return { command, port: Number(port) };
}

async function dial(port: number): Promise<RawClient> {
  const client = new RawClient(await dialTcp({ host: HOST, port }), 5);
  onTestFinished(() => client.transport.destroy());
  return client;
}

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('files', () => {
  test('what clients call themselves and their topics is never a file', async () => {
    const directory = path.join(folder, 'names', 'data');
    const store = await openLmdbStore({ directory });
    const broker = await createBroker({ listeners: [{ host: HOST, port: 0 }], store, systemTopicsInterval: 0 });
    onTestFinished(() => broker.stop());
    const names = [
      '../../escaped',
      '/etc/passwd',
      'a/../../b',
      '..',
      '.',
      'C:\\windows',
      '%2e%2e%2f',
      '~',
      'x'.repeat(65_535),
    ];
    for (const name of names) {
      const client = await dial(broker.listeners[0]?.port ?? 0);
      client.send(connectPacket({ clientIdentifier: name, properties: { sessionExpiryInterval: 1_000 } }));
      await client.expect({ type: PacketType.connack, reasonCode: ReasonCode.success });
      client.send(subscribePacket(1, name.replaceAll('#', ''), { qos: 1 }));
      await client.expect({ type: PacketType.suback });
      client.send(publishPacket(name, 'x', { qos: 1, packetId: 1, retain: true }));
      await client.untilPackets(2);
    }
    expect(readdirSync(directory).sort()).toEqual(['busbar.lock', 'busbar.mdb', 'busbar.mdb-lock']);
    expect(readdirSync(path.join(folder, 'names'))).toEqual(['data']);
  });

  test('the data are for nobody but the user that the broker runs as', async () => {
    const directory = path.join(folder, 'own-data');
    const store = await openLmdbStore({ directory });
    await createBroker({ listeners: [], store }).then((broker) => broker.stop());
    expect(modeOf(directory)).toBe(0o700);
    expect(modeOf(path.join(directory, 'busbar.mdb'))).toBe(0o600);
  });

  test('the control socket is for nobody else, and is not put into a directory of somebody else', async () => {
    const runtime = path.join(folder, 'runtime');
    mkdirSync(runtime);
    const directory = path.join(runtime, 'busbar');
    mkdirSync(directory, { mode: 0o777 });
    chmodSync(directory, 0o777);
    const file = makeControlPath(1, directory);
    expect(modeOf(directory)).toBe(0o700);
    expect(file).toBe(path.join(directory, '1.sock'));
    const linked = path.join(runtime, 'linked');
    symlinkSync(directory, linked);
    expect(() => makeControlPath(1, linked)).toThrow(/is not a directory of this user's/);
    const before = process.getuid;
    process.getuid = () => 4_242;
    try {
      expect(() => makeControlPath(1, directory)).toThrow(/is not a directory of this user's/);
    } finally {
      Object.assign(process, { getuid: before });
    }
    const command = startBusbar(['broker', '-p', '0'], { XDG_RUNTIME_DIR: runtime });
    const [, port] = await command.untilStdout(/:(\d+) /);
    const socket = path.join(directory, `${port}.sock`);
    await vi.waitFor(() => expect(modeOf(socket)).toBe(0o600));
  });

  test('a token cannot send the broker to a key of its own', async () => {
    let requests = 0;
    const server = createServer((_, response) => {
      requests++;
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    onTestFinished(() => void server.close());
    const url = `http://${HOST}:${(server.address() as AddressInfo).port}/keys`;
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const jwksFile = write('jwks.json', JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }));
    const victim = await Victim.start({ authenticators: [jsonWebToken({ algorithms: ['RS256'], jwksFile })] });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const tricks = [
      { jku: url },
      { x5u: url },
      { kid: '../../../etc/passwd' },
      { kid: url },
      { jwk: { kty: 'oct', k: 'AA' } },
      {},
    ];
    for (const trick of tricks) {
      for (const alg of ['RS256', 'none', 'HS256']) {
        const token = `${part({ alg, ...trick })}.${part({ sub: 'admin', exp: 4e9 })}.AAAA`;
        const code = await victim.knock('x', { userName: 'admin', password: Buffer.from(token) });
        assert.ok(code === ReasonCode.notAuthorized || code === ReasonCode.serverBusy, `${code}`);
      }
    }
    expect(requests).toBe(0);
  });

  test('a WebSocket path leads nowhere else', async () => {
    const victim = await Victim.start({ listeners: [{ host: HOST, port: 0, transport: 'ws' }] });
    for (const url of ['/', '/mqtt/../etc/passwd', '/%2e%2e/mqtt', '//mqtt', '/mqtt%00', '/MQTT']) {
      const [socket] = await victim.sockets(1);
      if (socket === undefined) continue;
      let answer = '';
      socket.on('data', (bytes) => (answer += String(bytes)));
      const ended = new Promise((resolve) => socket.once('close', resolve));
      const headers = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
      socket.write(
        `GET ${url} HTTP/1.1\r\n${headers}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
      );
      await ended;
      expect(answer, url).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).not.toContain('root:');
    }
  });
});

describe('the log', () => {
  const names = [
    'one\n{"level":60,"msg":"forged"}',
    'two\r\n12:00:00.000 FATAL: forged',
    'three\u001b[2J\u001b]0;title\u0007',
    'four\u009b31m',
    'five\u2028forged',
    'six\u202eforged',
    'seven\u0085forged\u007f',
  ];

  async function provoke(port: number): Promise<void> {
    for (const name of names) {
      for (const packet of [
        { clientIdentifier: name, userName: name },
        { clientIdentifier: name, properties: { authenticationMethod: name } },
        { clientIdentifier: `w${name}`, will: willMessage(`secret/${name}`) },
      ]) {
        const client = await dial(port);
        client.send(connectPacket(packet));
        client.send(
          subscribePacket(1, `secret/${name}`),
          publishPacket(`secret/${name}`, 'x', { qos: 1, packetId: 1 }),
        );
        client.send(
          subscribePacket(2, `a/${name}/#/b`),
          publishPacket(`a/${'/'.repeat(200)}${name}`, 'x', { qos: 1, packetId: 2 }),
        );
        client.transport.end();
        await client.untilClosed();
      }
    }
  }

  test.each(['json', 'pretty'])('%s: no name makes a line of its own or moves a cursor', async (format) => {
    const acl = write('log-acl', 'topic readwrite a/#\n');
    const conf = write(
      `log-${format}.conf`,
      `listener 0 ${HOST}\nallow_anonymous true\nacl_file ${acl}\nlog_type all\n`,
    );
    const { command, port } = await start('-c', conf, '--log-format', format);
    await provoke(port);
    command.kill('SIGTERM');
    const { stderr } = await command.ended;
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(names.length);
    for (const line of lines) {
      expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      if (format === 'json') expect(JSON.parse(line).msg).not.toBe('forged');
      else expect(line).toMatch(/^\[?\d\d:\d\d:\d\d\.\d{3}/);
    }
    expect(stderr).toContain('forged');
  });

  test('secrets are in no line of it, not in config show, not in config convert, not in inspect', async () => {
    const secrets = [
      'hunter2-password',
      'hunter2-shared-secret-of-32-characters',
      'hunter2-header',
      'hunter2-userinfo',
      'hunter2-token',
    ];
    const passwords = path.join(folder, 'secret-passwd');
    await runBusbar(['passwd', '-H', 'sha512', '-c', '-b', passwords, 'ann', secrets[0] ?? '']);
    write('secret-key', secrets[1] ?? '');
    const config = write(
      'secrets.yaml',
      `listeners: [{ host: ${HOST}, port: 0 }]
authentication:
  chain:
    - passwordFile: ${passwords}
    - token: { algorithms: [HS256], secretFile: ${path.join(folder, 'secret-key')} }
    - http: { url: 'http://user:${secrets[3]}@${HOST}:9/login', headers: { Authorization: 'Bearer ${secrets[2]}' }, timeoutMs: 500 }
log: { level: debug }
http: { port: 0, token: ${secrets[4]} }
`,
    );
    const { command, port } = await start('-c', config, '--log-format', 'json');
    for (const [userName, password] of [
      ['ann', secrets[0]],
      ['ann', `${secrets[0]}-wrong`],
      ['bob', secrets[0]],
      [`eyJhbGciOiJIUzI1NiJ9.${'x'.repeat(200)}.${secrets[0]}`, ''],
    ] as const) {
      const client = await dial(port);
      const will = willMessage('a', { payload: Buffer.from(`${secrets[0]}`) });
      client.send(connectPacket({ clientIdentifier: 'c', userName, password: Buffer.from(password ?? ''), will }));
      client.send(publishPacket('t', `${secrets[0]}`, { qos: 1, packetId: 1 }));
      await client.next();
      client.transport.destroy();
    }
    const inspected = await Promise.all(
      ['clients', 'sessions', 'topics'].map((what) => runBusbar(['inspect', what, '--port', `${port}`])),
    );
    command.kill('SIGHUP');
    await command.untilStderr(/has been read again/);
    command.kill('SIGTERM');
    const { stderr, stdout } = await command.ended;
    const shown = await runBusbar(['config', 'show', config]);
    const checked = await runBusbar(['config', 'check', config]);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toContain('***');
    const all = [stderr, stdout, ...[shown, checked, ...inspected].flatMap((each) => [each.stdout, each.stderr])];
    const said = all.join('\n');
    expect(stderr).toContain('a login has failed');
    for (const secret of secrets) expect(said).not.toContain(secret);
    // Nor as Base64, nor as hash.
    expect(said).not.toContain(Buffer.from(secrets[0] ?? '').toString('base64'));
    expect(said).not.toContain('$6$');
  });
});
