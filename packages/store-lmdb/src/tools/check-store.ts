import { openDiskToRead } from '../open-lmdb-store.ts';
import { type CheckResult, checkDisk } from './check.ts';

/**
 * Reads every row of the store in a data directory and holds them against each other; also while a broker uses it.
 *
 * @throws {StoreError} There is no store, or it cannot be read.
 * @example const { problems } = await checkStore('busbar-data');
 */
export async function checkStore(directory: string): Promise<CheckResult> {
  const disk = await openDiskToRead(directory);
  try {
    return checkDisk(disk);
  } finally {
    await disk.close();
  }
}
