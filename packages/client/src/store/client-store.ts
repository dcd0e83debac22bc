/** One change: a value under a key, or the end of that key. */
export interface StoreChange {
  readonly key: string;
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined;
}

/**
 * Where a client keeps what must survive its process: messages that wait, what is in flight, its Client Identifier. A map from
 * texts to bytes, written in groups.
 *
 * What an implementation must keep (there is a contract suite in the tests): `load` comes first and once; the changes of one
 * `write` are all there after a crash, or none of them; when its promise resolves they survive a crash, of the machine too;
 * a later `write` never survives without the earlier ones. `write` is called again only when the last one has settled.
 */
export interface ClientStore {
  /** Opens it. @returns Everything that is kept, in any order. */
  load(): Promise<Iterable<readonly [key: string, value: Uint8Array]>>;
  /** Makes the changes, in their order. The values are the store's to keep. */
  write(changes: readonly StoreChange[]): Promise<void>;
  /** Nothing more comes. */
  close(): Promise<void>;
}
