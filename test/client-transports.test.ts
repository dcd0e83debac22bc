import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { type AddressInfo, createConnection as dialSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type Broker, createBroker, type ListenerOptions } from '@busbar/broker';
import { type ClientOptions, connect, type Dial, type Message } from '@busbar/client';
import { createTestAuthority } from '@busbar/testkit';
import { SocketTransport } from '@busbar/transport';
import { afterAll, beforeAll, describe, test } from 'vitest';

const authority = createTestAuthority();
const tls = { certificates: [authority.issue({ altNames: ['localhost', '127.0.0.1'] })] };
const trusting: ClientOptions = { tls: { ca: authority.cert } };

let directory = '';
let broker: Broker;
let listeners: readonly ListenerOptions[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'busbar-transports-'));
  const address = { host: '127.0.0.1', port: 0 };
  listeners = [
    { transport: 'tcp', ...address },
    { transport: 'tls', ...address, tls },
    { transport: 'ws', ...address },
    { transport: 'wss', ...address, tls },
    { transport: 'unix', path: join(directory, 'broker.sock') },
  ];
  broker = await createBroker({ listeners });
});

afterAll(async () => {
  await broker.stop();
  await rm(directory, { recursive: true });
});

/** The URL of the listener of a transport, as its clients write it. */
function urlOf(transport: string): string {
  const index = listeners.findIndex((listener) => listener.transport === transport);
  const port = broker.listeners[index]?.port;
  switch (transport) {
    case 'tcp':
      return `mqtt://127.0.0.1:${port}`;
    case 'tls':
      return `mqtts://127.0.0.1:${port}`;
    case 'unix':
      return `unix://${join(directory, 'broker.sock')}`;
    default:
      return `${transport}://127.0.0.1:${port}/mqtt`;
  }
}

describe.each(['tcp', 'tls', 'ws', 'wss', 'unix'])('our client and our broker over %s', (transport) => {
  test.each([5, 4, 3] as const)('exchange messages at every QoS, protocol version %i', async (protocolVersion) => {
    const client = await connect(urlOf(transport), { ...trusting, protocolVersion });
    const topicName = `transports/${transport}/${protocolVersion}`;
    const received: Message[] = [];
    const complete = new Promise<void>((resolve) => {
      client.subscribe(topicName, { qos: 2 }, (message) => {
        if (received.push(message) === 4) resolve();
      });
    });
    await client.subscribe(`${topicName}/confirmed`);

    for (const qos of [0, 1, 2] as const) await client.publish(topicName, `at QoS ${qos}`, { qos });
    await client.publish(topicName, new Uint8Array(100_000), { qos: 1 });
    await complete;

    assert.deepEqual(received.map(({ qos }) => qos).sort(), [0, 1, 1, 2]);
    assert.equal(received.find(({ payload }) => payload.length === 100_000)?.qos, 1);
    await client.end();
  });
});

test('a server whose certificate nobody vouches for is refused, and the error says why', async () => {
  await assert.rejects(connect(urlOf('tls')), { name: 'TransportError', message: /certificate/ });
  await assert.rejects(connect(urlOf('wss')), { name: 'TransportError', message: /certificate/ });
});

describe('through a proxy that dial makes', () => {
  test.each(['tcp', 'tls'])('HTTP CONNECT, then %s', async (transport) => {
    const proxied: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url = '' }, near: Socket) => {
      proxied.push(url);
      const far = dialSocket(Number(url.split(':')[1]), '127.0.0.1', () => {
        near.write('HTTP/1.1 200 Connection established\r\n\r\n');
        near.pipe(far).pipe(near);
      });
      for (const socket of [near, far]) socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const dial: Dial = async ({ host, port }, signal) => {
      const { port: proxyPort } = proxy.address() as AddressInfo;
      const asking = request({
        host: '127.0.0.1',
        port: proxyPort,
        method: 'CONNECT',
        path: `${host}:${port}`,
        signal,
      });
      asking.end();
      const [, socket] = (await once(asking, 'connect')) as [unknown, Socket];
      if (transport === 'tcp') return new SocketTransport(socket);
      const secured = connectTls({ socket, host, ca: String(authority.cert) });
      await once(secured, 'secureConnect');
      return new SocketTransport(secured);
    };
    const client = await connect(urlOf(transport), { dial });
    await client.publish('a', 'x', { qos: 1 });
    await client.end();
    assert.deepEqual(proxied, [new URL(urlOf(transport)).host]);
    proxy.close();
  });
});
