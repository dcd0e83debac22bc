import { randomBytes } from 'node:crypto';
import {
  dialWebSocket,
  type ListenWebSocketOptions,
  listenWebSocket,
  type TransportAddress,
  type TransportError,
} from '@busbar/transport';
import { expect } from 'vitest';
import { Calls, opened, RawPeer } from './open-listeners.ts';

export const BINARY = 2;
export const TEXT = 1;
export const PING = 9;

/** A listener on a free port that keeps what it was told. */
export async function listenForWebSockets(options: Partial<ListenWebSocketOptions> = {}) {
  const failed = new Calls<[TransportAddress, TransportError]>();
  const common = { host: '127.0.0.1', port: 0, onHandshakeFailed: failed.record };
  const { listener, accepted } = await opened((accept) => listenWebSocket({ ...common, ...options }, accept));
  const url = `ws://127.0.0.1:${listener.port}/mqtt`;
  return { listener, accepted, failed, url, dial: () => dialWebSocket({ url }) };
}

/** An HTTP request for a WebSocket, with or without what belongs there. */
export function request(
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET /mqtt HTTP/1.1',
): string {
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
export function frame(opcode: number, payload: Uint8Array, isFinal = true): Buffer {
  const mask = randomBytes(4);
  const length = Buffer.alloc(payload.length < 126 ? 1 : 3);
  if (payload.length < 126) length[0] = 0x80 | payload.length;
  else length.writeUInt16BE(payload.length, 1);
  if (payload.length >= 126) length[0] = 0x80 | 126;
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Uint8Array.of((isFinal ? 0x80 : 0) | opcode), length, mask, masked]);
}

/** A client that has shaken hands and writes its frames itself. */
export async function openRaw(port: number, first: Uint8Array = new Uint8Array(0)): Promise<RawPeer> {
  const peer = new RawPeer(port);
  peer.socket.write(Buffer.concat([Buffer.from(request()), first]));
  await peer.until((received) => received.includes('\r\n\r\n'));
  expect(peer.received.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
  return peer;
}

/** What came after the answer to the handshake. */
export function frames(peer: RawPeer): Buffer {
  return peer.received.subarray(peer.received.indexOf('\r\n\r\n') + 4);
}
