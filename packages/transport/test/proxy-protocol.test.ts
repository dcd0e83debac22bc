import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { RecordingReceiver } from '@busbar/testkit';
import {
  dialTls,
  type ListenTcpOptions,
  listenSecureWebSocket,
  listenTcp,
  listenTls,
  listenWebSocket,
  type TransportAddress,
  type TransportError,
} from '@busbar/transport';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { Calls, failure, opened, RawPeer } from './open-listeners.ts';
import { authority, server } from './tls-harness.ts';

const LINE = 'PROXY TCP4 203.0.113.7 192.0.2.1 5539 1883\r\n';
const CLIENT = { address: '203.0.113.7', port: 5_539 };

async function listen(options: Partial<ListenTcpOptions> = {}) {
  const failed = new Calls<[TransportAddress, TransportError]>();
  const all = { host: '127.0.0.1', port: 0, proxyProtocol: true, onHandshakeFailed: failed.record, ...options };
  return { ...(await opened((accept) => listenTcp(all, accept))), failed };
}

describe('a listener behind a proxy', () => {
  test('knows the client by the header, and the client’s bytes begin after it', async () => {
    const { listener, accepted } = await listen();
    new RawPeer(listener.port).socket.write(`${LINE}abc`);
    const far = await accepted.at(0);
    expect(far.remote).toEqual(CLIENT);
    const atFar = new RecordingReceiver().attachTo(far);
    await atFar.untilBytes(3);
    expect(Buffer.from(atFar.bytes()).toString()).toBe('abc');
    far.end();
    await atFar.untilClosed();
    expect(atFar.error).toBeUndefined();
  });

  test('takes the header in pieces', async () => {
    const { listener, accepted } = await listen();
    const peer = new RawPeer(listener.port);
    peer.socket.setNoDelay(true);
    for (const piece of `${LINE}xyz`)
      await new Promise<void>((resolve) => void peer.socket.write(piece, () => resolve()));
    const far = await accepted.at(0);
    expect(far.remote).toEqual(CLIENT);
    const atFar = new RecordingReceiver().attachTo(far);
    await atFar.untilBytes(3);
  });

  test('may be paused before anything is read', async () => {
    const { listener, accepted } = await listen();
    new RawPeer(listener.port).socket.write(`${LINE}abc`);
    const far = await accepted.at(0);
    far.pause();
    const atFar = new RecordingReceiver().attachTo(far);
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(atFar.calls).toEqual([]);
    far.resume();
    await atFar.untilBytes(3);
  });

  test('knows the proxy itself by its own address', async () => {
    const { listener, accepted } = await listen();
    new RawPeer(listener.port).socket.write('PROXY UNKNOWN\r\n');
    expect((await accepted.at(0)).remote.address).toBe('127.0.0.1');
  });

  test('closes what begins with anything else', async () => {
    const { listener, accepted, failed } = await listen();
    const peer = new RawPeer(listener.port);
    peer.socket.write(Buffer.from('100c00044d515454', 'hex'));
    await peer.untilClosed();
    const [remote, error] = await failed.next();
    expect(error.message).toBe(
      `handshake with 127.0.0.1:${remote.port} failed: PROXY protocol: expected a header of the PROXY protocol, ` +
        'bytes 10 0c 00 04 4d 51 54 54 came (ERR_PROXY_HEADER)',
    );
    expect(accepted.transports).toHaveLength(0);
  });

  test('does not wait for ever, neither in silence nor in the middle', async () => {
    const { listener, failed } = await listen({ handshakeTimeoutMs: 30 });
    for (const begun of ['', LINE.slice(0, 20)]) {
      const peer = new RawPeer(listener.port);
      peer.socket.write(begun);
      await peer.untilClosed();
      expect((await failed.next())[1].code).toBe('ETIMEDOUT');
    }
  });

  test('is told of a client that leaves in the middle', async () => {
    const { listener, failed } = await listen();
    new RawPeer(listener.port).socket.end(LINE.slice(0, 20));
    expect((await failed.next())[1].code).toBe('ECONNRESET');
  });

  test('says nothing of a health check, which is reset before it is accepted', async () => {
    const { listener, accepted, failed } = await listen({ trustedProxies: ['127.0.0.1'] });
    const check = `const s = require('node:net').connect(${listener.port}, '127.0.0.1', () => s.resetAndDestroy());`;
    execFileSync(process.execPath, ['-e', check]); // nothing is accepted before it has ended
    new RawPeer(listener.port).socket.write(LINE);
    expect((await accepted.at(0)).remote).toEqual(CLIENT);
    expect(failed.all).toEqual([]);
  });

  test('believes only trusted proxies, where they are named', async () => {
    const trusting = await listen({ trustedProxies: ['127.0.0.1'] });
    new RawPeer(trusting.listener.port).socket.write(LINE);
    expect((await trusting.accepted.at(0)).remote).toEqual(CLIENT);
    const careful = await listen({ trustedProxies: ['10.0.0.0/8'] });
    const peer = new RawPeer(careful.listener.port);
    peer.socket.write(LINE);
    await peer.untilClosed();
    const [remote, error] = await careful.failed.next();
    expect([remote.address, error.code]).toEqual(['127.0.0.1', 'ERR_PROXY_UNTRUSTED']);
    expect((await failure(listen({ trustedProxies: ['10.0.0.0/33'] }))).code).toBe('ERR_ADDRESS');
  });
});

