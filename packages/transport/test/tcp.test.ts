import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { RecordingReceiver, transportContract } from '@busbar/testkit';
import { type ByteTransport, SocketTransport } from '@busbar/transport';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { watchTimers } from './watch-timers.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A pair of connected sockets of this machine. */
async function connectSockets(options: { allowHalfOpen?: boolean } = {}): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const dialled = connect({ port: address.port, host: '127.0.0.1', ...options });
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(dialled, 'connect')]);
  server.close();
  if (!(accepted instanceof Socket)) throw new Error('no socket was accepted');
  sockets.push(dialled, accepted);
  return [dialled, accepted];
}

for (const nearIs of ['dialled', 'accepted']) {
  describe(`the contract of a transport, over TCP, the ${nearIs} side`, () => {
    for (const { name, run } of transportContract) {
      test(name, () =>
        run(async (limits) => {
          const [dialled, accepted] = await connectSockets();
          const [near, far] = nearIs === 'dialled' ? [dialled, accepted] : [accepted, dialled];
          return {
            near: new SocketTransport(near, limits),
            far: new SocketTransport(far, limits),
            reset: () => far.resetAndDestroy(),
          };
        }),
      );
    }
  });
}

describe('SocketTransport over TCP', () => {
  test('a small write is taken at once, so that its buffer may be reused at once', async () => {
    const [near, far] = await connectSockets();
    const transport = new SocketTransport(near);
    const atFar = new RecordingReceiver().attachTo(new SocketTransport(far));
    const outbox = new Uint8Array(100);
    for (let round = 1; round <= 20; round += 1) {
      outbox.fill(round);
      if (round % 2 === 0) transport.write(outbox);
      else transport.writeAll([outbox.subarray(0, 50), outbox.subarray(50)]);
      expect([transport.bufferedBytes, transport.isWritable]).toEqual([0, true]);
    }
    await atFar.untilBytes(2_000);
    const expected = Buffer.concat(Array.from({ length: 20 }, (_, index) => Buffer.alloc(100, index + 1)));
    expect(Buffer.compare(atFar.bytes(), expected)).toBe(0);
  });

  test('a large write that the kernel takes whole leaves it writable', async () => {
    const [near, far] = await connectSockets();
    const transport = new SocketTransport(near);
    const atNear = new RecordingReceiver().attachTo(transport);
    const atFar = new RecordingReceiver().attachTo(new SocketTransport(far));
    transport.write(new Uint8Array(100_000));
    expect([transport.bufferedBytes, transport.isWritable]).toEqual([0, true]);
    transport.writeAll([new Uint8Array(50_000), new Uint8Array(50_000)]);
    expect([transport.bufferedBytes, transport.isWritable]).toEqual([0, true]);
    await atFar.untilBytes(200_000);
    expect(atNear.writable).toBe(0);
  });

  test('a write is one call of the system, and so is writeAll', async () => {
    const [near, far] = await connectSockets();
    const single = vi.spyOn(near, '_write');
    const gathered = vi.spyOn(near, '_writev');
    const transport = new SocketTransport(near);
    const atFar = new RecordingReceiver().attachTo(new SocketTransport(far));
    transport.write(Uint8Array.of(1));
    expect([single.mock.calls.length, gathered.mock.calls.length]).toEqual([1, 0]);
    transport.writeAll([Uint8Array.of(2), Uint8Array.of(3), Buffer.from([4])]);
    expect([single.mock.calls.length, gathered.mock.calls.length]).toEqual([1, 1]);
    await atFar.untilBytes(4);
    expect([...atFar.bytes()]).toEqual([1, 2, 3, 4]);
  });

  test('the high-water mark is counted to the byte while the peer does not read', async () => {
    const [near, far] = await connectSockets();
    far.pause();
    const transport = new SocketTransport(near, { highWaterMark: 100_000 });
    while (transport.bufferedBytes === 0) transport.write(new Uint8Array(30_000));
    expect([transport.bufferedBytes, transport.isWritable]).toEqual([30_000, true]);
    transport.write(new Uint8Array(69_999));
    expect([transport.bufferedBytes, transport.isWritable]).toEqual([99_999, true]);
    transport.writeAll([new Uint8Array(1)]);
    expect([transport.bufferedBytes, transport.isWritable]).toEqual([100_000, false]);
  });

  test('a peer that ends its side still gets what is buffered', async () => {
    const [far, near] = await connectSockets({ allowHalfOpen: true });
    far.pause();
    const transport = new SocketTransport(near);
    const atNear = new RecordingReceiver().attachTo(transport);
    let written = 0;
    while (transport.isWritable) {
      transport.write(new Uint8Array(1_000_000));
      written += 1_000_000;
    }
    far.end();
    await once(near, 'end');
    transport.write(new Uint8Array(5));
    let received = 0;
    far.on('data', (bytes) => {
      received += bytes.byteLength;
    });
    far.resume();
    await Promise.all([once(far, 'end'), atNear.untilClosed()]);
    expect(received).toBe(written);
    expect(atNear.error).toBeUndefined();
  });

  test('a peer that ends its side and reads nothing is cut off in bounded time', async () => {
    const [far, near] = await connectSockets({ allowHalfOpen: true });
    far.pause();
    const transport = new SocketTransport(near, { endTimeoutMs: 30 });
    const atNear = new RecordingReceiver().attachTo(transport);
    while (transport.isWritable) transport.write(new Uint8Array(1_000_000));
    far.end();
    await atNear.untilClosed();
    expect(atNear.error).toMatchObject({ name: 'TransportError', code: 'ETIMEDOUT' });
  });

  test('a peer that took everything and never ends its side is left in order after the bound', async () => {
    const [far, near] = await connectSockets({ allowHalfOpen: true });
    const transport = new SocketTransport(near, { endTimeoutMs: 30 });
    const atNear = new RecordingReceiver().attachTo(transport);
    const ended = once(far.resume(), 'end');
    transport.write(new Uint8Array(10));
    transport.end();
    await Promise.all([ended, atNear.untilClosed()]);
    expect(atNear.error).toBeUndefined();
  });

  test('writing into a connection that the peer has reset ends in handleClosed with the error', async () => {
    const [near, far] = await connectSockets();
    near.pause();
    const transport: ByteTransport = new SocketTransport(near);
    transport.pause();
    const atNear = new RecordingReceiver().attachTo(transport);
    far.resetAndDestroy();
    await once(far, 'close');
    transport.write(new Uint8Array(10));
    await atNear.untilClosed();
    expect(['ECONNRESET', 'EPIPE']).toContain(atNear.error?.code);
    expect(atNear.error?.message).toMatch(/^connection with 127\.0\.0\.1:\d+: .+ \((ECONNRESET|EPIPE)\)$/);
  });

  test('no timer outlives a connection', async () => {
    const [near, far] = await connectSockets();
    const timers = watchTimers(4_999);
    const transport = new SocketTransport(near, { endTimeoutMs: 4_999 });
    const atNear = new RecordingReceiver().attachTo(transport);
    new RecordingReceiver().attachTo(new SocketTransport(far));
    transport.end();
    await atNear.untilClosed();
    expect(timers()).toEqual({ started: 1, cleared: 1 });
  });
});
