import { RecordingReceiver, transportContract } from '@busbar/testkit';
import type { ByteTransport } from '@busbar/transport';
import { createMemoryPair, dialMemory, MemoryListener } from '@busbar/transport';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** A schedule whose tasks run when the test says so, in the order the test says. */
function manualSchedule() {
  const tasks: (() => void)[] = [];
  return {
    tasks,
    schedule: (task: () => void) => void tasks.push(task),
    /** Runs one due task; `choice` picks it. */
    runOne: (choice = 0) => tasks.splice(choice % tasks.length, 1)[0]?.(),
    runAll() {
      while (tasks.length > 0) this.runOne();
    },
  };
}

describe('the contract of a transport, in memory', () => {
  for (const { name, run } of transportContract) {
    test(name, () =>
      run(async (limits) => {
        const [near, far] = createMemoryPair(limits);
        return { near, far, reset: () => near.cut() };
      }),
    );
  }
});

describe('the contract of a transport, in memory, byte windows odd and chunks cut', () => {
  for (const { name, run } of transportContract) {
    test(name, () =>
      run(async (limits) => {
        let turn = 0;
        const chunk = (byteLength: number) => Math.ceil(byteLength / ((turn++ % 3) + 1));
        const [near, far] = createMemoryPair({ ...limits, chunk, windowBytes: 9_973, schedule: setImmediate });
        return { near, far, reset: () => far.cut() };
      }),
    );
  }
});

describe('createMemoryPair', () => {
  test('nothing happens before the schedule runs it', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule });
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1, 2, 3));
    near.write(Uint8Array.of(4));
    near.end();
    expect(atFar.calls).toEqual([]);
    due.runAll();
    expect(atFar.calls).toEqual(['bytes', 'bytes', 'closed']);
  });

  test('what the window holds is taken at once, so that its buffer may be reused at once', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule });
    const atFar = new RecordingReceiver().attachTo(far);
    const outbox = new Uint8Array(3);
    for (let round = 1; round <= 3; round += 1) {
      near.write(outbox.fill(round));
      expect([near.bufferedBytes, near.isWritable]).toEqual([0, true]);
    }
    due.runAll();
    expect([...atFar.bytes()]).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test('by default every write is delivered as it was written', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule });
    const atFar = new RecordingReceiver().attachTo(far);
    near.writeAll([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    due.runAll();
    expect(atFar.chunks).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  });

  test('chunk cuts and joins what is delivered', () => {
    const due = manualSchedule();
    const sizes = [1, 4, 99];
    const seen: number[] = [];
    const chunk = (byteLength: number) => {
      seen.push(byteLength);
      return sizes.shift() ?? byteLength;
    };
    const [near, far] = createMemoryPair({ schedule: due.schedule, chunk });
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1, 2, 3));
    near.write(Uint8Array.of(4, 5, 6, 7));
    due.runAll();
    expect(atFar.chunks).toEqual([Uint8Array.of(1), Uint8Array.of(2, 3, 4, 5), Uint8Array.of(6, 7)]);
    expect(seen).toEqual([7, 6, 2]);
  });

  test('what the window does not hold is buffered by exact count, up to the high-water mark', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule, windowBytes: 10, highWaterMark: 6 });
    const atNear = new RecordingReceiver().attachTo(near);
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(new Uint8Array(12));
    expect([near.bufferedBytes, near.isWritable]).toEqual([2, true]);
    near.write(new Uint8Array(4));
    expect([near.bufferedBytes, near.isWritable]).toEqual([6, false]);
    due.runOne();
    expect([atFar.byteLength, near.bufferedBytes, near.isWritable]).toEqual([10, 0, false]);
    due.runAll();
    expect([atFar.byteLength, near.isWritable, atNear.writable]).toEqual([16, true, 1]);
  });

  test('a buffer changed while it is still buffered spoils the stream, as over TCP', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule, windowBytes: 2 });
    const atFar = new RecordingReceiver().attachTo(far);
    const bytes = Buffer.from([1, 1, 1, 1]);
    near.write(bytes);
    expect(near.bufferedBytes).toBe(2);
    bytes.fill(9);
    due.runAll();
    expect(atFar.bytes()).toEqual(Uint8Array.of(1, 1, 9, 9));
  });

  test('cut loses what is under way in both directions and tells both ends', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule });
    const atNear = new RecordingReceiver().attachTo(near);
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1));
    far.write(Uint8Array.of(2));
    near.cut();
    near.cut();
    expect(atNear.calls).toEqual([]);
    due.runAll();
    expect([atNear.calls, atFar.calls]).toEqual([['closed'], ['closed']]);
    expect([atNear.error?.code, atFar.error?.code]).toEqual(['ECONNRESET', 'ECONNRESET']);
  });

  test('a destroy that loses buffered bytes resets the peer', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule, windowBytes: 2 });
    const atNear = new RecordingReceiver().attachTo(near);
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1, 2, 3));
    near.destroy();
    due.runAll();
    expect([atNear.error, atFar.error?.code, atFar.byteLength]).toEqual([undefined, 'ECONNRESET', 0]);
  });

  test('a destroy that leaves bytes unread resets the peer', () => {
    const due = manualSchedule();
    const [near, far] = createMemoryPair({ schedule: due.schedule });
    const atNear = new RecordingReceiver().attachTo(near);
    const atFar = new RecordingReceiver().attachTo(far);
    near.write(Uint8Array.of(1));
    far.destroy();
    due.runAll();
    expect(atNear.error?.code).toBe('ECONNRESET');
    expect(atFar.error).toBeUndefined();
  });

  test('property: any order of tasks, chunks and windows keeps each stream whole and in order', () => {
    const writes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    const limits = fc.record({
      windowBytes: fc.integer({ min: 1, max: 50 }),
      highWaterMark: fc.integer({ min: 1, max: 50 }),
    });
    const choices = fc.infiniteStream(fc.nat({ max: 100 }));
    fc.assert(
      fc.property(writes, writes, limits, choices, (there, back, bounds, stream) => {
        const next = () => stream.next().value ?? 0;
        const due = manualSchedule();
        const chunk = (byteLength: number) => next() % (byteLength + 2);
        const [near, far] = createMemoryPair({ ...bounds, chunk, schedule: due.schedule });
        const atNear = new RecordingReceiver().attachTo(near);
        const atFar = new RecordingReceiver().attachTo(far);
        for (const bytes of there) near.write(bytes);
        for (const bytes of back) far.write(bytes);
        while (due.tasks.length > 0) due.runOne(next());
        near.end();
        while (due.tasks.length > 0) due.runOne(next());
        expect(Buffer.compare(atFar.bytes(), Buffer.concat(there))).toBe(0);
        expect(Buffer.compare(atNear.bytes(), Buffer.concat(back))).toBe(0);
        expect([atNear.closed, atFar.closed, atNear.error, atFar.error]).toEqual([1, 1, undefined, undefined]);
        expect([near.bufferedBytes, near.isWritable, atNear.writable <= there.length]).toEqual([0, true, true]);
      }),
    );
  });

  test('property: a cut at any moment leaves a prefix and one close on each side', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 })), fc.nat({ max: 60 }), (writes, cutAfter) => {
        const due = manualSchedule();
        const [near, far] = createMemoryPair({ schedule: due.schedule, chunk: () => 7, windowBytes: 20 });
        const atNear = new RecordingReceiver().attachTo(near);
        const atFar = new RecordingReceiver().attachTo(far);
        for (const bytes of writes) near.write(bytes);
        for (let count = 0; count < cutAfter && due.tasks.length > 0; count += 1) due.runOne();
        far.cut();
        due.runAll();
        const sent = Buffer.concat(writes);
        expect(Buffer.compare(atFar.bytes(), sent.subarray(0, atFar.byteLength))).toBe(0);
        expect([atNear.closed, atFar.closed]).toEqual([1, 1]);
        expect([atNear.calls.at(-1), atFar.calls.at(-1)]).toEqual(['closed', 'closed']);
      }),
    );
  });
});

