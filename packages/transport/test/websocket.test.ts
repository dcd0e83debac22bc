import { randomBytes } from 'node:crypto';
import { RecordingReceiver } from '@busbar/testkit';
import {
  dialWebSocket,
  type ListenWebSocketOptions,
  listenWebSocket,
  type TransportAddress,
  type TransportError,
} from '@busbar/transport';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Calls, dialled, failure, opened, RawPeer } from './open-listeners.ts';

const BINARY = 2;
const TEXT = 1;
const PING = 9;

async function listen(options: Partial<ListenWebSocketOptions> = {}) {
  const failed = new Calls<[TransportAddress, TransportError]>();
  const common = { host: '127.0.0.1', port: 0, onHandshakeFailed: failed.record };
  const { listener, accepted } = await opened((accept) => listenWebSocket({ ...common, ...options }, accept));
  const url = `ws://127.0.0.1:${listener.port}/mqtt`;
  return { listener, accepted, failed, url, dial: () => dialWebSocket({ url }) };
}

/** An HTTP request for a WebSocket, with or without what belongs there. */
function request(headers: Readonly<Record<string, string | undefined>> = {}, line = 'GET /mqtt HTTP/1.1'): string {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'mqtt',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `${line}\r\n${lines.join('')}\r\n`;
}

/** A masked frame as clients send it. */
function frame(opcode: number, payload: Uint8Array, isFinal = true): Buffer {
  const mask = randomBytes(4);
  const length = Buffer.alloc(payload.length < 126 ? 1 : 3);
  if (payload.length < 126) length[0] = 0x80 | payload.length;
  else length.writeUInt16BE(payload.length, 1);
  if (payload.length >= 126) length[0] = 0x80 | 126;
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Uint8Array.of((isFinal ? 0x80 : 0) | opcode), length, mask, masked]);
}

/** A client that has shaken hands and writes its frames itself. */
async function openRaw(port: number, first: Uint8Array = new Uint8Array(0)): Promise<RawPeer> {
  const peer = new RawPeer(port);
  peer.socket.write(Buffer.concat([Buffer.from(request()), first]));
  await peer.until((received) => received.includes('\r\n\r\n'));
  expect(peer.received.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  return peer;
}

/** What came after the answer to the handshake. */
function frames(peer: RawPeer): Buffer {
  return peer.received.subarray(peer.received.indexOf('\r\n\r\n') + 4);
}

describe('the handshake', () => {
  test.each([
    ['mqtt', 'mqtt'],
    ['mqttv3.1', 'mqttv3.1'],
    ['mqttv3.1, mqtt', 'mqtt'],
    ['chat, mqttv3.1', 'mqttv3.1'],
  ])('sub-protocols %s: %s is taken [MQTT-6.0.0-3] [MQTT-6.0.0-4]', async (offered, taken) => {
    const { listener, accepted } = await listen();
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
    const { listener, accepted, failed } = await listen();
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
      const { listener, accepted } = await listen({ path: path ?? '' });
      await dialled(dialWebSocket({ url: `ws://127.0.0.1:${listener.port}${asked}` }));
      await accepted.at(0);
    }
  });

  test('an origin that is not allowed is refused, no origin is not asked for one', async () => {
    const { url, failed, accepted } = await listen({ allowedOrigins: ['https://Console.example'] });
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
    const { listener, failed } = await listen({ handshakeTimeoutMs: 40 });
    for (const begun of ['', 'GET /mqtt HTTP/1.1\r\nHost: ', request().slice(0, -2)]) {
      const peer = new RawPeer(listener.port);
      peer.socket.write(begun);
      await peer.untilClosed();
      expect((await failed.next())[1].code).toBe('ETIMEDOUT');
    }
  });

  test('given up by the client is told as such', async () => {
    const { listener, failed } = await listen();
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
    const { accepted, dial } = await listen({ handshakeTimeoutMs: 30 });
    const near = await dialled(dial());
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    const other = await listen({ handshakeTimeoutMs: 60 }); // an event that comes after the 30 ms, and no sleep
    new RawPeer(other.listener.port);
    await other.failed.next();
    near.write(Uint8Array.of(1));
    await atFar.untilBytes(1);
  });

  test('a client sees what a server without WebSocket says', async () => {
    const { url } = await listen({ path: '/other' });
    expect((await failure(dialWebSocket({ url }))).message).toMatch(/the server answered 404 Not Found/);
    await expect(dialWebSocket({ url: 'mqtt://localhost' })).rejects.toThrow(
      /expected a URL with ws: or wss:, mqtt: came/,
    );
  });
});

