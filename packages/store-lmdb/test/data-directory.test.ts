import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, test, vi } from 'vitest';
import { lockDirectory } from '../src/directory/directory-lock.ts';
import { DiskChanges } from '../src/disk/disk.ts';
import { LmdbDisk } from '../src/disk/lmdb-disk.ts';
import { FORMAT_KEY } from '../src/format/meta-format.ts';
import { checkStore, compactStore, openLmdbStore } from '../src/index.ts';
import { openDiskToRead } from '../src/open-lmdb-store.ts';
import { temporaryDirectory } from './data-directory.ts';

vi.setConfig({ testTimeout: 30_000 });

describe('one broker at a time', () => {
  test('another one is refused, and told who has the directory', async () => {
    const directory = temporaryDirectory();
    const store = await openLmdbStore({ directory });
    await assert.rejects(openLmdbStore({ directory }), {
      code: 'store-in-use',
      message: `the data directory ${directory} is in use by process ${process.pid}`,
    });
    await store.close();
    const next = await openLmdbStore({ directory });
    await next.close();
  });

  test('of many that come at once one gets it', async () => {
    const directory = temporaryDirectory();
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => lockDirectory(directory)));
    const locks = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    assert.equal(locks.length, 1);
    await locks[0]?.release();
  });

  test('the lock of a process that was killed is nobody’s', async () => {
    const directory = temporaryDirectory();
    const holder = path.join(directory, 'holder.cjs');
    const socket = path.join(directory, 'busbar.lock');
    writeFileSync(
      holder,
      `require('node:net').createServer().listen(${JSON.stringify(socket)}, () => process.send('up'))`,
    );
    const child = fork(holder);
    await once(child, 'message');
    await assert.rejects(lockDirectory(directory), { code: 'store-in-use' });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const attempts = await Promise.allSettled(Array.from({ length: 5 }, () => lockDirectory(directory)));
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const attempt of attempts) if (attempt.status === 'fulfilled') await attempt.value.release();
  });

  test('a process that is too busy to answer has it all the same', async () => {
    const directory = temporaryDirectory();
    const silent = createServer(() => {}).listen(path.join(directory, 'busbar.lock'));
    await once(silent, 'listening');
    await assert.rejects(lockDirectory(directory), { message: /in use by another process/ });
    silent.close();
  });

  test('a directory with a long name, too', async () => {
    const directory = path.join(temporaryDirectory(), 'x'.repeat(200));
    mkdirSync(directory);
    const lock = await lockDirectory(directory);
    await assert.rejects(lockDirectory(directory), { code: 'store-in-use' });
    await lock.release();
  });
});

/** A store that says that it is of this version. */
async function makeStore(directory: string, version: number): Promise<void> {
  await (await openLmdbStore({ directory })).close();
  const disk = new LmdbDisk(directory);
  const changes = new DiskChanges();
  changes.put('meta', FORMAT_KEY, Buffer.from(JSON.stringify({ format: 'busbar-store', version })));
  await new Promise((resolve) => disk.write(changes, resolve));
  await disk.close();
}

describe('what cannot be used is refused and left as it is', () => {
  test.each([99, 0, 1.5])('a store of another version: %s', async (version) => {
    const directory = temporaryDirectory();
    await makeStore(directory, version);
    for (const attempt of [() => openLmdbStore({ directory }), () => checkStore(directory)]) {
      await assert.rejects(attempt, {
        code: 'store-format',
        message: new RegExp(`its format is version ${version}, this program reads 1 to 2$`),
      });
    }
  });

  test('a store of the version before is read, and is one of this version afterwards', async () => {
    const directory = temporaryDirectory();
    await makeStore(directory, 1);
    const format = async () => {
      const opened = await openDiskToRead(directory);
      const said = Buffer.from(opened.get('meta', FORMAT_KEY) ?? []).toString();
      await opened.close();
      return JSON.parse(said);
    };
    assert.equal((await format()).version, 1);
    await (await openLmdbStore({ directory })).close();
    assert.equal((await format()).version, 2);
  });

  test('a file that is no store, and a directory that cannot be made', async () => {
    const directory = temporaryDirectory();
    writeFileSync(path.join(directory, 'busbar.mdb'), 'this is a text file, and not a store of anything'.repeat(1_000));
    await assert.rejects(openLmdbStore({ directory }), { code: 'store-unreadable', message: /cannot be used/ });
    await assert.rejects(openLmdbStore({ directory: path.join(directory, 'busbar.mdb', 'x') }), {
      code: 'store-unreadable',
    });
    await assert.rejects(checkStore(path.join(directory, 'nothing')), { code: 'store-missing' });
  });

  test.runIf(process.platform === 'linux')(
    'a directory of a file system that takes none: it is not tried for ever',
    async () => {
      for (const directory of ['/proc/busbar-data', '/proc/busbar-data/below']) {
        await assert.rejects(openLmdbStore({ directory }), { code: 'store-unreadable', message: /cannot be used: E/ });
      }
    },
  );

  test('directories that are missing above it are made, too, for nobody else to look into', async () => {
    const above = path.join(temporaryDirectory(), 'above');
    const directory = path.join(above, 'data');
    await (await openLmdbStore({ directory })).close();
    for (const made of [above, directory]) assert.equal(statSync(made).mode & 0o777, 0o700);
  });
});

