import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createTestAuthority } from '@busbar/testkit';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { RecordingServer } from '../mosquitto/recording-server.ts';
import { runInProcess } from '../support/in-process.ts';

/** Ways to a server beside plain TCP: each front hands the bytes on to a server that writes them down. */

const authority = createTestAuthority();
const certificate = authority.issue({ altNames: ['localhost'] });
const device = authority.issue({ commonName: 'press-7' });
const MESSAGE = ['100c00044d5154540402003c0000', '300400016178', 'e000'];

let server: RecordingServer;
let folder: string;

beforeEach(async () => {
  server = await RecordingServer.open();
  folder = mkdtempSync(path.join(tmpdir(), 'busbar-ways-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

function file(name: string, content: string): string {
  writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
}

/** Hands a connection on to the recording server. */
function handOn(stream: Duplex): void {
  const onward = connect(Number(server.port), '127.0.0.1');
  stream.on('error', () => onward.destroy());
  onward.on('error', () => stream.destroy());
  stream.pipe(onward).pipe(stream);
}

async function listening(
  front: Server,
  at: { port: number; host: string } | { path: string } = { port: 0, host: '127.0.0.1' },
) {
  await new Promise<void>((resolve) => front.listen(at, resolve));
  onTestFinished(() => void front.close());
  const address = front.address();
  return typeof address === 'object' ? String(address?.port) : '';
}

async function publishes(...args: readonly string[]): Promise<void> {
  expect(await runInProcess(['pub', '-t', 'a', '-m', 'x', ...args])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  await server.quiet();
  expect(server.packets).toEqual(MESSAGE);
}

describe('TLS', () => {
  const secured = (options: TlsOptions = {}) =>
    listening(
      createTlsServer({ cert: certificate.cert, key: certificate.key, ...options }, handOn).on(
        'tlsClientError',
        () => {},
      ),
    );

  test('--cafile', async () => {
    await publishes('-p', await secured(), '--cafile', file('ca.pem', authority.cert));
  });

  test('--capath', async () => {
    file('ca.pem', authority.cert);
    await publishes('-p', await secured(), '--capath', folder);
  });

  test('--cert and --key, with a server that asks for them', async () => {
    const port = await secured({ requestCert: true, ca: authority.cert });
    const own = ['--cert', file('c.pem', device.cert), '--key', file('k.pem', device.key)];
    await publishes('-p', port, '--cafile', file('ca.pem', authority.cert), ...own);
  });

  test('--insecure takes any certificate', async () => {
    await publishes('-p', await secured(), '--insecure', '--tls-use-os-certs');
  });

  test('--tls-version and --ciphers: what the server does not speak is refused', async () => {
    const port = await secured({ maxVersion: 'TLSv1.2' });
    const ca = ['--cafile', file('ca.pem', authority.cert)];
    await publishes(
      '-p',
      port,
      ...ca,
      '--tls-version',
      'tlsv1.2',
      '--ciphers',
      'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256',
    );
    const refused = await runInProcess(['pub', '-t', 'a', '-m', 'x', '-p', port, ...ca, '--tls-version', 'tlsv1.3']);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^Error: cannot connect to localhost:\d+: [^\n]+\n$/),
    });
  });

  test('--tls-alpn and --tls-keylog', async () => {
    let protocol: string | false | null = '';
    const front = createTlsServer(
      { cert: certificate.cert, key: certificate.key, ALPNProtocols: ['mqtt'] },
      (socket) => {
        protocol = socket.alpnProtocol;
        handOn(socket);
      },
    );
    const keys = path.join(folder, 'keys.log');
    await publishes(
      '-p',
      await listening(front),
      '--cafile',
      file('ca.pem', authority.cert),
      '--tls-alpn',
      'mqtt',
      '--tls-keylog',
      keys,
    );
    expect(protocol).toBe('mqtt');
    await expect.poll(() => readFileSync(keys, 'utf8')).toMatch(/SECRET/);
  });

  test('--psk and --psk-identity', async () => {
    const identities: string[] = [];
    const port = await listening(
      createTlsServer(
        {
          ciphers: 'PSK',
          maxVersion: 'TLSv1.2',
          pskCallback: (_, identity) => {
            identities.push(identity);
            return Buffer.from('a1b2c3', 'hex');
          },
        },
        handOn,
      ),
    );
    await publishes('-p', port, '--psk', 'a1b2c3', '--psk-identity', 'press-7');
    expect(identities).toEqual(['press-7']);
  });

  test('an authority that nobody knows, in one line', async () => {
    const { exitCode, stderr } = await runInProcess([
      'pub',
      '-t',
      'a',
      '-m',
      'x',
      '-p',
      await secured(),
      '--tls-use-os-certs',
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^Error: cannot connect to localhost:\d+: [^\n]+\n$/);
  });

  test('--no-tls', async () => {
    await publishes('-p', server.port, '--no-tls', '--tls-use-os-certs');
  });
});

describe('WebSocket', () => {
  function upgrading(expected: string): Server {
    const http = createHttpServer();
    const sockets = new WebSocketServer({ server: http, path: expected, handleProtocols: () => 'mqtt' });
    sockets.on('connection', (socket) => handOn(createWebSocketStream(socket)));
    return http;
  }

  test('--ws, at /mqtt', async () => {
    await publishes('-p', await listening(upgrading('/mqtt')), '--ws');
  });

  test('--ws-path', async () => {
    await publishes('-p', await listening(upgrading('/other')), '--ws', '--ws-path', 'other');
  });

  test('a server that is none', async () => {
    const port = await listening(createHttpServer((_, answer) => answer.writeHead(404).end()));
    const { exitCode, stderr } = await runInProcess(['pub', '-t', 'a', '-m', 'x', '-p', port, '--ws']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^Error: cannot connect to ws:\/\/localhost:\d+\/mqtt: expected a WebSocket, the server answered 404[^\n]*\n$/,
    );
  });
});

test('--unix', async () => {
  const at = path.join(folder, 's');
  await listening(createServer(handOn), { path: at });
  await publishes('--unix', at);
});

describe('a SOCKS5 proxy', () => {
  /** Takes the name that it is asked to connect to, and connects to the recording server. */
  function proxying(asked: string[], hasPassword: boolean): Server {
    return createServer((socket: Socket) => {
      let step = hasPassword ? 0 : 1;
      socket.on('error', () => {});
      socket.once('data', () => socket.write(Uint8Array.of(5, hasPassword ? 2 : 0)));
      const next = (bytes: Buffer) => {
        if (bytes[0] === 1 && step === 0) {
          asked.push(bytes.subarray(1).toString('latin1'));
          step = 1;
          socket.write(Uint8Array.of(1, 0));
        } else if (bytes[0] === 5 && bytes[1] === 1 && bytes.length > 5) {
          asked.push(`${bytes.subarray(5, -2)}:${bytes.readUInt16BE(bytes.length - 2)}`);
          socket.off('data', next);
          socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
          handOn(socket);
        }
      };
      socket.on('data', next);
    });
  }

  test('--proxy: the proxy resolves the name', async () => {
    const asked: string[] = [];
    const port = await listening(proxying(asked, false));
    await publishes('-h', 'broker.plant.invalid', '-p', '1884', '--proxy', `socks5h://127.0.0.1:${port}`);
    expect(asked).toEqual(['broker.plant.invalid:1884']);
  });

  test('--proxy with a user and a password', async () => {
    const asked: string[] = [];
    const port = await listening(proxying(asked, true));
    await publishes('-h', 'b', '--proxy', `socks5h://user:p%40ss@127.0.0.1:${port}`);
    expect(asked).toEqual(['\x04user\x04p@ss', 'b:1883']);
  });
});

describe('options files', () => {
  test('-D with all its words on one line: the last takes the rest of it', async () => {
    const lines = [
      '-D publish content-type plain text',
      '-D publish user-property name a value with blanks',
      '-V 5',
      '',
    ];
    const options = file('options', lines.join('\n'));
    await runInProcess(['pub', '-p', server.port, '-t', 'a', '-m', 'x', '-o', options]);
    await server.quiet();
    const published = Buffer.from(server.packets[1] ?? '', 'hex').toString('latin1');
    expect(published).toContain('plain text');
    expect(published).toContain('name\0\x13a value with blanks');
  });

  test('~/.config/mosquitto_pub, a pair a line; what is typed comes after it', async () => {
    file('mosquitto_pub', `# ours\n-p ${server.port}\n-h nowhere.invalid\n--quiet\n`);
    await publishes('-h', '127.0.0.1');
  });

  test('-o is read in its place', async () => {
    file('mosquitto_pub', '-p 1\n');
    await publishes('-o', file('options', `-p ${server.port}\n`));
  });

  test('--profile', async () => {
    vi.stubEnv('BUSBAR_PROFILES', file('profiles.yaml', `here: { url: 'mqtt://127.0.0.1:${server.port}' }\n`));
    const { exitCode } = await runInProcess(['--profile', 'here', 'pub', '-t', 'a', '-m', 'x']);
    expect(exitCode).toBe(0);
    await server.quiet();
    expect(server.packets).toEqual(MESSAGE);
  });
});

test('-L: server, user and topic in one', async () => {
  const { exitCode } = await runInProcess(['pub', '-L', `mqtt://user:secret@127.0.0.1:${server.port}/a`, '-m', 'x']);
  expect(exitCode).toBe(0);
  await server.quiet();
  expect(server.packets[0]).toBe('101a00044d51545404c2003c0000000475736572000673656372657' + '4');
  expect(server.packets[1]).toBe(MESSAGE[1]);
});
