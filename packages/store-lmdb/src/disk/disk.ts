/**
 * The tables of a store: ordered maps of bytes to bytes. Numbers in keys are 48 bits, the most significant byte first.
 *
 * | table | key | value |
 * |---|---|---|
 * | meta | name | format, and the counters that every batch writes |
 * | sessions | session | what of it changes rarely: client, expiry, will |
 * | subscriptions | session, Topic Filter or its hash | options |
 * | outbound | session | its queue in numbers, and what is in flight |
 * | inbound | session | Packet Identifiers of the QoS 2 messages it has brought |
 * | chunks | session, first sequence number | deliveries that entered its queue in one batch |
 * | messages | message | a message that several queues hold |
 * | references | message | how many do |
 * | retained | Topic Name or its hash | a message |
 * | graves | grave | entries that are to be deleted, little by little |
 */
export const TABLES = [
  'meta',
  'sessions',
  'subscriptions',
  'outbound',
  'inbound',
  'chunks',
  'messages',
  'references',
  'retained',
  'graves',
] as const;

export type Table = (typeof TABLES)[number];

export interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface RangeOptions {
  /** The first key; with `reverse` the last one, which is part of the range. */
  readonly start: Uint8Array;
  /** The range ends before this key; with `reverse` after it. */
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
}

/** Changes that are written together or not at all. Later ones win. */
export class DiskChanges {
  readonly tables: Table[] = [];
  readonly keys: Uint8Array[] = [];
  /** Undefined removes. */
  readonly values: (Uint8Array | undefined)[] = [];
  byteLength = 0;

  get size(): number {
    return this.keys.length;
  }

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.tables.push(table);
    this.keys.push(key);
    this.values.push(value);
    this.byteLength += key.length + value.length;
  }

  remove(table: Table, key: Uint8Array): void {
    this.tables.push(table);
    this.keys.push(key);
    this.values.push(undefined);
    this.byteLength += key.length;
  }
}

/**
 * What a store writes to and reads from. Its tests put others in the place of {@link LmdbDisk}: one in memory, and one that
 * fails when it is told to.
 */
export interface Disk {
  /** The value, the caller's to keep. Sees what was written last. */
  get(table: Table, key: Uint8Array): Uint8Array | undefined;
  /** Rows in the order of their keys; the caller's to keep. */
  range(table: Table, options: RangeOptions): Iterable<Row>;
  /**
   * Writes changes and calls back, never within this call, when they are synced: written to survive a crash of the machine.
   * One at a time. After an error they may be there, or not, but never a part of them.
   */
  write(changes: DiskChanges, done: (error: Error | undefined) => void): void;
  /** Bytes that may be written: free ones of the file system, and unused ones of the store; undefined where it does not say. */
  measureRoom(): Promise<Room | undefined>;
  close(): Promise<void>;
}

export interface Room {
  readonly freeBytes: number;
  readonly totalBytes: number;
}
