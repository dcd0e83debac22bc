import assert from 'node:assert/strict';
import type { ByteTransport } from '@busbar/transport';
import { TransportError } from '@busbar/transport';
import { RecordingReceiver } from './recording-receiver.ts';

/** Two connected ends, neither attached, and a way to break what joins them. */
export interface ConnectedPair {
  readonly near: ByteTransport;
  readonly far: ByteTransport;
  /** The far end vanishes: `near` sees a reset, not an end. */
  reset(): void;
}

/** Makes a new pair for one case. @param limits What the case needs smaller than the defaults. */
export type ConnectPair = (limits: { readonly endTimeoutMs?: number }) => Promise<ConnectedPair>;

/** One promise of the contract, to be run by any test runner. */
export interface ContractCase {
  readonly name: string;
  run(connect: ConnectPair): Promise<void>;
}

const MEBIBYTE = 1_048_576;
const HIGH_WATER_MARK = 65_536;

/**
 * What every {@link ByteTransport} promises, as cases for any test runner. No case sleeps; what must not happen is
 * awaited through turns of the event loop, so that a transport that keeps its promises cannot fail by bad timing.
 *
 *     for (const { name, run } of transportContract) test(name, () => run(connectTcpPair));
 */
export const transportContract: readonly ContractCase[] = [
  {
    name: 'bytes arrive in order, in both directions at once',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      const toFar = pattern(200_000, 1);
      const toNear = pattern(150_000, 2);
      writeInPieces(near, toFar, 7);
      writeInPieces(far, toNear, 11);
      await Promise.all([atFar.untilBytes(toFar.byteLength), atNear.untilBytes(toNear.byteLength)]);
      assertSame(atFar.bytes(), toFar);
      assertSame(atNear.bytes(), toNear);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'writeAll sends segments in order, however many, however small',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      const sent = pattern(9_000, 3);
      const segments = Array.from({ length: 3_000 }, (_, index) => sent.subarray(index * 3, index * 3 + 3));
      near.writeAll([]);
      near.writeAll([new Uint8Array(0)]);
      near.writeAll(segments.slice(0, 1));
      near.writeAll(segments.slice(1));
      await atFar.untilBytes(sent.byteLength);
      assertSame(atFar.bytes(), sent);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a write of no bytes delivers nothing and harms nothing',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      near.write(new Uint8Array(0));
      near.write(pattern(3, 1));
      await atFar.untilBytes(3);
      assert.ok(atFar.chunks.every((chunk) => chunk.byteLength > 0));
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a small write is taken at once, and its buffer may be reused',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      const outbox = new Uint8Array(100);
      for (let round = 1; round <= 20; round += 1) {
        outbox.fill(round);
        if (round % 2 === 0) near.write(outbox);
        else near.writeAll([outbox.subarray(0, 50), outbox.subarray(50)]);
        assert.equal(near.bufferedBytes, 0);
        assert.equal(near.isWritable, true);
      }
      await atFar.untilBytes(2_000);
      const received = atFar.bytes();
      for (let at = 0; at < 2_000; at += 1) assert.equal(received[at], Math.floor(at / 100) + 1);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a received buffer is never written into again',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      const copies: Uint8Array[] = [];
      atFar.onBytes = (bytes) => copies.push(new Uint8Array(bytes));
      for (let round = 1; round <= 50; round += 1) {
        near.write(new Uint8Array(5_000).fill(round));
        await atFar.untilBytes(round * 5_000);
      }
      copies.forEach((copy, index) => {
        assertSame(atFar.chunks[index] ?? new Uint8Array(0), copy);
      });
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'large data passes whole to a writer that heeds back-pressure',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      const piece = pattern(50_000, 5);
      const total = 400;
      let written = 0;
      const pump = () => {
        while (near.isWritable && written < total) {
          near.write(piece);
          written += 1;
          assert.ok(near.bufferedBytes < HIGH_WATER_MARK + piece.byteLength);
        }
      };
      atNear.onWritable = pump;
      pump();
      await atFar.untilBytes(total * piece.byteLength);
      const received = atFar.bytes();
      for (let at = 0; at < total; at += 1) {
        assertSame(received.subarray(at * piece.byteLength, (at + 1) * piece.byteLength), piece);
      }
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a peer that does not read is visible in numbers, and handleWritable tells once that it has caught up',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      far.pause();
      const written = fill(near);
      assert.ok(near.bufferedBytes >= HIGH_WATER_MARK);
      const before = near.bufferedBytes;
      near.write(pattern(10, 1));
      assert.equal(near.bufferedBytes, before + 10);
      await turns();
      assert.equal(near.isWritable, false);
      assert.equal(atNear.writable, 0);

      far.resume();
      await atNear.until(() => atNear.writable > 0);
      assert.equal(near.bufferedBytes, 0);
      assert.equal(near.isWritable, true);
      await atFar.untilBytes(written + 10);
      await turns();
      assert.equal(atNear.writable, 1);
      assert.equal(atFar.byteLength, written + 10);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a paused end receives nothing until it resumes, also when it was paused before attach',
    async run(connect) {
      const { near, far } = await connect({});
      far.resume();
      far.pause();
      const atNear = new RecordingReceiver().attachTo(near);
      const atFar = new RecordingReceiver().attachTo(far);
      near.write(pattern(100, 1));
      await turns();
      assert.equal(atFar.byteLength, 0);
      far.resume();
      await atFar.untilBytes(100);

      far.pause();
      near.write(pattern(100, 2));
      await turns();
      assert.equal(atFar.byteLength, 100);
      far.resume();
      far.pause();
      await turns();
      assert.equal(atFar.byteLength, 100);
      far.resume();
      await atFar.untilBytes(200);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'a receiver that pauses in handleBytes gets no more chunks',
    async run(connect) {
      const { near, far } = await connect({});
      const atNear = new RecordingReceiver().attachTo(near);
      const atFar = new RecordingReceiver();
      atFar.onBytes = () => far.pause();
      for (let count = 0; count < 20; count += 1) near.write(pattern(10_000, count));
      atFar.attachTo(far);
      await atFar.untilBytes(1);
      await turns();
      assert.equal(atFar.chunks.length, 1);
      atFar.onBytes = undefined;
      far.resume();
      await atFar.untilBytes(200_000);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'bytes and the end that came before attach are delivered after it',
    async run(connect) {
      const { near, far } = await connect({});
      const atNear = new RecordingReceiver().attachTo(near);
      near.write(pattern(5_000, 9));
      near.end();
      await turns();
      const atFar = new RecordingReceiver();
      far.resume();
      await turns();
      atFar.attachTo(far);
      await Promise.all([atFar.untilClosed(), atNear.untilClosed()]);
      assertSame(atFar.bytes(), pattern(5_000, 9));
      assertClosedInOrder(atFar);
      assertClosedInOrder(atNear);
    },
  },
  {
    name: 'attaching a second receiver throws',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      assert.throws(() => near.attach(new RecordingReceiver()), /one receiver/);
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'the peer has an address',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      for (const { remote } of [near, far]) {
        assert.match(remote.address, /^[\w.:]+$/);
        assert.ok(Number.isInteger(remote.port));
      }
      await close(near, atNear, atFar);
    },
  },
  {
    name: 'no receiver is called from within attach, write, end or destroy',
    async run(connect) {
      const { near, far } = await connect({});
      far.write(pattern(1_000, 1));
      await turns();
      const atNear = new RecordingReceiver().attachTo(near);
      const atFar = new RecordingReceiver().attachTo(far);
      const guarded = (act: () => void) => atNear.within(() => atFar.within(act));
      guarded(() => near.write(pattern(MEBIBYTE, 1)));
      guarded(() => near.writeAll([pattern(10, 1), pattern(MEBIBYTE, 2)]));
      guarded(() => far.pause());
      guarded(() => far.resume());
      await atFar.untilBytes(2 * MEBIBYTE + 10);
      guarded(() => near.end());
      guarded(() => far.destroy());
      guarded(() => far.end());
      guarded(() => near.destroy());
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.equal(atNear.callsFromWithin + atFar.callsFromWithin, 0);
    },
  },
  {
    name: 'end sends what is buffered, then both sides close in order',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      far.pause();
      const written = fill(near);
      near.end();
      far.resume();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.equal(atFar.byteLength, written);
      assertClosedInOrder(atNear);
      assertClosedInOrder(atFar);
      assert.equal(atNear.writable, 0);
    },
  },
  {
    name: 'after end nothing is sent and nothing received, only the close is told',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      near.pause();
      far.write(pattern(MEBIBYTE, 1));
      await turns();
      near.write(pattern(10, 2));
      near.end();
      near.write(pattern(10, 3));
      near.writeAll([pattern(10, 4)]);
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assertSame(atFar.bytes(), pattern(10, 2));
      assert.deepEqual(atNear.calls, ['closed']);
      assertClosedInOrder(atNear);
      near.write(pattern(10, 5));
      near.pause();
      near.resume();
      near.end();
      near.destroy();
      await turns();
      assert.equal(atNear.closed, 1);
    },
  },
  {
    name: 'a peer that never reads holds up the end for a bounded time only',
    async run(connect) {
      const { near, far, atNear } = await open(connect, { endTimeoutMs: 50 });
      far.pause();
      fill(near);
      near.end();
      await atNear.untilClosed();
      assert.equal(atNear.error?.code, 'ETIMEDOUT');
      assert.match(atNear.error?.message ?? '', /bytes not taken within 50 ms/);
      far.destroy();
    },
  },
  {
    name: 'both sides may end at once',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      near.end();
      far.end();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assertClosedInOrder(atNear);
      assertClosedInOrder(atFar);
    },
  },
  {
    name: 'an end from within handleBytes is obeyed at once',
    async run(connect) {
      const { near, far } = await connect({});
      const atNear = new RecordingReceiver().attachTo(near);
      for (let count = 0; count < 20; count += 1) near.write(pattern(10_000, count));
      const atFar = new RecordingReceiver();
      atFar.onBytes = () => far.end();
      atFar.attachTo(far);
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.deepEqual(atFar.calls, ['bytes', 'closed']);
    },
  },
  {
    name: 'destroy with nothing buffered closes both sides in order',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      near.write(pattern(10, 1));
      near.destroy();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assertSame(atFar.bytes(), pattern(10, 1));
      assertClosedInOrder(atNear);
      assertClosedInOrder(atFar);
    },
  },
  {
    name: 'destroy loses what is buffered',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      far.pause();
      const written = fill(near);
      near.destroy();
      far.resume();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.ok(atFar.byteLength < written);
      assert.equal(atFar.closed, 1);
      assertClosedInOrder(atNear);
      assert.equal(atNear.writable, 0);
    },
  },
  {
    name: 'a destroy from within handleBytes is obeyed at once',
    async run(connect) {
      const { near, far } = await connect({});
      const atNear = new RecordingReceiver().attachTo(near);
      for (let count = 0; count < 20; count += 1) near.write(pattern(10_000, count));
      const atFar = new RecordingReceiver();
      atFar.onBytes = () => far.destroy();
      atFar.attachTo(far);
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.deepEqual(atFar.calls, ['bytes', 'closed']);
      assert.equal(atFar.error, undefined);
    },
  },
  {
    name: 'the close is told once, whatever is called and how often',
    async run(connect) {
      const { near, far, atNear, atFar } = await open(connect);
      near.end();
      near.end();
      near.destroy();
      near.destroy();
      far.destroy();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      near.destroy();
      far.end();
      await turns();
      assert.equal(atNear.closed, 1);
      assert.equal(atFar.closed, 1);
    },
  },
  {
    name: 'a transport destroyed before attach tells the close after it',
    async run(connect) {
      const { near, far } = await connect({});
      near.destroy();
      await turns();
      const atNear = new RecordingReceiver().attachTo(near);
      const atFar = new RecordingReceiver().attachTo(far);
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      await turns();
      assert.deepEqual(atNear.calls, ['closed']);
      assert.equal(atNear.callsFromWithin, 0);
      assertClosedInOrder(atNear);
    },
  },
  {
    name: 'a transport destroyed and attached in the same turn tells the close once',
    async run(connect) {
      const { near, far } = await connect({});
      near.destroy();
      const atNear = new RecordingReceiver().attachTo(near);
      far.destroy();
      const atFar = new RecordingReceiver().attachTo(far);
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      await turns();
      assert.deepEqual(atNear.calls, ['closed']);
      assert.deepEqual(atFar.calls, ['closed']);
    },
  },
  {
    name: 'a reset by the peer arrives as the error of the close',
    async run(connect) {
      const { near, atNear, reset } = await open(connect);
      reset();
      await atNear.untilClosed();
      assertReset(atNear);
      near.write(pattern(10, 1));
      near.destroy();
      await turns();
      assert.equal(atNear.closed, 1);
    },
  },
  {
    name: 'a reset before attach is told after it',
    async run(connect) {
      const { near, reset } = await connect({});
      reset();
      await turns();
      const atNear = new RecordingReceiver().attachTo(near);
      await atNear.untilClosed();
      assertReset(atNear);
      assert.equal(atNear.callsFromWithin, 0);
    },
  },
  {
    name: 'a reset while a writer is held up closes it without handleWritable',
    async run(connect) {
      const { near, far, atNear, reset } = await open(connect);
      far.pause();
      fill(near);
      reset();
      await atNear.untilClosed();
      assertReset(atNear);
      assert.equal(atNear.writable, 0);
    },
  },
];

