import type { Disk, DiskChanges, RangeOptions, Room, Row, Table } from '../src/disk/disk.ts';

interface Write {
  readonly rows: readonly [Table, string, Uint8Array | undefined][];
  readonly done: (error: Error | undefined) => void;
}

const textOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1');

/** A disk on the heap whose writes are done, or fail, when a test says so. */
export class MemoryDisk implements Disk {
  readonly #tables = new Map<Table, Map<string, Uint8Array>>();
  readonly #sorted = new Map<Table, string[]>();
  #pending: Write | undefined = undefined;
  room: Room | undefined = undefined;
  /** Something is to be written. */
  onWrite: () => void = () => {};
  writes = 0;

  get isWriting(): boolean {
    return this.#pending !== undefined;
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    const value = this.#tables.get(table)?.get(textOf(key));
    return value === undefined ? undefined : new Uint8Array(value);
  }

  *range(table: Table, { start, end, reverse = false }: RangeOptions): Iterable<Row> {
    const first = textOf(start);
    const last = end === undefined ? undefined : textOf(end);
    const sorted = [...this.#keysOf(table)];
    for (const key of reverse ? sorted.reverse() : sorted) {
      if (reverse ? key > first : key < first) continue;
      if (last !== undefined && (reverse ? key <= last : key >= last)) return;
      const value = this.#tables.get(table)?.get(key);
      if (value !== undefined) yield { key: Buffer.from(key, 'latin1'), value: new Uint8Array(value) };
    }
  }

  write({ tables, keys, values }: DiskChanges, done: (error: Error | undefined) => void): void {
    if (this.#pending !== undefined) throw new Error('one write at a time');
    const rows = keys.map((key, i): Write['rows'][number] => {
      const value = values[i];
      return [tables[i] as Table, textOf(key), value === undefined ? undefined : new Uint8Array(value)];
    });
    this.#pending = { rows, done };
    this.onWrite();
  }

  /** The write under way is done. @returns Whether there was one. */
  complete(): boolean {
    const write = this.#takePending();
    if (write === undefined) return false;
    this.#apply(write);
    write.done(undefined);
    return true;
  }

  /** The write under way fails. @param isApplied Whether its rows are there all the same. */
  fail(isApplied: boolean): boolean {
    const write = this.#takePending();
    if (write === undefined) return false;
    if (isApplied) this.#apply(write);
    write.done(new Error('ENOSPC: no space left on device'));
    return true;
  }

  /** What a process that starts after a crash finds. @param isApplied Whether the write under way had got through. */
  crash(isApplied: boolean): MemoryDisk {
    const found = new MemoryDisk();
    for (const [table, rows] of this.#tables) found.#tables.set(table, new Map(rows));
    if (isApplied && this.#pending !== undefined) found.#apply(this.#pending);
    return found;
  }

  async measureRoom(): Promise<Room | undefined> {
    return this.room;
  }

  async close(): Promise<void> {}

  /** Damages the first row of a table. @param change Undefined removes it. */
  spoil(table: Table, change: (value: Uint8Array) => Uint8Array | undefined): void {
    const rows = this.#tables.get(table);
    for (const [key, value] of rows ?? []) {
      const changed = change(value);
      if (changed === undefined) rows?.delete(key);
      else rows?.set(key, changed);
      return;
    }
    throw new Error(`${table} is empty`);
  }

  rowCount(table: Table): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  #takePending(): Write | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #apply({ rows }: Write): void {
    this.writes++;
    for (const [table, key, value] of rows) {
      const stored = this.#tables.get(table) ?? new Map<string, Uint8Array>();
      this.#tables.set(table, stored);
      if (value === undefined ? stored.delete(key) : !stored.has(key)) this.#sorted.delete(table);
      if (value !== undefined) stored.set(key, value);
    }
  }

  #keysOf(table: Table): readonly string[] {
    let sorted = this.#sorted.get(table);
    if (sorted === undefined) {
      sorted = [...(this.#tables.get(table)?.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1));
      this.#sorted.set(table, sorted);
    }
    return sorted;
  }
}