describe('frames', () => {
  test('are a stream: packets span frames, frames span packets, fragments and empty frames count for nothing', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port, frame(BINARY, Uint8Array.of(1, 2)));
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    peer.socket.write(
      Buffer.concat([
        frame(BINARY, Uint8Array.of(3), false),
        frame(0, new Uint8Array(0), false),
        frame(0, Uint8Array.of(4, 5)),
        frame(BINARY, new Uint8Array(0)),
        frame(BINARY, Uint8Array.of(6)),
      ]),
    );
    await atFar.untilBytes(6);
    expect([...atFar.bytes()]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(atFar.chunks.every(({ byteLength }) => byteLength > 0)).toBe(true);
  });

  test('cut anywhere by the network arrive whole', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    const sent = randomBytes(300);
    for (const byte of frame(BINARY, sent)) peer.socket.write(Uint8Array.of(byte));
    await atFar.untilBytes(300);
    expect(Buffer.compare(atFar.bytes(), sent)).toBe(0);
  });

  test('leave as binary frames, one for each segment [MQTT-6.0.0-1]', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port);
    const far = await accepted.at(0);
    far.write(Uint8Array.of(1));
    far.writeAll([Uint8Array.of(2), new Uint8Array(0), Uint8Array.of(3, 4)]);
    await peer.until(() => frames(peer).length >= 10);
    expect([...frames(peer)]).toEqual([0x82, 1, 1, 0x82, 1, 2, 0x82, 2, 3, 4]);
  });

  test('with text close with 1003 [MQTT-6.0.0-1]', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    peer.socket.write(Buffer.concat([frame(TEXT, Buffer.from('hello')), frame(BINARY, Uint8Array.of(1))]));
    await peer.until(() => frames(peer).length >= 4);
    expect([...frames(peer)]).toEqual([0x88, 2, 0x03, 0xeb]);
    peer.socket.end();
    await atFar.untilClosed();
    expect(atFar.calls).toEqual(['closed']);
    expect(atFar.error?.code).toBe('ERR_WS_TEXT_FRAME');
    expect(atFar.error?.message).toMatch(/^WebSocket with 127\.0\.0\.1:\d+: expected binary frames, a text frame came/);
  });

  test.each([
    ['without a mask', Uint8Array.of(0x82, 1, 7), 1002, 'WS_ERR_EXPECTED_MASK'],
    ['with an unknown opcode', frame(3, Uint8Array.of(1)), 1002, 'WS_ERR_INVALID_OPCODE'],
    ['with a reserved bit', Uint8Array.of(0xc2, 0x80, 0, 0, 0, 0), 1002, 'WS_ERR_UNEXPECTED_RSV_1'],
    [
      'that announce too much',
      frame(BINARY, new Uint8Array(2_000)).subarray(0, 8),
      1009,
      'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    ],
    [
      'that announce 2^60 bytes',
      Uint8Array.of(0x82, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0),
      1009,
      'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
    ],
  ])('%s close, and a peer that does not close is left', async (_, sent, closeCode, code) => {
    const { listener, accepted } = await listen({ maximumPayload: 1_000, endTimeoutMs: 30 });
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    peer.socket.write(sent);
    await peer.untilClosed();
    expect([...frames(peer)].slice(0, 4)).toEqual([0x88, 2, closeCode >> 8, closeCode & 0xff]);
    await atFar.untilClosed();
    expect([atFar.byteLength, atFar.error?.code]).toEqual([0, code]);
  });

  test('with pings are answered and change nothing', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    const ping = frame(PING, Buffer.from('hi'));
    peer.socket.write(Buffer.concat([frame(BINARY, Uint8Array.of(1), false), ping, frame(0, Uint8Array.of(2))]));
    await atFar.untilBytes(2);
    await peer.until(() => frames(peer).length >= 4);
    expect([...frames(peer)]).toEqual([0x8a, 2, 0x68, 0x69]);
    expect([...atFar.bytes()]).toEqual([1, 2]);
  });

  test('of one read wait while the owner pauses, up to the end', async () => {
    const { listener, accepted } = await listen();
    const peer = await openRaw(listener.port);
    const far = await accepted.at(0);
    const atFar = new RecordingReceiver();
    atFar.onBytes = () => far.pause();
    atFar.attachTo(far);
    const close = frame(8, Uint8Array.of(0x03, 0xe8));
    peer.socket.write(Buffer.concat([1, 2, 3].map((byte) => frame(BINARY, Uint8Array.of(byte))).concat(close)));
    peer.socket.end();
    await peer.untilClosed();
    expect(atFar.calls).toEqual(['bytes']);
    atFar.within(() => far.resume());
    await atFar.untilBytes(2);
    expect(atFar.calls).toEqual(['bytes', 'bytes']);
    atFar.onBytes = undefined;
    far.resume();
    await atFar.untilClosed();
    expect(atFar.calls).toEqual(['bytes', 'bytes', 'bytes', 'closed']);
    expect([atFar.error, atFar.callsFromWithin]).toEqual([undefined, 0]);
  });

  test('that wait are forgotten when the owner ends or destroys', async () => {
    for (const act of ['end', 'destroy'] as const) {
      const { listener, accepted } = await listen();
      const peer = await openRaw(listener.port);
      const far = await accepted.at(0);
      const atFar = new RecordingReceiver();
      atFar.onBytes = () => far.pause();
      atFar.attachTo(far);
      peer.socket.write(Buffer.concat([1, 2].map((byte) => frame(BINARY, Uint8Array.of(byte)))));
      peer.socket.end();
      await peer.untilClosed();
      atFar.within(() => far[act]());
      await atFar.untilClosed();
      expect(atFar.calls).toEqual(['bytes', 'closed']);
      expect(atFar.callsFromWithin).toBe(0);
    }
  });
});

