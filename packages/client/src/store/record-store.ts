/** One change: a value under a key, or the end of that key. */
export interface StoreChange {
  readonly key: string;
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined;
}

/** What a journal needs of a store; see `ClientStore`. */
export interface RecordStore {
  load(): Promise<Iterable<readonly [key: string, value: Uint8Array]>>;
  write(changes: readonly StoreChange[]): Promise<void>;
  close(): Promise<void>;
}
