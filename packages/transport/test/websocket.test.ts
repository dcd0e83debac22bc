import { RecordingReceiver } from '@busbar/testkit';
import { dialWebSocket, listenWebSocket } from '@busbar/transport';
import { describe, expect, test } from 'vitest';
import { dialled, failure, opened, RawPeer } from './open-listeners.ts';
import { listenForWebSockets, request } from './websocket-harness.ts';

describe('the handshake', () => {
  test.each([
    ['mqtt', 'mqtt'],
    ['mqttv3.1', 'mqttv3.1'],
    ['mqttv3.1, mqtt', 'mqtt'],
    ['chat, mqttv3.1', 'mqttv3.1'],
  ])('sub-protocols %s: %s is taken [MQTT-6.0.0-3] [MQTT-6.0.0-4]', async (offered, taken) => {
    const { listener, accepted } = await listenForWebSockets();
    const peer = new RawPeer(listener.port);
    peer.socket.write(request({ 'Sec-WebSocket-Protocol': offered }));
    const answer = (await peer.until((received) => received.includes('\r\n\r\n'))).toString('latin1');
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(answer).toContain(`\r\nSec-WebSocket-Protocol: ${taken}\r\n`);
    expect(answer).not.toContain('Sec-WebSocket-Extensions');
    expect((await accepted.at(0)).remote.address).toBe('127.0.0.1');
  });

  test.each([
    ['a wrong sub-protocol', request({ 'Sec-WebSocket-Protocol': 'chat' }), 400, 'ERR_WS_SUBPROTOCOL'],
    ['no sub-protocol', request({ 'Sec-WebSocket-Protocol': undefined }), 400, 'ERR_WS_SUBPROTOCOL'],
    ['another path', request({}, 'GET /chat HTTP/1.1'), 404, 'ERR_WS_PATH'],
    ['another path behind a host', request({}, 'GET http://localhost/chat HTTP/1.1'), 404, 'ERR_WS_PATH'],
    ['a path that goes on', request({}, 'GET /mqtt/x HTTP/1.1'), 404, 'ERR_WS_PATH'],
    ['no key', request({ 'Sec-WebSocket-Key': undefined }), 400, 'ERR_WS_HANDSHAKE'],
    ['a broken key', request({ 'Sec-WebSocket-Key': 'short' }), 400, 'ERR_WS_HANDSHAKE'],
    ['an old version', request({ 'Sec-WebSocket-Version': '6' }), 400, 'ERR_WS_HANDSHAKE'],
    ['another method', request({}, 'POST /mqtt HTTP/1.1'), 400, 'ERR_WS_HANDSHAKE'],
    ['another upgrade', request({ Upgrade: 'h2c' }), 426, 'ERR_WS_HANDSHAKE'],
    ['an ordinary request', 'GET /mqtt HTTP/1.1\r\nHost: localhost\r\n\r\n', 426, 'ERR_WS_HANDSHAKE'],
    [
      'a request with a body',
      'POST /mqtt HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nx',
      426,
      'ERR_WS_HANDSHAKE',
    ],
    ['a huge header', request({ Cookie: 'x'.repeat(20_000) }), 431, 'HPE_HEADER_OVERFLOW'],
    ['no HTTP', '\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00', 400, 'HPE_INVALID_METHOD'],
  ])('%s is refused', async (_, sent, status, code) => {
    const { listener, accepted, failed } = await listenForWebSockets();
    const peer = new RawPeer(listener.port);
    peer.socket.write(sent, 'latin1');
    const answer = (await peer.untilClosed()).toString('latin1');
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const [remote, error] = await failed.next();
    expect([remote.address, error.code]).toEqual(['127.0.0.1', code]);
    expect(accepted.transports).toHaveLength(0);
  });

  test('the path is configurable, and may be any', async () => {
    for (const [path, asked] of [
      ['/a/b', '/a/b?token=x'],
      ['*', '/whatever'],
    ]) {
      const { listener, accepted } = await listenForWebSockets({ path: path ?? '' });
      await dialled(dialWebSocket({ url: `ws://127.0.0.1:${listener.port}${asked}` }));
      await accepted.at(0);
    }
  });

  test('a request that names the whole URL is one for its path', async () => {
    const { listener, accepted } = await listenForWebSockets();
    const peer = new RawPeer(listener.port);
    peer.socket.write(request({}, 'GET http://broker.example:8083/mqtt?token=x HTTP/1.1'));
    const answer = (await peer.until((received) => received.includes('\r\n\r\n'))).toString('latin1');
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    await accepted.at(0);
  });

  test('an origin that is not allowed is refused, no origin is not asked for one', async () => {
    const { url, failed, accepted } = await listenForWebSockets({ allowedOrigins: ['https://Console.example'] });
    await dialled(dialWebSocket({ url }));
    await dialled(dialWebSocket({ url, headers: { Origin: 'https://console.example' } }));
    await accepted.at(1);
    const error = await failure(dialWebSocket({ url, headers: { Origin: 'https://evil.example' } }));
    expect(error.code).toBe('ERR_WS_HANDSHAKE');
    expect(error.message).toMatch(
      /^cannot connect to ws:\/\/127\.0\.0\.1:\d+\/mqtt: expected a WebSocket, the server answered 403 Forbidden \(/,
    );
    expect((await failed.next())[1].code).toBe('ERR_WS_ORIGIN');
  });

  test('held open at any point it ends after its time', async () => {
    const { listener, failed } = await listenForWebSockets({ handshakeTimeoutMs: 40 });
    for (const begun of ['', 'GET /mqtt HTTP/1.1\r\nHost: ', request().slice(0, -2)]) {
      const peer = new RawPeer(listener.port);
      peer.socket.write(begun);
      await peer.untilClosed();
      expect((await failed.next())[1].code).toBe('ETIMEDOUT');
    }
  });

  test.each([
    ['a sub-protocol that is no word', { subprotocols: ['no word'] }],
    ['a sub-protocol twice', { subprotocols: ['mqtt', 'mqtt'] }],
    ['a header with a line break', { headers: { 'X-Plant': 'a\nb' } }],
  ])('%s fails the attempt and nothing else', async (_, options) => {
    const { url } = await listenForWebSockets();
    expect((await failure(dialWebSocket({ url, ...options }))).code).toBe('ERR_WS_HANDSHAKE');
    expect((await failure(dialWebSocket({ url: `${url}#fragment` }))).code).toBe('ERR_WS_HANDSHAKE');
  });

  test('given up by the client is told as such', async () => {
    const { listener, failed } = await listenForWebSockets();
    const ended = new RawPeer(listener.port);
    ended.socket.end('GET /mqtt HTTP/1.1\r\n');
    expect((await failed.next())[1].message).toMatch(/failed: the peer closed the connection \(ECONNRESET\)$/);
    const reset = new RawPeer(listener.port);
    reset.socket.write('GET /mqtt HTTP/1.1\r\n', () => reset.socket.resetAndDestroy());
    expect((await failed.next())[1].code).toBe('ECONNRESET');
  });

  test('over IPv6, where there is IPv6', async () => {
    const opening = opened((accept) => listenWebSocket({ host: '::1', port: 0 }, accept));
    const ipv6 = await opening.catch(() => undefined);
    if (ipv6 === undefined) return;
    const near = await dialled(dialWebSocket({ url: `ws://[::1]:${ipv6.listener.port}/mqtt` }));
    expect([near.remote.address, (await ipv6.accepted.at(0)).remote.address]).toEqual(['::1', '::1']);
  });

  test('an open WebSocket outlives the time for the handshake', async () => {
    const { accepted, dial } = await listenForWebSockets({ handshakeTimeoutMs: 30 });
    const near = await dialled(dial());
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    const other = await listenForWebSockets({ handshakeTimeoutMs: 60 }); // an event that comes after the 30 ms, and no sleep
    new RawPeer(other.listener.port);
    await other.failed.next();
    near.write(Uint8Array.of(1));
    await atFar.untilBytes(1);
  });

  test('a client sees what a server without WebSocket says', async () => {
    const { url } = await listenForWebSockets({ path: '/other' });
    expect((await failure(dialWebSocket({ url }))).message).toMatch(/the server answered 404 Not Found/);
    await expect(dialWebSocket({ url: 'mqtt://localhost' })).rejects.toThrow(
      /expected a URL with ws: or wss:, mqtt: came/,
    );
  });
});

describe('X-Forwarded-For', () => {
  test('of a trusted proxy names the client, of anybody else it does not', async () => {
    for (const [trustedProxies, expected] of [
      [['127.0.0.0/8'], { address: '203.0.113.7', port: 0 }],
      [['10.0.0.0/8'], { address: '127.0.0.1' }],
      [undefined, { address: '127.0.0.1' }],
    ] as const) {
      const { url, accepted } = await listenForWebSockets(trustedProxies && { trustedProxies });
      await dialled(dialWebSocket({ url, headers: { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' } }));
      expect((await accepted.at(0)).remote).toMatchObject(expected);
    }
  });
});
