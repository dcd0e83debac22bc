import type { Socket } from 'node:net';
import { Server } from 'node:net';
import { RecordingReceiver, transportContract } from '@busbar/testkit';
import { type ListenWebSocketOptions, listenWebSocket, TransportError } from '@busbar/transport';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { dialTcp, dialTls, dialUnix, dialWebSocket } from '../src/index.browser.ts';
import { dialled, failure, opened } from './open-listeners.ts';
import { watchTimers } from './watch-timers.ts';

// From version 22 on, Node has a WebSocket as browsers have it; before, that of the `ws` package has the same face.
const platform = globalThis as { WebSocket?: unknown };
const former = platform.WebSocket;
beforeAll(() => {
  platform.WebSocket ??= WebSocket;
});
afterAll(() => {
  platform.WebSocket = former;
});

async function connectPair(
  limits: { readonly endTimeoutMs?: number } = {},
  options: Partial<ListenWebSocketOptions> = {},
) {
  const emitting = vi.spyOn(Server.prototype, 'emit');
  const { listener, accepted } = await opened((accept) =>
    listenWebSocket({ host: '127.0.0.1', port: 0, ...limits, ...options }, accept),
  );
  const url = `ws://127.0.0.1:${listener.port}/mqtt`;
  const near = await dialled(dialWebSocket({ url, ...limits }));
  const far = await accepted.at(0);
  const socket = emitting.mock.calls.find(([event]) => String(event) === 'connection')?.[1] as unknown as Socket;
  emitting.mockRestore();
  return { near, far, reset: () => void socket.resetAndDestroy() };
}

/** A browser sends what it has taken, whatever happens to the object. */
const NOT_IN_A_BROWSER = ['destroy loses what is buffered'];

describe('the contract of a transport, over a browser’s WebSocket', () => {
  for (const { name, run } of transportContract.filter(({ name }) => !NOT_IN_A_BROWSER.includes(name))) {
    test(name, () => run((limits) => connectPair(limits)));
  }
});

describe('in a browser', () => {
  test('the peer is known by the name that was dialled', async () => {
    const { near, far } = await connectPair();
    expect(near.remote.address).toBe('127.0.0.1');
    expect(near.remote.port).toBeGreaterThan(0);
    expect(far.remote.address).toBe('127.0.0.1');
  });

  test('segments leave in one frame', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const message = new Promise<Buffer>((resolve) => {
      server.on('connection', (webSocket) => webSocket.once('message', resolve));
    });
    const near = await dialled(dialWebSocket({ url: `ws://127.0.0.1:${port}/mqtt` }));
    near.writeAll([Uint8Array.of(1), Uint8Array.of(2, 3)]);
    expect([...(await message)]).toEqual([1, 2, 3]);
  });

  test.each([
    [1000, undefined],
    [1011, 'ERR_WS_CLOSED'],
  ])('close code %i of the server is the error %s', async (code, expected) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (webSocket) => webSocket.close(code));
    const { port } = server.address() as { port: number };
    const near = await dialled(dialWebSocket({ url: `ws://127.0.0.1:${port}/` }));
    const atNear = new RecordingReceiver().attachTo(near);
    await atNear.untilClosed();
    expect(atNear.error?.code).toBe(expected);
  });

  test('text closes', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const closed = new Promise((resolve) => {
      server.on('connection', (webSocket) => {
        webSocket.on('close', resolve);
        webSocket.send('hello');
      });
    });
    const { port } = server.address() as { port: number };
    const near = await dialled(dialWebSocket({ url: `ws://127.0.0.1:${port}/` }));
    const atNear = new RecordingReceiver().attachTo(near);
    await Promise.all([atNear.untilClosed(), closed]);
    expect([atNear.calls, atNear.error?.code]).toEqual([['closed'], 'ERR_WS_TEXT_FRAME']);
  });

  test('a failed attempt says as little as the browser does', async () => {
    const { listener } = await opened((accept) => listenWebSocket({ host: '127.0.0.1', port: 0 }, accept));
    const error = await failure(dialWebSocket({ url: `ws://127.0.0.1:${listener.port}/other` }));
    expect(error.message).toBe(
      `cannot connect to ws://127.0.0.1:${listener.port}/other: the browser says no more (ERR_WS_HANDSHAKE)`,
    );
  });

  test('an attempt is given up on abort and after its time, and leaves no timer', async () => {
    const silent = new Server();
    onTestFinished(() => void silent.close());
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const url = `ws://127.0.0.1:${port}/mqtt`;
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const timers = watchTimers(29_998);
    const attempt = dialWebSocket({ url, signal: controller.signal, timeoutMs: 29_998 });
    controller.abort(reason);
    expect(await failure(attempt)).toMatchObject({ code: 'ABORT_ERR', cause: reason });
    expect(await failure(dialWebSocket({ url, signal: controller.signal }))).toMatchObject({
      code: 'ABORT_ERR',
    });
    expect((await failure(dialWebSocket({ url, timeoutMs: 20 }))).message).toBe(
      `cannot connect to ws://127.0.0.1:${port}/mqtt: no answer in 20 ms (ETIMEDOUT)`,
    );
    expect(timers()).toEqual({ started: 1, cleared: 1 });
  });

  test.each([
    ['TCP', dialTcp],
    ['TLS without WebSocket', dialTls],
    ['a Unix socket', dialUnix],
  ])('nothing goes over %s', async (what, dial) => {
    const error = await failure(dial());
    expect(error).toBeInstanceOf(TransportError);
    expect(error.message).toBe(`a browser cannot connect over ${what}, only to ws: and wss: (ERR_NOT_IN_BROWSER)`);
  });
});