describe('a file that LMDB would stumble over', () => {
  const PAGE = 4_096;

  /** A store with rows in leaves below a branch, and one on pages of its own. */
  async function makeLargeStore(): Promise<{ directory: string; file: string; whole: Buffer }> {
    const directory = temporaryDirectory();
    await makeStore(directory, 2);
    const disk = new LmdbDisk(directory);
    const changes = new DiskChanges();
    for (let i = 0; i < 200; i++) changes.put('graves', Uint8Array.of(1, i), new Uint8Array(100));
    changes.put('graves', Uint8Array.of(2), new Uint8Array(10 * PAGE));
    for (let i = 0; i < 200; i++) changes.put('chunks', Uint8Array.of(1, i), new Uint8Array(100));
    await new Promise((resolve) => disk.write(changes, resolve));
    await disk.close();
    const file = path.join(directory, 'busbar.mdb');
    return { directory, file, whole: readFileSync(file) };
  }

  const kindOf = (whole: Buffer, flag: number): number => {
    const pages = Array.from({ length: whole.length / PAGE }, (_, i) => i);
    return pages.findLast((page) => page > 1 && whole.readUInt16LE(page * PAGE + 18) === flag) ?? 0;
  };

  test('that was cut off anywhere is refused, or is whole', async () => {
    const { directory, file, whole } = await makeLargeStore();
    let refused = 0;
    for (let byteLength = 1; byteLength < whole.length; byteLength += 1_500) {
      writeFileSync(file, whole.subarray(0, byteLength));
      await checkStore(directory).catch((error) => {
        refused++;
        assert.match(error.code, /^store-(damaged|unreadable)$/);
      });
    }
    assert.ok(refused > 10);
    writeFileSync(file, whole.subarray(0, 8 * PAGE));
    await assert.rejects(compactStore(directory), { code: 'store-damaged' });
    await assert.rejects(openLmdbStore({ directory }), {
      code: 'store-damaged',
      message: /busbar\.mdb: it has been cut off after 32768 bytes, before page \d+; restore a dump/,
    });
  });

  test.each([
    ['leaf', 2],
    ['branch', 1],
    ['row’s own page', 4],
  ])('a %s that was written over', async (_, flag) => {
    const { directory, file, whole } = await makeLargeStore();
    const page = kindOf(whole, flag);
    assert.notEqual(page, 0);
    for (const filling of [0, 0xa5, 0xff]) {
      writeFileSync(file, Buffer.from(whole).fill(filling, page * PAGE, page * PAGE + 64));
      await assert.rejects(checkStore(directory), {
        code: 'store-damaged',
        message: new RegExp(`page ${page} is damaged`),
      });
    }
  });
});

describe('the file in which LMDB notes who reads', () => {
  const isRoot = process.getuid?.() === 0;
  const NOBODY = 65_534;
  const filesIn = (directory: string) => readdirSync(directory).map((name) => path.join(directory, name));

  test('has all its room on the disk before it is written to as memory', async () => {
    const directory = temporaryDirectory();
    const store = await openLmdbStore({ directory });
    const { size, blocks } = statSync(path.join(directory, 'busbar.mdb-lock'));
    assert.ok(size > 0 && blocks * 512 >= size, `${blocks} blocks for ${size} bytes`);
    await store.close();
  });

  test.skipIf(process.platform === 'win32')('is refused in words where it is not ours to write', async () => {
    const directory = temporaryDirectory();
    await makeStore(directory, 2);
    chmodSync(path.join(directory, 'busbar.mdb-lock'), 0o400);
    if (isRoot) for (const file of [directory, ...filesIn(directory)]) chownSync(file, NOBODY, NOBODY);
    // Root may write everything, and a process that is somebody else only in part is nobody at all.
    const child = fork(path.join(import.meta.dirname, 'open-as-nobody.mjs'), [directory], { execArgv: [] });
    const [{ opened, problems }] = await once(child, 'message');
    assert.equal(opened.code, 'store-unreadable');
    assert.match(opened.message, /cannot be used: EACCES: .*busbar\.mdb-lock/);
    assert.deepEqual(problems, []);
  });

  test.skipIf(!isRoot)('stays the broker’s when root looks at its data, and so do the data', async () => {
    const directory = temporaryDirectory();
    await makeStore(directory, 2);
    const data = path.join(directory, 'busbar.mdb');
    const lock = `${data}-lock`;
    chownSync(data, NOBODY, NOBODY);
    rmSync(lock);
    await checkStore(directory);
    assert.equal(statSync(lock).uid, NOBODY);
    await compactStore(directory);
    assert.equal(statSync(data).uid, NOBODY);
  });
});