describe('MemoryListener and dialMemory', () => {
  test('a dialled connection reaches accept', async () => {
    const accepted: ByteTransport[] = [];
    const listener = new MemoryListener((transport) => accepted.push(transport));
    const dialling = dialMemory(listener);
    expect(accepted).toHaveLength(0);
    const near = await dialling;
    expect(accepted).toHaveLength(1);
    const atFar = new RecordingReceiver();
    for (const transport of accepted) atFar.attachTo(transport);
    near.write(Uint8Array.of(1, 2, 3));
    await atFar.untilBytes(3);
    expect([listener.address, listener.port, near.remote.address]).toEqual(['memory', 0, 'memory']);
  });

  test('a closed listener refuses, and leaves its connections alone', async () => {
    const atFar = new RecordingReceiver();
    const listener = new MemoryListener((transport) => void atFar.attachTo(transport));
    const near = await dialMemory(listener);
    const tooLate = dialMemory(listener);
    await listener.close();
    await listener.close();
    await expect(tooLate).rejects.toMatchObject({ name: 'TransportError', code: 'ECONNREFUSED' });
    near.write(Uint8Array.of(1));
    await atFar.untilBytes(1);
    expect(atFar.closed).toBe(0);
  });

  test('an aborted signal refuses, before and during', async () => {
    const listener = new MemoryListener(() => expect.unreachable('nothing is accepted'));
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const during = dialMemory(listener, { signal: controller.signal });
    controller.abort(reason);
    const expected = { name: 'TransportError', code: 'ABORT_ERR', cause: reason };
    await expect(during).rejects.toMatchObject(expected);
    await expect(dialMemory(listener, { signal: controller.signal })).rejects.toMatchObject(expected);
  });

  test('the schedule of the listener decides when the connection is made', async () => {
    const due = manualSchedule();
    const atFar = new RecordingReceiver();
    const listener = new MemoryListener((transport) => void atFar.attachTo(transport), { schedule: due.schedule });
    const dialling = dialMemory(listener);
    expect(due.tasks).toHaveLength(1);
    due.runAll();
    const near = await dialling;
    near.write(Uint8Array.of(1));
    expect(atFar.byteLength).toBe(0);
    due.runAll();
    expect(atFar.byteLength).toBe(1);
  });
});
