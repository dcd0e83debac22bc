import type { Clock } from '../clock.ts';
import type { ClientError } from '../errors.ts';
import type { RecordStore, StoreChange } from './record-store.ts';
import { SessionJournal } from './session-journal.ts';

/**
 * Where a client keeps what must survive its process: messages that wait, what is in flight, its Client Identifier. A map from
 * texts to bytes, written in groups.
 *
 * What a class that extends it must keep (there is a contract suite in the tests): `load` comes first and once; the changes of one
 * `write` are all there after a crash, or none of them; when its promise resolves they survive a crash, of the machine too;
 * a later `write` never survives without the earlier ones. `write` is called again only when the last one has settled.
 *
 * @example
 * class TableStore extends ClientStore {
 *   load = async () => await table.all();
 *   write = async (changes: readonly StoreChange[]) => await table.change(changes);
 *   close = async () => await table.close();
 * }
 */
export abstract class ClientStore implements RecordStore {
  /** Opens it, or rejects and lets go of everything. @returns Everything that is kept, in any order. */
  abstract load(): Promise<Iterable<readonly [key: string, value: Uint8Array]>>;
  /** Makes the changes, in their order. The values are the store's to keep. */
  abstract write(changes: readonly StoreChange[]): Promise<void>;
  /**
   * Nothing more comes. Called once after `load`, unless that has rejected; `load` may still be under way. Resolves when the
   * store is free for others.
   */
  abstract close(): Promise<void>;

  /** What a client writes its session down with: it comes with the store, so that who has none does not load it. */
  makeJournal(clock: Clock, handleFailed: (error: ClientError) => void): SessionJournal {
    return new SessionJournal(this, clock, handleFailed);
  }
}
