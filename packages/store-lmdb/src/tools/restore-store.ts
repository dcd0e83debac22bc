import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { lockDirectory } from '../directory/directory-lock.ts';
import { makeDirectory } from '../directory/make-directory.ts';
import { type Disk, DiskChanges } from '../disk/disk.ts';
import { DATA_FILE } from '../disk/lmdb-disk.ts';
import { isReadable, READABLE } from '../format/meta-format.ts';
import { RecordWriter } from '../format/record-writer.ts';
import { openDisk, UNFINISHED } from '../open-lmdb-store.ts';
import { StoreError } from '../store-error.ts';
import { DUMP_END, DUMP_NAME, type RowLine, rowOf } from './json-rows.ts';
import { sync } from './sync.ts';

const BATCH_BYTES = 4 * 1024 * 1024;
const END_LINE = new RegExp(`^\\{"kind":"${DUMP_END}","rows":(\\d+)\\}$`);

/**
 * Makes a store from the lines of {@link dumpStore}, in a directory that has none. The store's time goes on from the moment of the
 * dump: what has expired meanwhile has expired. Ended at any time, it leaves a whole store or none.
 *
 * @returns The number of rows.
 * @throws {StoreError} `store-dump`: the lines are no dump of this version, or the directory has a store; `store-in-use`.
 */
export async function restoreStore(directory: string, input: Readable): Promise<number> {
  await makeDirectory(directory);
  const lock = await lockDirectory(directory);
  try {
    if (await hasStore(directory)) {
      throw new StoreError('store-dump', `${directory} has a store already: restore into a directory without one`);
    }
    const unfinished = path.join(directory, UNFINISHED);
    try {
      return await restoreInto(directory, unfinished, input);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

async function restoreInto(directory: string, unfinished: string, input: Readable): Promise<number> {
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  const disk = await openDisk(unfinished);
  let count: number;
  try {
    count = await writeLines(disk, input);
  } finally {
    await disk.close();
  }
  await rename(path.join(unfinished, DATA_FILE), path.join(directory, DATA_FILE));
  await sync(directory);
  return count;
}

function hasStore(directory: string): Promise<boolean> {
  return access(path.join(directory, DATA_FILE)).then(
    () => true,
    () => false,
  );
}

async function writeLines(disk: Disk, input: Readable): Promise<number> {
  const writer = new RecordWriter();
  let changes = new DiskChanges();
  let lineNumber = 0;
  let count = 0;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // What goes wrong with the input ends the lines without a word of it.
  let fault: Error | undefined;
  input.once('error', (error: Error) => {
    fault = error;
    lines.close();
  });
  /** Dumps of earlier versions end where they end. */
  let hasEnded = true;
  for await (const text of lines) {
    lineNumber++;
    if (lineNumber === 1) hasEnded = !expectDump(text);
    else if (isEnd(text, count)) hasEnded = true;
    else if (text !== '') {
      const { table, key, value } = rowAt(lineNumber, text, writer);
      changes.put(table, key, value);
      count++;
    }
    if (changes.byteLength < BATCH_BYTES) continue;
    await write(disk, changes);
    changes = new DiskChanges();
  }
  if (fault !== undefined) throw fault;
  if (lineNumber === 0) throw notADump('it is empty');
  if (!hasEnded)
    throw new StoreError('store-dump', `the dump has been cut off after line ${lineNumber}: its end is missing`);
  if (changes.size > 0) await write(disk, changes);
  return count;
}

function rowAt(lineNumber: number, text: string, writer: RecordWriter): ReturnType<typeof rowOf> {
  try {
    return rowOf(JSON.parse(text) as RowLine, writer);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StoreError('store-dump', `line ${lineNumber} of the dump cannot be restored: ${said}`, { cause: error });
  }
}

/** @returns Whether it has a line that says where it ends. */
function expectDump(text: string): boolean {
  let said: { kind?: unknown; version?: unknown; hasEnd?: unknown } = {};
  try {
    said = JSON.parse(text);
  } catch {
    throw notADump('its first line is not JSON');
  }
  if (said?.kind !== DUMP_NAME) throw notADump(`its first line does not say ${DUMP_NAME}`);
  if (!isReadable(said.version)) throw notADump(`its version is ${said.version}, this program reads ${READABLE}`);
  return said.hasEnd === true;
}

/** @throws {StoreError} It is the end, and there were not as many rows before it as there should be. */
function isEnd(text: string, count: number): boolean {
  const rows = END_LINE.exec(text)?.[1];
  if (rows === undefined) return false;
  if (Number(rows) === count) return true;
  throw new StoreError('store-dump', `the dump has ${count} rows before its end, expected ${rows}`);
}

function notADump(reason: string): StoreError {
  return new StoreError('store-dump', `this is no dump of a store: ${reason}`);
}

function write(disk: Disk, changes: DiskChanges): Promise<void> {
  return new Promise((resolve, reject) => {
    disk.write(changes, (error) => (error === undefined ? resolve() : reject(error)));
  });
}