describe('the header comes before', () => {
  const tls = { certificates: [server] };
  const common = { host: '127.0.0.1', port: 0, proxyProtocol: true };
  const dialled = (port: number) => {
    const socket = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.write(LINE);
    return socket;
  };

  test('TLS', async () => {
    const { listener, accepted } = await opened((accept) => listenTls({ ...common, tls }, accept));
    const socket = connectTls({ socket: dialled(listener.port), ca: authority.cert, servername: 'localhost' });
    socket.write('abc');
    const far = await accepted.at(0);
    expect(far.remote).toEqual(CLIENT);
    const atFar = new RecordingReceiver().attachTo(far);
    await atFar.untilBytes(3);
  });

  test('a WebSocket, whose X-Forwarded-For goes further', async () => {
    const trustedProxies = ['127.0.0.1', '203.0.113.7'];
    const { listener, accepted } = await opened((accept) => listenWebSocket({ ...common, trustedProxies }, accept));
    const client = new WebSocket(`ws://127.0.0.1:${listener.port}/mqtt`, 'mqtt', {
      createConnection: () => dialled(listener.port),
      headers: { 'X-Forwarded-For': '198.51.100.9' },
    });
    const far = await accepted.at(0);
    expect(far.remote).toEqual({ address: '198.51.100.9', port: 0 });
    const atFar = new RecordingReceiver().attachTo(far);
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    client.send(Buffer.from('abc'));
    await atFar.untilBytes(3);
  });

  test('a secure WebSocket', async () => {
    const { listener, accepted } = await opened((accept) => listenSecureWebSocket({ ...common, tls }, accept));
    const client = new WebSocket(`wss://localhost:${listener.port}/mqtt`, 'mqtt', {
      createConnection: () =>
        connectTls({ socket: dialled(listener.port), ca: authority.cert, servername: 'localhost' }),
    });
    const far = await accepted.at(0);
    expect(far.remote).toEqual(CLIENT);
    expect(far.tls?.protocol).toBe('TLSv1.3');
    client.on('error', () => {}).terminate();
  });

  test('and a client that sends none is not let in', async () => {
    const { listener } = await opened((accept) => listenTls({ ...common, tls }, accept));
    const error = await failure(dialTls({ host: 'localhost', port: listener.port, tls: { ca: authority.cert } }));
    expect(error.code).toBe('ECONNRESET');
  });
});
