import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Disk, TABLES } from '../disk/disk.ts';
import { FORMAT_VERSION } from '../format/meta-format.ts';
import { openDiskToRead } from '../open-lmdb-store.ts';
import { DUMP_END, DUMP_NAME, lineOf } from './json-rows.ts';

const EVERYTHING = { start: Uint8Array.of(0) };

/**
 * Writes a store as JSON lines, also while a broker uses it: as it is at the moment at which the dump begins.
 *
 * @param output Left open.
 * @returns The number of lines.
 * @throws {StoreError} There is no store, or it cannot be read.
 */
export async function dumpStore(directory: string, output: Writable): Promise<number> {
  const disk = await openDiskToRead(directory);
  let count = 0;
  try {
    const texts = function* (): Iterable<string> {
      for (const line of linesOf(disk)) {
        count++;
        yield `${JSON.stringify(line)}\n`;
      }
    };
    await pipeline(Readable.from(texts()), output, { end: false });
  } finally {
    await disk.close();
  }
  return count;
}

/** The lines of a dump: what it is, then one for each row, then how many there were. @throws {RecordError} A row is not one. */
export function* linesOf(disk: Disk): Iterable<object> {
  let rows = 0;
  yield { kind: DUMP_NAME, version: FORMAT_VERSION, hasEnd: true };
  for (const table of TABLES) {
    for (const row of disk.range(table, EVERYTHING)) {
      const line = lineOf(table, row);
      if (line === undefined) continue;
      yield line;
      rows++;
    }
  }
  yield { kind: DUMP_END, rows };
}
