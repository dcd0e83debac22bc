import assert from 'node:assert/strict';
import type { SessionRecord, StoreCommit } from '@busbar/broker';
import { Delivery } from '@busbar/protocol';
import { VirtualClock } from '@busbar/testkit';
import { beforeEach, describe, test } from 'vitest';
import { LmdbStore } from '../src/lmdb-store.ts';
import { checkDisk } from '../src/tools/check.ts';
import { MemoryDisk } from './memory-disk.ts';
import { messageOf, startOf } from './store-model.ts';

let clock: VirtualClock;
let disk: MemoryDisk;
let store: LmdbStore;
let failures: (string | undefined)[];
let record: SessionRecord;

beforeEach(() => {
  clock = new VirtualClock();
  disk = new MemoryDisk();
  failures = [];
  store = new LmdbStore(disk, { schedule: clock.schedule });
  store.load(startOf(clock, failures));
  record = store.createSession('pump', true);
  run();
});

/** Lets the store write whatever it wants to. */
function run(): void {
  clock.run();
  while (disk.complete()) clock.run();
}

/** Lets time pass, and what is asked of the operating system be answered. */
async function pass(milliseconds: number): Promise<void> {
  clock.advance(milliseconds);
  for (let i = 0; i < 5; i++) await Promise.resolve();
  clock.run();
}

function push(text: string): void {
  record.queue.push(new Delivery(messageOf('t', text), 1, false, undefined));
}

/** @returns Whether the batch that collects now has been kept, from then on. */
function waiter(): { isKept: boolean } {
  const state = { isKept: false };
  store.whenKept({
    handleKept: () => {
      assert.equal(state.isKept, false, 'once');
      state.isKept = true;
    },
  });
  return state;
}

describe('batches', () => {
  test('changes of a turn are one write, those that come meanwhile the next', () => {
    const { writes } = disk;
    push('a');
    push('b');
    const first = waiter();
    clock.run();
    push('c');
    const second = waiter();
    clock.run();
    disk.complete();
    assert.deepEqual([first.isKept, second.isKept, disk.isWriting], [true, false, true]);
    disk.complete();
    assert.deepEqual([second.isKept, disk.writes - writes], [true, 2]);
  });

  test('each write is told, with its time, rows and bytes', () => {
    const commits: StoreCommit[] = [];
    disk = new MemoryDisk();
    store = new LmdbStore(disk, { schedule: clock.schedule });
    store.load(startOf(clock, failures, commits));
    record = store.createSession('pump', true);
    run();
    commits.length = 0;
    push('a');
    clock.run();
    clock.advance(7);
    assert.deepEqual(commits, []);
    disk.complete();
    const [{ durationMs, rows, byteLength } = assert.fail('nothing was told'), ...others] = commits;
    assert.deepEqual([durationMs, others], [7, []]);
    assert.ok(rows > 0 && byteLength > rows);
  });

  test('what came and went within a batch is not written', () => {
    const { writes } = disk;
    push('a');
    record.queue.drop();
    record.journal.sent(1, new Delivery(messageOf('t', 'b'), 1, false, undefined));
    record.journal.finished(1);
    const waiting = waiter();
    clock.run();
    assert.deepEqual([waiting.isKept, disk.isWriting, disk.writes - writes], [true, false, 0]);
  });

  test('while many wait, a batch begins no sooner than four milliseconds after the one before', () => {
    push('a');
    clock.run();
    const waiting = Array.from({ length: 4 }, waiter);
    push('b');
    disk.complete();
    assert.equal(disk.isWriting, false);
    clock.advance(4);
    assert.equal(disk.isWriting, true);
    disk.complete();
    assert.ok(waiting.every(({ isKept }) => isKept));
  });

  test('who is alone does not wait for others', () => {
    push('a');
    clock.run();
    waiter();
    push('b');
    disk.complete();
    assert.equal(disk.isWriting, true);
  });

  test('a store that nobody tells anything writes nothing', () => {
    const { writes } = disk;
    clock.advance(3_600_000);
    assert.deepEqual([disk.writes, disk.isWriting], [writes, false]);
  });
});

describe('a disk that fails', () => {
  test.each([false, true])(
    'is tried again, and nothing is lost; what it had written after all: %j',
    async (isApplied) => {
      push('a');
      const first = waiter();
      clock.run();
      disk.fail(isApplied);
      assert.match(store.failure ?? '', /ENOSPC/);
      push('b');
      const second = waiter();
      clock.run();
      assert.deepEqual([disk.isWriting, first.isKept, second.isKept], [false, false, false]);
      await pass(100);
      assert.equal(disk.isWriting, true);
      disk.complete();
      clock.run();
      assert.deepEqual([first.isKept, second.isKept, store.failure], [true, true, undefined]);
      assert.deepEqual(checkDisk(disk).problems, []);
      assert.equal(checkDisk(disk).queued, 2);
    },
  );

  test('tells so once when it begins and once when it is over, and waits longer from time to time', async () => {
    push('a');
    clock.run();
    disk.fail(false);
    const attempts: number[] = [];
    for (let at = 0; at < 20_000; at += 100) {
      await pass(100);
      if (disk.fail(false)) attempts.push(at + 100);
    }
    assert.deepEqual(attempts.slice(0, 6), [100, 300, 700, 1_500, 3_100, 6_300]);
    assert.equal(failures.length, 1);
    await pass(5_000);
    disk.complete();
    assert.deepEqual(failures.slice(1), [undefined]);
  });

  test('what was delivered meanwhile is never written', async () => {
    push('a'.repeat(5_000));
    push('b');
    clock.run();
    disk.fail(false);
    record.queue.drop();
    await pass(100);
    disk.complete();
    assert.deepEqual([checkDisk(disk).queued, checkDisk(disk).problems], [1, []]);
  });

  test('a store that is closed meanwhile tries a last time, and does not wait for ever', async () => {
    push('a');
    clock.run();
    disk.fail(false);
    const closing = store.close();
    disk.fail(false);
    await closing;
  });
});

describe('a disk that is nearly full', () => {
  const MIB = 1024 * 1024;

  test('is a failure before it is full, acknowledgements are still written, and relief ends it', async () => {
    push('a');
    run();
    await pass(1_000);
    disk.room = { freeBytes: 10 * MIB, totalBytes: 100_000 * MIB };
    push('b');
    run();
    await pass(0);
    assert.match(store.failure ?? '', /10240 KiB are free/);
    const waiting = waiter();
    record.queue.drop();
    run();
    assert.equal(waiting.isKept, true);
    disk.room = { freeBytes: 17 * MIB, totalBytes: 100_000 * MIB };
    await pass(1_000);
    assert.ok(store.failure !== undefined, 'a little more is not enough');
    disk.room = { freeBytes: 21 * MIB, totalBytes: 100_000 * MIB };
    await pass(1_000);
    assert.equal(store.failure, undefined);
    assert.equal(failures.length, 2);
  });

  test('an attempt is not made where there is no room for it', async () => {
    push('a'.repeat(100_000));
    clock.run();
    disk.room = { freeBytes: 50_000, totalBytes: 100_000 };
    disk.fail(false);
    await pass(60_000);
    assert.equal(disk.isWriting, false);
    disk.room = { freeBytes: MIB, totalBytes: MIB };
    await pass(5_000);
    assert.equal(disk.isWriting, true);
  });
});
