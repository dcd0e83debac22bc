import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { test } from 'vitest';
import { DiskChanges } from '../src/disk/disk.ts';
import { LmdbDisk } from '../src/disk/lmdb-disk.ts';
import { temporaryDirectory } from './data-directory.ts';

const MIB = 1024 * 1024;

function write(disk: LmdbDisk, changes: DiskChanges): Promise<void> {
  return new Promise((resolve, reject) => disk.write(changes, (error) => (error ? reject(error) : resolve())));
}

test('what was deleted is room that there is, though the file keeps its size', async () => {
  const directory = temporaryDirectory();
  const disk = new LmdbDisk(directory);
  const unused = async () => {
    const { bavail, bsize } = await statfs(directory);
    return ((await disk.measureRoom())?.freeBytes ?? 0) - bavail * bsize;
  };
  const keys = Array.from({ length: 64 }, (_, i) => Uint8Array.of(i));
  const puts = new DiskChanges();
  for (const key of keys) puts.put('chunks', key, new Uint8Array(MIB));
  await write(disk, puts);
  assert.ok((await unused()) < 32 * MIB);
  const removes = new DiskChanges();
  for (const key of keys) removes.remove('chunks', key);
  await write(disk, removes);
  assert.ok((await unused()) > 32 * MIB);
  await disk.close();
});
