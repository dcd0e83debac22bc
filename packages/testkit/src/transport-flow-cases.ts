import assert from 'node:assert/strict';
import type { ByteTransport } from '@busbar/transport';
import { RecordingReceiver } from './recording-receiver.ts';
import {
  assertClosedInOrder,
  assertSame,
  type ContractCase,
  close,
  fill,
  HIGH_WATER_MARK,
  open,
  pattern,
  turns,
  untilTaken,
} from './transport-case.ts';

/** Bytes that a transport may put before those of one write. */
const FRAMING = 14;

/** What a transport promises while the connection is open: order, completeness, back-pressure. */
export const transportFlowCases: readonly ContractCase[] = [
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
    name: 'a buffer may be reused as soon as nothing is buffered',
    async run(connect) {
      const { near, atNear, atFar } = await open(connect);
      const outbox = new Uint8Array(100);
      for (let round = 1; round <= 20; round += 1) {
        outbox.fill(round);
        if (round % 2 === 0) near.write(outbox);
        else near.writeAll([outbox.subarray(0, 50), outbox.subarray(50)]);
        assert.equal(near.isWritable, true);
        await untilTaken(near);
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
      const total = 100;
      let written = 0;
      const pump = () => {
        while (near.isWritable && written < total) {
          near.write(piece);
          written += 1;
          assert.ok(near.bufferedBytes < HIGH_WATER_MARK + piece.byteLength + FRAMING);
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
      const written = await fill(near);
      const writable = atNear.writable;
      assert.ok(near.bufferedBytes >= HIGH_WATER_MARK);
      const before = near.bufferedBytes;
      near.write(pattern(10, 1));
      assert.ok(near.bufferedBytes >= before + 10 && near.bufferedBytes <= before + 10 + FRAMING);
      await turns();
      assert.equal(near.isWritable, false);
      assert.equal(atNear.writable, writable);

      far.resume();
      await atNear.until(() => atNear.writable > writable);
      assert.equal(near.bufferedBytes, 0);
      assert.equal(near.isWritable, true);
      await atFar.untilBytes(written + 10);
      await turns();
      assert.equal(atNear.writable, writable + 1);
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
];

function writeInPieces(transport: ByteTransport, bytes: Uint8Array, step: number): void {
  for (let at = 0, size = 1; at < bytes.byteLength; at += size, size = (size * step) % 4_093) {
    transport.write(bytes.subarray(at, at + size));
  }
}
