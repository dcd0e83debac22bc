import { randomBytes } from 'node:crypto';
import { RecordingReceiver } from '@busbar/testkit';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { BINARY, frame, frames, listenForWebSockets, openRaw, PING, TEXT } from './websocket-harness.ts';

describe('frames', () => {
  test('are a stream: packets span frames, frames span packets, fragments and empty frames count for nothing', async () => {
    const { listener, accepted } = await listenForWebSockets();
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
    const { listener, accepted } = await listenForWebSockets();
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    const sent = randomBytes(300);
    for (const byte of frame(BINARY, sent)) peer.socket.write(Uint8Array.of(byte));
    await atFar.untilBytes(300);
    expect(Buffer.compare(atFar.bytes(), sent)).toBe(0);
  });

  test('leave as binary frames, one for each segment [MQTT-6.0.0-1]', async () => {
    const { listener, accepted } = await listenForWebSockets();
    const peer = await openRaw(listener.port);
    const far = await accepted.at(0);
    far.write(Uint8Array.of(1));
    far.writeAll([Uint8Array.of(2), new Uint8Array(0), Uint8Array.of(3, 4)]);
    await peer.until(() => frames(peer).length >= 10);
    expect([...frames(peer)]).toEqual([0x82, 1, 1, 0x82, 1, 2, 0x82, 2, 3, 4]);
  });

  test('with text close with 1003 [MQTT-6.0.0-1]', async () => {
    const { listener, accepted } = await listenForWebSockets();
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
    const { listener, accepted } = await listenForWebSockets({ maximumPayload: 1_000, endTimeoutMs: 30 });
    const peer = await openRaw(listener.port);
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    peer.socket.write(sent);
    await peer.untilClosed();
    expect([...frames(peer)].slice(0, 4)).toEqual([0x88, 2, closeCode >> 8, closeCode & 0xff]);
    await atFar.untilClosed();
    expect([atFar.byteLength, atFar.error?.code]).toEqual([0, code]);
  });

  test('with pings are answered and change nothing', async () => {
    const { listener, accepted } = await listenForWebSockets();
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
    const { listener, accepted } = await listenForWebSockets();
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
      const { listener, accepted } = await listenForWebSockets();
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
    const { url, accepted } = await listenForWebSockets();
    const client = new WebSocket(url, 'mqtt');
    const atFar = new RecordingReceiver().attachTo(await accepted.at(0));
    if (client.readyState !== WebSocket.OPEN) await new Promise((resolve) => client.once('open', resolve));
    client.close(closeCode);
    await atFar.untilClosed();
    expect(atFar.error?.code).toBe(code);
    if (code !== undefined) expect(atFar.error?.message).toContain(`closed the WebSocket with code ${closeCode} (`);
  });

  test('is announced to the peer with 1000', async () => {
    const { url, accepted } = await listenForWebSockets();
    const client = new WebSocket(url, 'mqtt');
    const closed = new Promise((resolve) => client.once('close', resolve));
    const far = await accepted.at(0);
    far.end();
    expect(await closed).toBe(1000);
  });
});

test('compression is not agreed to unless it is switched on', async () => {
  for (const [perMessageDeflate, extensions] of [
    [false, ''],
    [true, 'permessage-deflate'],
  ] as const) {
    const { url, accepted } = await listenForWebSockets({ perMessageDeflate });
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
