import { access, chmod, type FileHandle, open } from 'node:fs/promises';
import { endianness } from 'node:os';
import path from 'node:path';
import { findHolder, lockDirectory } from './directory/directory-lock.ts';
import { makeDirectory } from './directory/make-directory.ts';
import { DiskChanges, type Table } from './disk/disk.ts';
import { DATA_FILE, LmdbDisk } from './disk/lmdb-disk.ts';
import { findPageFault } from './disk/lmdb-pages.ts';
import { prepareLockFile, prepareLockFileToRead } from './disk/lock-file.ts';
import { encodeFormat, FORMAT_KEY, formatFault } from './format/meta-format.ts';
import { LmdbStore, type LmdbStoreOptions } from './lmdb-store.ts';
import { StoreError } from './store-error.ts';

/** What LMDB's files have behind the header of their first page, which differs between its versions. */
const LMDB_MAGIC = 0xbeefc0de;
const LMDB_MAGIC_AT = [16, 24];

/** Where a restore makes the store, beside the place that it has when it is whole. */
export const UNFINISHED = 'busbar.restore';

/** What may be much, and is read when somebody wants it. */
export const QUEUES: ReadonlySet<string> = new Set<Table>(['chunks', 'messages', 'references']);

/** Where a store is, and how it is made. */
export interface OpenOptions extends LmdbStoreOptions {
  /** The data directory; made when it is missing. */
  readonly directory: string;
}

/**
 * Opens the durable store in a data directory, or makes a new one there, and takes the directory for this process.
 *
 * @throws {StoreError} `store-in-use`: another process has it; `store-format`: it is another version's, or no store at all;
 * `store-damaged`: its file has been cut off or written over, or a restore into it was; `store-unreadable`: it cannot be made, read or written.
 * @example
 * const store = await openLmdbStore({ directory: 'busbar-data' });
 * const broker = await createBroker({ store });
 */
export async function openLmdbStore({ directory, ...options }: OpenOptions): Promise<LmdbStore> {
  await worded(directory, makeDirectory(directory));
  const lock = await worded(directory, lockDirectory(directory));
  try {
    await expectNoRestore(directory);
    const disk = await openDisk(directory);
    return new LmdbStore(disk, options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** A broker that began anew where data were to be brought back would make devices begin anew, too. @throws {StoreError} */
async function expectNoRestore(directory: string): Promise<void> {
  if ((await isThere(directory, DATA_FILE)) || !(await isThere(directory, UNFINISHED))) return;
  const advice = `restore the dump again, or remove ${path.join(directory, UNFINISHED)} to begin anew`;
  throw new StoreError('store-damaged', `a restore into ${directory} was cut off: ${advice}`);
}

function isThere(directory: string, name: string): Promise<boolean> {
  return access(path.join(directory, name)).then(
    () => true,
    () => false,
  );
}

/** Opens the tables of a directory that this process has, and makes them where there are none. @throws {StoreError} */
export async function openDisk(directory: string): Promise<LmdbDisk> {
  const hasFile = await worded(directory, isLmdbFile(path.join(directory, DATA_FILE)));
  if (hasFile) await expectSound(directory, QUEUES);
  await worded(directory, prepareLockFile(directory));
  // Looked at before anything is written to it: it may be another's.
  const isMade = hasFile && (await isMadeStore(directory));
  const disk = await openTables(directory, false);
  // Messages are nobody else's to read.
  if (!isMade) await worded(directory, chmod(path.join(directory, DATA_FILE), 0o600));
  const format = encodeFormat();
  const isOfThisVersion = Buffer.from(disk.get('meta', FORMAT_KEY) ?? []).equals(format);
  if (!isOfThisVersion) await writeFormat(disk, directory, format);
  return disk;
}

/** How a directory is opened for reading. */
interface ReadOptions {
  /** Tables that are not looked at before. Default: none. */
  readonly left?: ReadonlySet<string>;
  /** The caller has the directory for itself. Default: false. */
  readonly isLocked?: boolean;
}

/** Opens the tables of a directory for reading, also while a broker uses them. @throws {StoreError} */
export async function openDiskToRead(
  directory: string,
  { left = new Set(), isLocked = false }: ReadOptions = {},
): Promise<LmdbDisk> {
  const hasFile = await worded(directory, isLmdbFile(path.join(directory, DATA_FILE)));
  // Another one who has the store has looked at it, and writes to it now.
  if (hasFile && (isLocked || (await findHolder(directory)) === undefined)) await expectSound(directory, left);
  if (hasFile) await worded(directory, prepareLockFileToRead(directory));
  if (!hasFile || !(await isMadeStore(directory))) {
    throw new StoreError('store-missing', `there is no store in ${directory}`);
  }
  return openTables(directory, true);
}

/** Looks at a file that nobody writes to, before LMDB does. @throws {StoreError} `store-damaged` */
async function expectSound(directory: string, left: ReadonlySet<string>): Promise<void> {
  const find = async () => findPageFault(path.join(directory, DATA_FILE), (table) => left.has(table));
  const fault = await worded(directory, find());
  if (fault === undefined) return;
  const advice = 'restore a dump into another directory, or move this one away to begin anew';
  throw new StoreError('store-damaged', `the data in ${directory} are damaged: ${DATA_FILE}: ${fault}; ${advice}`);
}

function openTables(directory: string, readOnly: boolean): Promise<LmdbDisk> {
  return worded(directory, (async () => new LmdbDisk(directory, { readOnly }))());
}

/**
 * Whether the making of a store was finished: a process that was killed before left tables, and nothing in them.
 *
 * @throws {StoreError} `store-format`: it is a store of another version, or none.
 */
async function isMadeStore(directory: string): Promise<boolean> {
  const disk = await openTables(directory, true);
  try {
    if (disk.isEmpty) return false;
    const fault = formatFault(disk.get('meta', FORMAT_KEY));
    if (fault === undefined) return true;
    throw new StoreError('store-format', `the data directory ${directory} cannot be used: ${fault}`);
  } finally {
    await disk.close();
  }
}

async function writeFormat(disk: LmdbDisk, directory: string, format: Uint8Array): Promise<void> {
  const changes = new DiskChanges();
  changes.put('meta', FORMAT_KEY, format);
  const written = new Promise<void>((resolve, reject) => {
    disk.write(changes, (error) => (error === undefined ? resolve() : reject(error)));
  });
  await worded(directory, written);
}

/**
 * Whether there is a file that LMDB may be given: others end the process. An empty one is as good as none.
 *
 * @throws {Error} There is a file, and it is not LMDB's.
 */
async function isLmdbFile(file: string): Promise<boolean> {
  const head = Buffer.alloc(Math.max(...LMDB_MAGIC_AT) + 4);
  let handle: FileHandle;
  try {
    handle = await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  try {
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    if (bytesRead === 0) return false;
  } finally {
    await handle.close();
  }
  const isLittle = endianness() === 'LE';
  const magics = LMDB_MAGIC_AT.map((at) => (isLittle ? head.readUInt32LE(at) : head.readUInt32BE(at)));
  if (!magics.includes(LMDB_MAGIC)) throw new Error(`${DATA_FILE} is not a file of LMDB`);
  return true;
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
