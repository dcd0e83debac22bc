import { mkdtempSync, rmSync } from 'node:fs';
import { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ConnectedPair, createTestAuthority, transportContract } from '@busbar/testkit';
import {
  type ByteTransport,
  dialTls,
  dialUnix,
  dialWebSocket,
  listenSecureWebSocket,
  listenTls,
  listenUnix,
  listenWebSocket,
  type TransportListener,
} from '@busbar/transport';
import { afterAll, describe, test, vi } from 'vitest';
import { dialled, opened } from './open-listeners.ts';

type Limits = { readonly endTimeoutMs?: number };
type Accept = (transport: ByteTransport) => void;

const authority = createTestAuthority();
const tls = { certificates: [authority.issue({ altNames: ['localhost'] })] };
const trust = { ca: authority.cert };
const host = '127.0.0.1';
const folder = mkdtempSync(path.join(tmpdir(), 'busbar-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Kind {
  readonly name: string;
  listen(limits: Limits, accept: Accept): Promise<TransportListener>;
  dial(listener: TransportListener, limits: Limits): Promise<ByteTransport>;
}

const tlsOver = (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Kind => ({
  name: maxVersion,
  listen: (limits, accept) => listenTls({ ...limits, host, port: 0, tls }, accept),
  dial: ({ port }, limits) => dialTls({ ...limits, host: 'localhost', port, tls: { ...trust, maxVersion } }),
});

const KINDS: readonly Kind[] = [
  tlsOver('TLSv1.3'),
  tlsOver('TLSv1.2'),
  {
    name: 'WebSocket',
    listen: (limits, accept) => listenWebSocket({ ...limits, host, port: 0 }, accept),
    dial: ({ port }, limits) => dialWebSocket({ ...limits, url: `ws://127.0.0.1:${port}/mqtt` }),
  },
  {
    name: 'compressed WebSocket',
    listen: (limits, accept) => listenWebSocket({ ...limits, host, port: 0, perMessageDeflate: true }, accept),
    dial: ({ port }, limits) =>
      dialWebSocket({ ...limits, url: `ws://127.0.0.1:${port}/mqtt`, perMessageDeflate: true }),
  },
  {
    name: 'secure WebSocket',
    listen: (limits, accept) => listenSecureWebSocket({ ...limits, host, port: 0, tls }, accept),
    dial: ({ port }, limits) => dialWebSocket({ ...limits, url: `wss://localhost:${port}/mqtt`, tls: trust }),
  },
  {
    name: 'a Unix socket',
    listen: (limits, accept) => listenUnix({ ...limits, path: path.join(folder, 'mqtt.sock') }, accept),
    dial: ({ address }, limits) => dialUnix({ ...limits, path: address }),
  },
];

/** Connects a new pair, and finds the sockets of the operating system that carry it. */
async function connectPair(kind: Kind, nearIs: string, limits: Limits): Promise<ConnectedPair> {
  const connecting = vi.spyOn(Socket.prototype, 'connect');
  const emitting = vi.spyOn(Server.prototype, 'emit');
  const { listener, accepted } = await opened((accept) => kind.listen(limits, accept));
  const dialer = await dialled(kind.dial(listener, limits));
  const acceptor = await accepted.at(0);
  await listener.close();
  // A TLS server writes session tickets after it has told of the connection; a reset on top of them would look like an end.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const dialerSocket = connecting.mock.contexts.at(-1) as Socket;
  const acceptorSocket = emitting.mock.calls.find(
    ([event]) => String(event) === 'connection',
  )?.[1] as unknown as Socket;
  connecting.mockRestore();
  emitting.mockRestore();
  return nearIs === 'dialled'
    ? { near: dialer, far: acceptor, reset: () => reset(dialerSocket, acceptorSocket) }
    : { near: acceptor, far: dialer, reset: () => reset(acceptorSocket, dialerSocket) };
}

/** The far socket vanishes. A Unix socket resets its peer when it is closed over bytes that were not read. */
function reset(near: Socket, far: Socket): void {
  if (far.remoteAddress !== undefined) {
    far.resetAndDestroy();
  } else {
    near.write(Uint8Array.of(1));
    far.destroy();
  }
}

for (const kind of KINDS) {
  for (const nearIs of ['dialled', 'accepted']) {
    describe(`the contract of a transport, over ${kind.name}, the ${nearIs} side`, () => {
      for (const { name, run } of transportContract) {
        test(name, () => run((limits) => connectPair(kind, nearIs, limits)));
      }
    });
  }
}
