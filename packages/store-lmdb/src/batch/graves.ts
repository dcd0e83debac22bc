import type { Disk } from '../disk/disk.ts';
import { readChunk } from '../format/chunk-format.ts';
import { keyOf, keyOfPair } from '../format/keys.ts';
import type { Batch } from './batch.ts';
import type { Grave } from './grave.ts';

/** Of one batch. */
const MOST_ROWS = 2_000;
const MOST_BYTES = 1024 * 1024;

/**
 * What is left of sessions and queues that are gone, deleted a little with every batch, so that the end of one that had millions
 * of entries stops nobody. Graves are on the disk: a broker that starts goes on with them.
 */
export class Graves {
  readonly #disk: Disk;
  /** In the order they came; those before the batch that is being written are on the disk. */
  #waiting: Grave[] = [];

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Rows that were to be deleted when the broker ended. */
  restore(graves: readonly Grave[]): void {
    this.#waiting.push(...graves);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Its rows are deleted by batches after this one. */
  dig(grave: Grave, batch: Batch): void {
    batch.graves.push(grave);
    this.#waiting.push(grave);
  }

  /** Adds the next slice to a batch that is about to be written, when everything before it is on the disk. */
  addSlice(batch: Batch): void {
    const [grave] = this.#waiting;
    if (grave === undefined || batch.graves.includes(grave) || batch.slices.length > 0) return;
    const range =
      grave.kind === 'chunks'
        ? { start: keyOfPair(grave.session, grave.from), end: keyOfPair(grave.session, grave.to) }
        : { start: keyOf(grave.session), end: keyOf(grave.session + 1) };
    const keys: Uint8Array[] = [];
    const released: number[] = [];
    let byteLength = 0;
    let isLast = true;
    for (const { key, value } of this.#disk.range(grave.kind, range)) {
      if (keys.length >= MOST_ROWS || byteLength >= MOST_BYTES) {
        isLast = false;
        break;
      }
      keys.push(key);
      byteLength += value.length;
      if (grave.kind === 'chunks') released.push(...referencesOf(value));
    }
    batch.slices.push({ grave, keys, released, isLast });
    if (isLast) this.#waiting.shift();
  }
}

/** The shared messages that the deliveries of a chunk refer to. */
function referencesOf(chunk: Uint8Array): number[] {
  return readChunk(0, chunk).flatMap(({ messageNumber }) => (messageNumber === 0 ? [] : [messageNumber]));
}
