import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import type { Disk, DiskChanges, RangeOptions, Room, Row, Table } from './disk.ts';
import { TABLES } from './disk.ts';

/** The name of LMDB's file in the data directory. */
export const DATA_FILE = 'busbar.mdb';

/** The pages at the front of the file, which say where the rest begins. */
const META_PAGES = 2;

const BINARY = { keyEncoding: 'binary', encoding: 'binary', cache: false } as const;

export interface LmdbDiskOptions {
  /** Reads only, also beside a running broker. Default: false. */
  readonly readOnly?: boolean;
}

/**
 * An LMDB environment. A write is one transaction of LMDB's own thread, so that the event loop never waits for the disk; it
 * is synced (`fdatasync` for the pages, `O_DSYNC` for the page that makes them valid) before it is called done.
 */
export class LmdbDisk implements Disk {
  readonly file: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #tables = new Map<Table, Database<Buffer, Buffer>>();
  /** Whoever only reads sees the store as it was at the beginning. */
  readonly #transaction: Transaction | undefined;

  /** @throws {Error} LMDB's, when the file is not one of its own or may not be opened. */
  constructor(directory: string, { readOnly = false }: LmdbDiskOptions = {}) {
    this.file = path.join(directory, DATA_FILE);
    this.#root = open<Buffer, Buffer>({
      path: this.file,
      readOnly,
      maxDbs: TABLES.length,
      // Otherwise a write is done when it can be read, and synced some time later.
      overlappingSync: false,
      // A batch says itself where it begins and ends.
      eventTurnBatching: false,
      ...BINARY,
    });
    for (const name of TABLES) {
      const table: Database<Buffer, Buffer> | undefined = this.#root.openDB<Buffer, Buffer>({ name, ...BINARY });
      if (table !== undefined) this.#tables.set(name, table);
    }
    this.#transaction = readOnly ? this.#root.useReadTransaction() : undefined;
  }

  /** Whether nothing has been written to it, but for tables. */
  get isEmpty(): boolean {
    // The root has a row for each table, and in another program's file whatever that has there.
    const { entryCount } = this.#root.getStats() as { readonly entryCount?: number };
    const isForeign = (entryCount ?? 0) > this.#tables.size;
    return !isForeign && [...this.#tables.keys()].every((table) => this.countRows(table) === 0);
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    const transaction = this.#transaction;
    return this.#tables.get(table)?.get(key as Buffer, transaction === undefined ? {} : { transaction });
  }

  *range(table: Table, { start, end, reverse = false }: RangeOptions): Iterable<Row> {
    const transaction = this.#transaction;
    const options = { start, reverse, ...(end && { end }), ...(transaction && { transaction }) };
    yield* this.#table(table).getRange(options) as Iterable<Row>;
  }

  write(changes: DiskChanges, done: (error: Error | undefined) => void): void {
    const { tables, keys, values } = changes;
    const written = this.#root.batch(() => {
      for (let i = 0; i < keys.length; i++) {
        const table = this.#table(tables[i] as Table);
        const value = values[i];
        if (value === undefined) void table.remove(keys[i] as Buffer);
        else void table.put(keys[i] as Buffer, value as Buffer);
      }
    });
    written.then(
      () => done(undefined),
      async (error: unknown) => done(await causeOf(error)),
    );
  }

  async measureRoom(): Promise<Room | undefined> {
    try {
      const { bavail, blocks, bsize } = await statfs(path.dirname(this.file));
      if (blocks === 0) return undefined;
      return { freeBytes: bavail * bsize + this.#unusedBytes(), totalBytes: blocks * bsize };
    } catch {
      return undefined;
    }
  }

  /** What the file has room for without growing: LMDB keeps the pages of what was deleted, and writes to them again. */
  #unusedBytes(): number {
    const { root, free, lastPageNumber, pageSize } = this.#root.getStats() as RootStats;
    let used = META_PAGES + pagesOf(root) + pagesOf(free);
    for (const table of this.#tables.values()) used += pagesOf(table.getStats() as TreeStats);
    return Math.max(0, lastPageNumber + 1 - used) * pageSize;
  }

  /** Copies what is valid into a new file, without the gaps. */
  async copyTo(file: string): Promise<void> {
    await this.#root.backup(file, true);
  }

  countRows(table: Table): number {
    const { entryCount } = this.#table(table).getStats() as { readonly entryCount?: number };
    return entryCount ?? 0;
  }

  async close(): Promise<void> {
    this.#transaction?.done();
    await this.#root.close();
  }

  #table(name: Table): Database<Buffer, Buffer> {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`the store has no table ${name}`);
    return table;
  }
}

/** What lmdb says of one tree of pages. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** What lmdb says of the whole file. */
interface RootStats {
  readonly root: TreeStats;
  /** The tree of the pages that nothing uses. */
  readonly free: TreeStats;
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

/** lmdb gives the reason of a failed commit as a promise of its own, which is rejected with it. */
async function causeOf(error: unknown): Promise<Error> {
  if (error instanceof Error && 'commitError' in error) {
    try {
      await error.commitError;
    } catch (cause) {
      if (cause instanceof Error) return cause;
    }
  }
  return error instanceof Error ? error : new Error(String(error));
}
