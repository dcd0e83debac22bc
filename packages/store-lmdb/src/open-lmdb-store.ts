import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { lockDirectory } from './directory/directory-lock.ts';
import { DiskChanges } from './disk/disk.ts';
import { DATA_FILE, LmdbDisk } from './disk/lmdb-disk.ts';
import { encodeFormat, FORMAT_KEY, formatFault } from './format/meta-format.ts';
import { LmdbStore, type LmdbStoreOptions } from './lmdb-store.ts';
import { StoreError } from './store-error.ts';

/** Where a store is, and how it is made. */
export interface OpenOptions extends LmdbStoreOptions {
  /** The data directory; made when it is missing. */
  readonly directory: string;
}

/**
 * Opens the durable store in a data directory, or makes a new one there, and takes the directory for this process.
 *
 * @throws {StoreError} `store-in-use`: another process has it; `store-format`: it is another version's, or no store at all;
 * `store-unreadable`: it cannot be made, read or written.
 * @example
 * const store = await openLmdbStore({ directory: 'busbar-data' });
 * const broker = await createBroker({ store });
 */
export async function openLmdbStore({ directory, ...options }: OpenOptions): Promise<LmdbStore> {
  await worded(directory, mkdir(directory, { recursive: true }));
  const lock = await worded(directory, lockDirectory(directory));
  try {
    const disk = await openDisk(directory);
    return new LmdbStore(disk, options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Opens the tables of a directory that this process has, and makes them where there are none. @throws {StoreError} */
export async function openDisk(directory: string): Promise<LmdbDisk> {
  const isNew = !(await exists(path.join(directory, DATA_FILE)));
  const disk = await worded(directory, (async () => new LmdbDisk(directory))());
  const format = disk.get('meta', FORMAT_KEY);
  if (isNew || (format === undefined && isBlank(disk))) await writeFormat(disk, directory);
  else {
    const fault = formatFault(format);
    if (fault !== undefined) {
      await disk.close();
      throw new StoreError('store-format', `the data directory ${directory} cannot be used: ${fault}`);
    }
  }
  return disk;
}

/** Opens the tables of a directory for reading, also while a broker uses them. @throws {StoreError} */
export async function openDiskToRead(directory: string): Promise<LmdbDisk> {
  if (!(await exists(path.join(directory, DATA_FILE)))) {
    throw new StoreError('store-missing', `there is no store in ${directory}: it has no file ${DATA_FILE}`);
  }
  const disk = await worded(directory, (async () => new LmdbDisk(directory, { readOnly: true }))());
  const fault = formatFault(disk.get('meta', FORMAT_KEY));
  if (fault === undefined) return disk;
  await disk.close();
  throw new StoreError('store-format', `the data directory ${directory} cannot be used: ${fault}`);
}

/** A process that was killed while it made the store left tables and no format. */
function isBlank(disk: LmdbDisk): boolean {
  for (const _ of disk.range('sessions', { start: Uint8Array.of(0) })) return false;
  for (const _ of disk.range('retained', { start: Uint8Array.of(0) })) return false;
  return true;
}

async function writeFormat(disk: LmdbDisk, directory: string): Promise<void> {
  const changes = new DiskChanges();
  changes.put('meta', FORMAT_KEY, encodeFormat());
  const written = new Promise<void>((resolve, reject) => {
    disk.write(changes, (error) => (error === undefined ? resolve() : reject(error)));
  });
  await worded(directory, written);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function worded<Value>(directory: string, attempt: Promise<Value>): Promise<Value> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const message = `the data directory ${directory} cannot be used: ${said}`;
    throw new StoreError('store-unreadable', message, { cause: error });
  }
}
