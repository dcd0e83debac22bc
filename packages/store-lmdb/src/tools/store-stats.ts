import { stat } from 'node:fs/promises';
import { findHolder } from '../directory/directory-lock.ts';
import { TABLES, type Table } from '../disk/disk.ts';
import { firstNumberOf, keyOf } from '../format/keys.ts';
import { META_KEY, NEW_META, readMeta } from '../format/meta-format.ts';
import { readOutbound } from '../format/outbound-format.ts';
import { readSession } from '../format/session-format.ts';
import { StoreTime } from '../format/store-time.ts';
import { openDiskToRead, QUEUES } from '../open-lmdb-store.ts';

/** A session whose queue is among the largest. */
export interface LargeQueue {
  readonly clientIdentifier: string;
  readonly queued: number;
  readonly queuedBytes: number;
}

/** What is in a store, as plain numbers. */
export interface StoreStats {
  /** The process that uses it now. */
  readonly holder: string | undefined;
  readonly fileBytes: number;
  /** Rows of each table. */
  readonly rows: Readonly<Record<Table, number>>;
  /** Batches that were written since it was made. */
  readonly batches: number;
  /** When the last one was, in milliseconds since 1970; 0 for never. */
  readonly writtenAt: number;
  /** Messages that wait, in all queues. */
  readonly queued: number;
  readonly queuedBytes: number;
  readonly inFlight: number;
  /** The ten sessions with the most waiting bytes, the largest first. */
  readonly largest: readonly LargeQueue[];
}

const MOST_LARGEST = 10;

/**
 * Counts what is in the store of a data directory, without reading its messages; also while a broker uses it.
 *
 * @throws {StoreError} There is no store, or it cannot be read.
 */
export async function readStoreStats(directory: string): Promise<StoreStats> {
  const disk = await openDiskToRead(directory, { left: QUEUES });
  try {
    const state = disk.get('meta', META_KEY);
    const { batch, wallTime } = state === undefined ? NEW_META : readMeta(state);
    const counts = TABLES.map((table): [Table, number] => [table, disk.countRows(table)]);
    let queued = 0;
    let queuedBytes = 0;
    let inFlight = 0;
    let largest: { session: number; queued: number; queuedBytes: number }[] = [];
    for (const { key, value } of disk.range('outbound', { start: Uint8Array.of(0) })) {
      const { head, tail, byteLength, flights } = readOutbound(value);
      queued += tail - head;
      queuedBytes += byteLength;
      inFlight += flights.length;
      if (tail > head) largest.push({ session: firstNumberOf(key), queued: tail - head, queuedBytes: byteLength });
      if (largest.length >= 100 * MOST_LARGEST) largest = firstOf(largest);
    }
    const time = new StoreTime(undefined, 0, 0);
    return {
      holder: await findHolder(directory),
      fileBytes: (await stat(disk.file)).size,
      rows: Object.fromEntries(counts) as Record<Table, number>,
      batches: batch,
      writtenAt: wallTime,
      queued,
      queuedBytes,
      inFlight,
      largest: firstOf(largest).map(({ session, ...sizes }) => {
        const row = disk.get('sessions', keyOf(session));
        return { clientIdentifier: row === undefined ? '' : readSession(row, time).clientIdentifier, ...sizes };
      }),
    };
  } finally {
    await disk.close();
  }
}

function firstOf<Queue extends { readonly queuedBytes: number }>(queues: readonly Queue[]): Queue[] {
  return [...queues].sort((a, b) => b.queuedBytes - a.queuedBytes).slice(0, MOST_LARGEST);
}