describe('the end', () => {
  test.each([
    [1000, undefined],
    [1001, undefined],
    [1011, 'ERR_WS_CLOSED'],
    [4000, 'ERR_WS_CLOSED'],
  ])('close code %i of the peer is the error %s', async (closeCode, code) => {
    const { url, accepted } = await listen();
    const client = new WebSocket(url, 'mqtt');
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    client.close(closeCode);
    await atFar.untilClosed();
    expect(atFar.error?.code).toBe(code);
    if (code !== undefined) expect(atFar.error?.message).toContain(`closed the WebSocket with code ${closeCode} (`);
  });

  test('is announced to the peer with 1000', async () => {
    const { url, accepted } = await listen();
    const client = new WebSocket(url, 'mqtt');
    const closed = new Promise((resolve) => client.once('close', resolve));
    const far = await accepted.at(0);
    far.end();
    expect(await closed).toBe(1000);
  });
});

describe('X-Forwarded-For', () => {
  test('of a trusted proxy names the client, of anybody else it does not', async () => {
    for (const [trustedProxies, expected] of [
      [['127.0.0.0/8'], { address: '203.0.113.7', port: 0 }],
      [['10.0.0.0/8'], { address: '127.0.0.1' }],
      [undefined, { address: '127.0.0.1' }],
    ] as const) {
      const { url, accepted } = await listen(trustedProxies && { trustedProxies });
      await dialled(dialWebSocket({ url, headers: { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7' } }));
      expect((await accepted.at(0)).remote).toMatchObject(expected);
    }
  });
});

test('compression is not agreed to unless it is switched on', async () => {
  for (const [perMessageDeflate, extensions] of [
    [false, ''],
    [true, 'permessage-deflate'],
  ] as const) {
    const { url, accepted } = await listen({ perMessageDeflate });
    const client = new WebSocket(url, 'mqtt');
    const far = await accepted.at(0);
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    expect(client.extensions).toBe(extensions);
    const atFar = new RecordingReceiver().attachTo(far);
    const echoed = new Promise<Buffer>((resolve) => client.once('message', resolve));
    client.send(Buffer.alloc(5_000, 1));
    await atFar.untilBytes(5_000);
    far.write(Buffer.alloc(5_000, 2));
    expect((await echoed).equals(Buffer.alloc(5_000, 2))).toBe(true);
    client.terminate();
  }
});
