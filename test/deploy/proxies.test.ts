import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import path from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type Client, connect } from '@busbar/client';
import { encodePacket } from '@busbar/codec';
import { connectPacket } from '@busbar/testkit';
import { describe, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  adapt,
  freePort,
  LIFETIME_MS,
  PATH,
  startBroker,
  startProgram,
  temporaryFolder,
  writeCertificate,
} from './deployment.ts';

vi.setConfig({ testTimeout: LIFETIME_MS });
const PATIENCE = { timeout: 30_000, interval: 50 };

const has = (program: string, option: string): boolean =>
  spawnSync(program, [option], { env: { ...process.env, PATH } }).status === 0;
const hasHaproxy = has('haproxy', '-v');
const hasNginx = has('nginx', '-v') && existsSync('/usr/lib/nginx/modules/ngx_stream_module.so');

/** Another address of this machine than that of the proxy, so that it shows who is meant. */
const ELSEWHERE = '127.0.0.2';

async function enter(url: string, ca: string): Promise<Client> {
  const client = await connect(url, { reconnect: false, tls: { ca } });
  onTestFinished(() => client.end({ timeoutMs: 0 }).catch(() => {}));
  return client;
}

/** What is published at QoS 1 comes back, over the proxy, both ways. */
async function talks(client: Client): Promise<void> {
  const heard: string[] = [];
  await client.subscribe('plant/#', { qos: 1 }, (message) => void heard.push(message.text()));
  await client.publish('plant/x', 'x'.repeat(100_000), { qos: 1 });
  await vi.waitFor(() => assert.equal(heard[0]?.length, 100_000), PATIENCE);
}

async function tlsFrom(localAddress: string, port: string, ca: string): Promise<TLSSocket> {
  const there = { host: '127.0.0.1', port: Number(port), localAddress };
  const socket = connectTls({ socket: connectTcp(there), servername: 'localhost', ca });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

const hello = (clientIdentifier: string): Uint8Array => encodePacket(connectPacket({ clientIdentifier }), 5);

/** What a socket has said when it ended. */
async function untilEnd(socket: NodeJS.ReadableStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await Promise.race([once(socket, 'close'), once(socket, 'end')]);
  return Buffer.concat(parts);
}

describe.skipIf(!hasHaproxy)("behind Debian's HAProxy, as deploy/haproxy has it", () => {
  async function start() {
    const folder = temporaryFolder();
    const certificate = writeCertificate(folder);
    const { broker, ports } = await startBroker('deploy/haproxy/busbar.yaml', 1, '--data', 'memory');
    const port = await freePort();
    const config = adapt('deploy/haproxy/haproxy.cfg', path.join(folder, 'haproxy.cfg'), [
      ['bind :8883', `bind 127.0.0.1:${port}`],
      ['/etc/haproxy/busbar.pem', certificate.both],
      ['127.0.0.1:1883', `127.0.0.1:${ports[0]}`],
      ['fd-hard-limit 200100', 'fd-hard-limit 1000'],
    ]);
    const proxy = startProgram('haproxy', ['-f', config, '-db']);
    const { ca } = certificate;
    await vi.waitFor(() => tlsFrom('127.0.0.1', port, ca), PATIENCE);
    return { broker, proxy, port, brokerPort: ports[0] ?? '', ca };
  }

  test('clients come in over TLS, and the broker knows where from', async () => {
    const { broker, port, ca } = await start();
    await talks(await enter(`mqtts://localhost:${port}`, ca));
    const socket = await tlsFrom(ELSEWHERE, port, ca);
    socket.write(hello('from-elsewhere'));
    await vi.waitFor(
      () => assert.match(broker.stderr, /"client":"from-elsewhere","remote":"127\.0\.0\.2:\d+"/),
      PATIENCE,
    );
  });

  test('what is no MQTT does not reach the broker, and nobody can go past the proxy without its header', async () => {
    const { broker, port, brokerPort, ca } = await start();
    const web = await tlsFrom('127.0.0.1', port, ca);
    web.write('GET / HTTP/1.1\r\n\r\n');
    assert.equal((await untilEnd(web)).length, 0);
    assert.doesNotMatch(broker.stderr, /HTTP request/);
    const past = connectTcp(Number(brokerPort), '127.0.0.1');
    past.on('error', () => {});
    past.write(hello('past'));
    assert.equal((await untilEnd(past)).length, 0);
    assert.doesNotMatch(broker.stderr, /"client":"past"/);
  });
});

describe.skipIf(!hasNginx)("behind Debian's nginx, as deploy/nginx has it", () => {
  async function start() {
    const folder = temporaryFolder();
    const certificate = writeCertificate(folder);
    const { broker, ports } = await startBroker('deploy/nginx/busbar.yaml', 2, '--data', 'memory');
    const [mqtts, wss] = [await freePort(), await freePort()];
    const config = adapt('deploy/nginx/nginx.conf', path.join(folder, 'nginx.conf'), [
      ['worker_processes auto;', 'worker_processes 1;'],
      ['worker_connections 65536;', 'worker_connections 256;'],
      ['listen 8883 ssl;', `listen 127.0.0.1:${mqtts} ssl;`],
      ['listen 8443 ssl;', `listen 127.0.0.1:${wss} ssl;`],
      ['/etc/nginx/busbar.pem', certificate.cert],
      ['/etc/nginx/busbar.key', certificate.key],
      ['127.0.0.1:1883', `127.0.0.1:${ports[0]}`],
      ['127.0.0.1:8083', `127.0.0.1:${ports[1]}`],
    ]);
    startProgram('nginx', ['-p', folder, '-c', config, '-g', `daemon off; pid ${folder}/pid;`]);
    const { ca } = certificate;
    await vi.waitFor(() => tlsFrom('127.0.0.1', mqtts, ca), PATIENCE);
    return { broker, mqtts, wss, ca };
  }

  test('a stream of MQTT over TLS, and the broker knows where clients come from', async () => {
    const { broker, mqtts, ca } = await start();
    await talks(await enter(`mqtts://localhost:${mqtts}`, ca));
    const socket = await tlsFrom(ELSEWHERE, mqtts, ca);
    socket.write(hello('from-elsewhere'));
    await vi.waitFor(
      () => assert.match(broker.stderr, /"client":"from-elsewhere","remote":"127\.0\.0\.2:\d+"/),
      PATIENCE,
    );
  });

  test('WebSocket, and the broker knows where clients come from', async () => {
    const { broker, wss, ca } = await start();
    await talks(await enter(`wss://localhost:${wss}/mqtt`, ca));
    const socket = new WebSocket(`wss://localhost:${wss}/mqtt`, 'mqtt', { ca, localAddress: ELSEWHERE, family: 4 });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send(hello('from-elsewhere'));
    await vi.waitFor(() => assert.match(broker.stderr, /"client":"from-elsewhere","remote":"127\.0\.0\.2/), PATIENCE);
  });
});
