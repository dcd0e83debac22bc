import assert from 'node:assert/strict';
import { RecordingReceiver } from './recording-receiver.ts';
import {
  assertClosedInOrder,
  assertReset,
  assertSame,
  type ContractCase,
  fill,
  MEBIBYTE,
  open,
  pattern,
  turns,
  untilTaken,
} from './transport-case.ts';

/** What a transport promises about the end of a connection: who is told what, when and how often. */
export const transportClosingCases: readonly ContractCase[] = [
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
      const written = await fill(near);
      const writable = atNear.writable;
      near.end();
      far.resume();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.equal(atFar.byteLength, written);
      assertClosedInOrder(atNear);
      assertClosedInOrder(atFar);
      assert.equal(atNear.writable, writable);
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
      await fill(near);
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
      await untilTaken(near);
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
      const written = await fill(near);
      const writable = atNear.writable;
      near.destroy();
      far.resume();
      await Promise.all([atNear.untilClosed(), atFar.untilClosed()]);
      assert.ok(atFar.byteLength < written);
      assert.equal(atFar.closed, 1);
      assertClosedInOrder(atNear);
      assert.equal(atNear.writable, writable);
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
      await fill(near);
      const writable = atNear.writable;
      reset();
      await atNear.untilClosed();
      assertReset(atNear);
      assert.equal(atNear.writable, writable);
    },
  },
];
