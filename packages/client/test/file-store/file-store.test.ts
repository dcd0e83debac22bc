import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, test, vi } from 'vitest';
import { FileStore } from '../../src/file-store/index.ts';
import { encodeGroup, MAGIC, readLog } from '../../src/file-store/log-format.ts';
import type { ClientError, StoreChange } from '../../src/index.ts';
import { STORE_CASES } from '../store/store-contract.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'busbar-file-store-'));
let files = 0;
const newPath = () => path.join(folder, `deep/${++files}/store`);

/** Opens the store of a file, and closes it. */
async function openAndClose(file: string): Promise<void> {
  const store = new FileStore(file);
  await store.load();
  await store.close();
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const put = (key: string, length: number): StoreChange => ({ key, value: new Uint8Array(length).fill(key.length) });

describe('the file store keeps the contract', () => {
  test.each(STORE_CASES)('$name', async ({ run }) => {
    const file = newPath();
    await run(() => new FileStore(file, { sync: false, compactAfterBytes: 500 }));
  });
});

describe('a log that a crash has cut off', () => {
  const groups = [
    [put('one', 5)],
    [put('three', 40), { key: 'one', value: undefined }],
    [put('seventy', 3), put('x', 0), put('one', 9)],
  ];
  const parts = [MAGIC, ...groups.map(encodeGroup)];
  const log = Buffer.concat(parts);
  const ends = parts.map((_, at) => Buffer.concat(parts.slice(0, at + 1)).length);

  test('anywhere: whole groups are there, the rest is not', () => {
    for (let length = 0; length <= log.length; length++) {
      const { records, byteLength } = readLog(Buffer.from(log.subarray(0, length)));
      const whole = ends.filter((end) => end <= length);
      assert.equal(byteLength, whole.at(-1) ?? length);
      assert.deepEqual(records, readLog(Buffer.from(log.subarray(0, whole.at(-1) ?? 0))).records);
    }
  });

  test('with zeros where the last group was to come, or a last group that is half written', () => {
    const [, , , last = 0] = ends;
    const zeros = Buffer.concat([log, Buffer.alloc(5_000)]);
    assert.equal(readLog(zeros).byteLength, last);
    const half = Buffer.from(log);
    half.fill(0, log.length - 8);
    assert.equal(readLog(half).byteLength, ends[2]);
  });

  test('property: any other change of a byte is found, never read', () => {
    fc.assert(
      fc.property(fc.nat({ max: log.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const damaged = Buffer.from(log);
        damaged[at] = (damaged[at] ?? 0) ^ difference;
        const isInLastBody = at >= (ends[2] ?? 0) + 12;
        if (isInLastBody) assert.equal(readLog(damaged).byteLength, ends[2]);
        else assert.throws(() => readLog(damaged), { name: 'ClientError', code: /store-(damaged|mismatch)/ });
      }),
    );
  });

  test('is cut there, and gone on with', async () => {
    const file = newPath();
    const first = new FileStore(file);
    await first.load();
    await first.write([put('a', 3)]);
    await first.close();
    appendFileSync(file, encodeGroup([put('b', 100)]).subarray(0, 50));
    const second = new FileStore(file);
    assert.deepEqual(new Map(await second.load()).size, 1);
    await second.write([put('c', 1)]);
    await second.close();
    assert.deepEqual([...readLog(readFileSync(file)).records.keys()], ['a', 'c']);
  });
});

test('what is over is thrown away once it is more than what counts', async () => {
  const file = newPath();
  const store = new FileStore(file, { sync: false, compactAfterBytes: 10_000 });
  await store.load();
  await store.write([put('kept', 1_000)]);
  for (let i = 0; i < 500; i++) await store.write([put(`k${i}`, 500), { key: `k${i - 1}`, value: undefined }]);
  await store.close();
  assert.ok(statSync(file).size < 20_000, `${statSync(file).size} bytes`);
  assert.deepEqual([...readLog(readFileSync(file)).records.keys()].sort(), ['k499', 'kept']);
  assert.equal(existsSync(`${file}.new`), false);
});

test('a file that cannot be written anew is gone on with, and written anew later', async () => {
  const file = newPath();
  const store = new FileStore(file, { sync: false, compactAfterBytes: 10_000 });
  await store.load();
  mkdirSync(`${file}.new`); // as little room for it as on a full disk
  for (let i = 0; i < 100; i++) await store.write([put('a', 500)]);
  assert.ok(statSync(file).size > 50_000);
  rmdirSync(`${file}.new`);
  for (let i = 0; i < 50; i++) await store.write([put('a', 500)]);
  await store.write([put('b', 7)]);
  await store.close();
  assert.ok(statSync(file).size < 20_000, `${statSync(file).size} bytes`);
  assert.deepEqual([...readLog(readFileSync(file)).records.keys()], ['a', 'b']);
});

test('a new file that was not finished counts for nothing', async () => {
  const file = newPath();
  const store = new FileStore(file);
  await store.load();
  await store.write([put('a', 1)]);
  await store.close();
  writeFileSync(`${file}.new`, 'half');
  const again = new FileStore(file);
  assert.equal(new Map(await again.load()).size, 1);
  await again.close();
  assert.equal(existsSync(`${file}.new`), false);
});

test('what cannot be opened is told with its path, and can be tried again', async () => {
  const file = newPath();
  await openAndClose(file);
  for (const wrong of [path.dirname(file), path.join(file, 'below-a-file')]) {
    for (const attempt of [new FileStore(wrong), new FileStore(wrong)]) {
      await assert.rejects(attempt.load(), (error: ClientError) => {
        assert.equal(error.code, 'store-failed');
        assert.ok(error.message.startsWith(`cannot open the store '${wrong}': `), error.message);
        return error.cause instanceof Error;
      });
    }
  }
});

describe('one client at a time', () => {
  test('a second one is refused, until the first has closed', async () => {
    const file = newPath();
    const store = new FileStore(file);
    await store.load();
    await assert.rejects(new FileStore(file).load(), { code: 'store-in-use' });
    await assert.rejects(store.load(), { code: 'store-in-use' });
    await store.close();
    await openAndClose(file);
  });

  test('the lock of a process that lives is kept, that of a dead one is not', async () => {
    const file = newPath();
    await openAndClose(file);
    writeFileSync(`${file}.lock`, `1 ${hostname()}\n`);
    await assert.rejects(new FileStore(file).load(), { code: 'store-in-use' });
    writeFileSync(`${file}.lock`, `1 another-machine\n`);
    utimesSync(`${file}.lock`, new Date(), new Date(Date.now() - 13_500));
    await openAndClose(file); // once the other machine has been silent for fifteen seconds
    writeFileSync(`${file}.lock`, `1 ${hostname()}\n`);
    utimesSync(`${file}.lock`, new Date(), new Date(Date.now() - 16_000));
    await openAndClose(file); // another process has got that number since
    writeFileSync(`${file}.lock`, `4194305 ${hostname()}\n`);
    await openAndClose(file);
  });

  test('the same file under another name, and that of another thread, are refused, not that of an earlier process', async () => {
    const file = newPath();
    const store = new FileStore(file);
    await store.load();
    await assert.rejects(new FileStore(path.relative('.', file)).load(), { code: 'store-in-use' });
    await store.close();
    const lock = `${file}.lock`;
    writeFileSync(lock, `${process.pid} ${hostname()}\n`);
    await assert.rejects(new FileStore(file).load(), { code: 'store-in-use' });
    const before = new Date(Date.now() - (process.uptime() + 1) * 1_000);
    utimesSync(lock, before, before);
    await openAndClose(file);
  });

  test('of many who find what a crash has left, one gets it', async () => {
    for (let round = 0; round < 5; round++) {
      const file = newPath();
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(`${file}.lock`, `4194305 ${hostname()}\n`);
      const takes: Promise<unknown>[] = [];
      for (let thread = 0; thread < 8; thread++) {
        vi.resetModules(); // each has a list of its own of what it has locked, as threads have
        const { FileLock } = await import('../../src/file-store/file-lock.ts');
        takes.push(FileLock.take(file));
      }
      const outcomes = await Promise.allSettled(takes);
      const refusals = outcomes.flatMap((each) =>
        each.status === 'rejected' ? [(each.reason as ClientError).code] : [],
      );
      assert.deepEqual(refusals, Array(7).fill('store-in-use'));
    }
  });

  test('who was stopped for so long that it counted as gone changes nothing any more', async () => {
    const file = newPath();
    const store = new FileStore(file);
    await store.load();
    await store.write([put('a', 1)]);
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      vi.advanceTimersByTime(16_000);
      await store.write([put('b', 1)]); // it has still got it
      vi.advanceTimersByTime(16_000);
      writeFileSync(`${file}.lock`, `1 ${hostname()}\n`);
      await assert.rejects(store.write([put('c', 1)]), { code: 'store-in-use' });
    } finally {
      vi.useRealTimers();
    }
    await store.close();
    assert.equal(existsSync(`${file}.lock`), true, 'the lock is that of the other process');
    assert.deepEqual([...readLog(readFileSync(file)).records.keys()], ['a', 'b']);
  });
});

test('a file of another kind is refused', async () => {
  const file = newPath();
  await openAndClose(file);
  writeFileSync(file, 'SQLite format 3, say');
  await assert.rejects(new FileStore(file).load(), { code: 'store-mismatch' });
});