async function open(connect: ConnectPair, limits: { readonly endTimeoutMs?: number } = {}) {
  const pair = await connect(limits);
  const atNear = new RecordingReceiver().attachTo(pair.near);
  const atFar = new RecordingReceiver().attachTo(pair.far);
  return { ...pair, atNear, atFar };
}

async function close(near: ByteTransport, atNear: RecordingReceiver, atFar: RecordingReceiver): Promise<void> {
  near.end();
  await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
  assertClosedInOrder(atNear);
  assertClosedInOrder(atFar);
}

/** Writes until the transport says that it is not writable; gives the number of bytes written. */
function fill(transport: ByteTransport): number {
  const piece = pattern(MEBIBYTE, 1);
  let written = 0;
  while (transport.isWritable) {
    assert.ok(written < 256 * MEBIBYTE, 'the transport has no back-pressure');
    transport.write(piece);
    written += piece.byteLength;
  }
  return written;
}

/** Bytes that tell a displaced, lost or doubled piece from the right one. */
function pattern(byteLength: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let state = seed + 1;
  for (let at = 0; at < byteLength; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

function writeInPieces(transport: ByteTransport, bytes: Uint8Array, step: number): void {
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size * step) % 4_093) {
    transport.write(bytes.subarray(at, at + size));
  }
}

/** Lets the event loop go round often enough for everything that is due to happen. */
async function turns(): Promise<void> {
  for (let count = 0; count < 10; count += 1) await new Promise((resolve) => setImmediate(resolve));
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.byteLength, expected.byteLength);
  if (Buffer.compare(actual, expected) === 0) return;
  assert.fail(`bytes differ from offset ${actual.findIndex((byte, at) => byte !== expected[at])}`);
}

function assertClosedInOrder(receiver: RecordingReceiver): void {
  assert.equal(receiver.error, undefined);
  assert.equal(receiver.closed, 1);
  assert.equal(receiver.calls.at(-1), 'closed');
}

function assertReset(receiver: RecordingReceiver): void {
  assert.ok(receiver.error instanceof TransportError);
  assert.equal(receiver.error.code, 'ECONNRESET');
  assert.match(receiver.error.message, /connection reset by peer \(ECONNRESET\)$/);
  assert.equal(receiver.calls.at(-1), 'closed');
}
