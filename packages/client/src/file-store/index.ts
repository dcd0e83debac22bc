import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ClientError } from '../errors.ts';
import { ClientStore } from '../store/client-store.ts';
import type { StoreChange } from '../store/record-store.ts';
import { FileLock } from './file-lock.ts';
import { encodeGroup, MAGIC, readLog } from './log-format.ts';

/** How a {@link FileStore} behaves. */
export interface FileStoreOptions {
  /**
   * Whether each group is forced to the disk before it counts as written; default true. False survives the death of the
   * process, and not that of the machine.
   */
  readonly sync?: boolean;
  /** Bytes of changes that are over before the file is written anew without them; default 4,194,304. */
  readonly compactAfterBytes?: number;
}

const COMPACT_AFTER_BYTES = 4 * 1024 * 1024;
/** Bytes of one group when a log is written anew. */
const GROUP_BYTES = 1024 * 1024;

/**
 * A client's store in one file of Node's: a log to which each group of changes is appended with its checksum and forced to the
 * disk. When most of the log is over, what counts is written to a new file, which takes the place of the old one at once.
 *
 * What a crash cut off at the end is passed over. The file belongs to one client of one process at a time; a lock file beside
 * it sees to that.
 *
 * @example
 * import { FileStore } from '@busbar/client/file-store';
 * const client = createClient(url, { clientIdentifier: 'pump-7', store: new FileStore('/var/lib/pump-7/outbox') });
 */
export class FileStore extends ClientStore {
  readonly #path: string;
  readonly #sync: boolean;
  readonly #compactAfterBytes: number;
  /** What counts, to write the log anew. */
  #records = new Map<string, Uint8Array>();
  #lock: FileLock | undefined;
  /** From `load` to `close`: resolves when it has been loaded or cannot be. */
  #loading: Promise<unknown> | undefined;
  #file: FileHandle | undefined;
  #byteLength = 0;
  #liveBytes = 0;
  /** The length that the file has to have before it is written anew, once that has failed. */
  #rewriteAt = 0;

  /** @param path The file; made when there is none, its folder too. */
  constructor(path: string, options: FileStoreOptions = {}) {
    super();
    this.#path = resolve(path); // a program may change its folder
    this.#sync = options.sync ?? true;
    this.#compactAfterBytes = options.compactAfterBytes ?? COMPACT_AFTER_BYTES;
  }

  /** @throws {ClientError} `store-in-use`, `store-damaged`, `store-mismatch`; `store-failed` for what the system reports. */
  async load(): Promise<Iterable<readonly [string, Uint8Array]>> {
    if (this.#loading !== undefined) throw new ClientError('store-in-use', `the store '${this.#path}' is open already`);
    const loaded = this.#load();
    this.#loading = loaded.then(nothing, nothing);
    try {
      return await loaded;
    } catch (cause) {
      this.#loading = undefined;
      if (cause instanceof ClientError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ClientError('store-failed', `cannot open the store '${this.#path}': ${why}`, { cause });
    }
  }

  async write(changes: readonly StoreChange[]): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new ClientError('store-failed', `the store '${this.#path}' is not open`);
    await this.#lock?.confirm();
    const group = encodeGroup(changes);
    await writeAll(file, group);
    if (this.#sync) await file.datasync();
    this.#byteLength += group.length;
    for (const { key, value } of changes) this.#keep(key, value);
    const isMostlyOver = this.#byteLength - this.#liveBytes > this.#compactAfterBytes + this.#liveBytes;
    if (isMostlyOver && this.#byteLength >= this.#rewriteAt) await this.#compact();
  }

  async close(): Promise<void> {
    await this.#loading; // a client that is ended as it starts would leave its lock behind
    await this.#file?.close();
    this.#file = undefined;
    await this.#lock?.release();
    this.#lock = undefined;
    this.#loading = undefined;
  }

  get #newPath(): string {
    return `${this.#path}.new`;
  }

  async #load(): Promise<Iterable<readonly [string, Uint8Array]>> {
    await mkdir(dirname(this.#path), { recursive: true });
    this.#lock = await FileLock.take(this.#path);
    try {
      await rm(this.#newPath, { force: true });
      const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return Buffer.alloc(0);
        throw error;
      });
      const { records, byteLength } = readLog(bytes);
      this.#records = records;
      this.#liveBytes = 0;
      for (const [key, value] of records) this.#liveBytes += sizeOf(key, value);
      if (byteLength < MAGIC.length) await this.#rewrite();
      else await this.#append(byteLength, bytes.length);
    } catch (error) {
      await this.#lock.release();
      this.#lock = undefined;
      throw error;
    }
    return [...this.#records];
  }

  #keep(key: string, value: Uint8Array | undefined): void {
    const before = this.#records.get(key);
    if (before !== undefined) this.#liveBytes -= sizeOf(key, before);
    if (value === undefined) {
      this.#records.delete(key);
      return;
    }
    this.#records.set(key, value);
    this.#liveBytes += sizeOf(key, value);
  }

  /** Goes on behind the last whole group. */
  async #append(byteLength: number, fileLength: number): Promise<void> {
    this.#file = await open(this.#path, 'r+');
    if (byteLength < fileLength) {
      await this.#file.truncate(byteLength);
      await this.#file.sync();
    }
    await this.#file.close();
    this.#file = await open(this.#path, 'a');
    this.#byteLength = byteLength;
  }

  /** A disk that has no room for a second file is no reason to stop: everything is in the first one. */
  async #compact(): Promise<void> {
    try {
      await this.#rewrite();
    } catch {
      this.#rewriteAt = this.#byteLength + this.#compactAfterBytes;
    }
  }

  /** Until the new file has the old one's name, the old one counts. */
  async #rewrite(): Promise<void> {
    const file = await open(this.#newPath, 'w');
    let byteLength = MAGIC.length;
    try {
      await writeAll(file, MAGIC);
      for (const changes of groupsOf(this.#records)) {
        const group = encodeGroup(changes);
        await writeAll(file, group);
        byteLength += group.length;
      }
      await file.sync();
      await rename(this.#newPath, this.#path);
    } catch (error) {
      await file.close();
      await rm(this.#newPath, { force: true });
      throw error;
    }
    await syncFolder(dirname(this.#path));
    await this.#file?.close();
    this.#file = file;
    this.#byteLength = byteLength;
    this.#rewriteAt = 0;
  }
}

function nothing(): void {}

function* groupsOf(records: ReadonlyMap<string, Uint8Array>): Iterable<StoreChange[]> {
  let group: StoreChange[] = [];
  let byteLength = 0;
  for (const [key, value] of records) {
    group.push({ key, value });
    byteLength += sizeOf(key, value);
    if (byteLength < GROUP_BYTES) continue;
    yield group;
    group = [];
    byteLength = 0;
  }
  if (group.length > 0) yield group;
}

function sizeOf(key: string, value: Uint8Array): number {
  return key.length + value.length + 6;
}

/** One write of the system may take less than all. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

/** A new name is on the disk when its folder is; where folders cannot be opened, the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
