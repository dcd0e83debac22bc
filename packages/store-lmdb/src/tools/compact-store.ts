import { chmod, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { lockDirectory } from '../directory/directory-lock.ts';
import { DATA_FILE } from '../disk/lmdb-disk.ts';
import { giveToOwnerOf } from '../disk/lock-file.ts';
import { openDiskToRead } from '../open-lmdb-store.ts';
import { sync } from './sync.ts';

const COPY = `${DATA_FILE}.compact`;

/** The size of the file, in bytes. */
export interface Compaction {
  readonly before: number;
  readonly after: number;
}

/**
 * Writes the file of a store anew without the room of what was deleted, which LMDB uses again and does not give back. Needs as
 * much room on the disk as the store then takes, and no broker on it. Ended at any time, it leaves a whole store.
 *
 * @throws {StoreError} `store-in-use`; or there is no store, or it cannot be read.
 */
export async function compactStore(directory: string): Promise<Compaction> {
  const lock = await lockDirectory(directory);
  try {
    const file = path.join(directory, DATA_FILE);
    const copy = path.join(directory, COPY);
    await rm(copy, { force: true });
    const disk = await openDiskToRead(directory, { isLocked: true });
    const before = (await stat(file)).size;
    try {
      await disk.copyTo(copy);
    } finally {
      await disk.close();
    }
    // Messages are nobody else's to read, and the broker's to write, whoever has compacted them.
    await chmod(copy, 0o600);
    await giveToOwnerOf(file, copy);
    await sync(copy);
    await rename(copy, file);
    await sync(directory);
    return { before, after: (await stat(file)).size };
  } finally {
    await lock.release();
  }
}
