import type {
  KeptWaiter,
  SessionRecord,
  Store,
  StoreCommit,
  StoredRetained,
  StoredState,
  StoredSubscription,
  StoreStart,
} from '@busbar/broker';
import { PacketError } from '@busbar/codec';
import type { Batch } from './batch/batch.ts';
import { BatchEncoder, type Numbers } from './batch/batch-encoder.ts';
import { Committer } from './batch/committer.ts';
import type { Grave } from './batch/grave.ts';
import { Graves } from './batch/graves.ts';
import { RoomWatch } from './batch/room-watch.ts';
import { SharedMessages } from './batch/shared-messages.ts';
import type { Disk } from './disk/disk.ts';
import { readAllRetained, readGraves, readSessions } from './disk/state-reader.ts';
import { META_KEY, NEW_META, readMeta } from './format/meta-format.ts';
import { RecordError } from './format/record-reader.ts';
import { StoreTime } from './format/store-time.ts';
import { DurableSession } from './session/durable-session.ts';
import { HeapShare, type QueueSurroundings } from './session/queue-surroundings.ts';
import { StoreError } from './store-error.ts';

/** More are deleted little by little. */
const MOST_SUBSCRIPTIONS_AT_ONCE = 256;
const DEFAULT_HEAP_BUDGET = 64 * 1024 * 1024;

/** How a {@link LmdbStore} is made; everything has a default. */
export interface LmdbStoreOptions {
  /** Bytes of waiting messages that all queues together may have on the heap beside the disk, roughly. Default: 64 MiB. */
  readonly heapBudget?: number;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly wallClock?: () => number;
  /** Calls back once after a while, unless the answer is called before. Default: `setTimeout`. */
  readonly schedule?: (callback: () => void, delayMs: number) => () => void;
}

/** Everything that a store has from its {@link LmdbStore.load} on. */
interface Rooms {
  readonly start: StoreStart;
  readonly around: QueueSurroundings;
  readonly committer: Committer;
  readonly graves: Graves;
  readonly numbers: Numbers;
}

/**
 * The broker's durable store: what it says is kept survives the process and the machine.
 *
 * It is told of changes and gathers them into batches, each of which is one transaction of LMDB and one sync; see
 * {@link Batch} for what is written, {@link Committer} for when, {@link DurableQueue} for what of the queues is on the heap.
 */
export class LmdbStore implements Store {
  readonly durability = 'disk';
  readonly #disk: Disk;
  readonly #options: Required<LmdbStoreOptions>;
  readonly #room: RoomWatch;
  readonly #release: () => Promise<void>;
  readonly #sessions = new WeakMap<SessionRecord, DurableSession>();
  #rooms: Rooms | undefined = undefined;

  /** @param release Called when the disk is closed: gives the directory back. */
  constructor(disk: Disk, options: LmdbStoreOptions = {}, release: () => Promise<void> = async () => {}) {
    this.#disk = disk;
    this.#options = { heapBudget: DEFAULT_HEAP_BUDGET, wallClock: Date.now, schedule: scheduleTimeout, ...options };
    this.#release = release;
    this.#room = new RoomWatch(disk, {
      now: () => this.#rooms?.start.now() ?? 0,
      schedule: this.#options.schedule,
    });
  }

  // --- marks -----------------------------------------------------------------------------------------------------------

  get changes(): number {
    return this.#loaded.committer.changes;
  }

  get mark(): number {
    return this.#loaded.committer.mark;
  }

  get keptMark(): number {
    return this.#loaded.committer.keptMark;
  }

  get failure(): string | undefined {
    return this.#rooms?.committer.failure;
  }

  whenKept(waiter: KeptWaiter): void {
    this.#loaded.committer.whenKept(waiter);
  }

  // --- state -----------------------------------------------------------------------------------------------------------

  /** @throws {StoreError} `store-damaged`: a record is not what this version writes. */
  load(start: StoreStart): StoredState {
    try {
      return this.#load(start);
    } catch (error) {
      throw damage(error);
    }
  }

  #load(start: StoreStart): StoredState {
    const stored = this.#disk.get('meta', META_KEY);
    const meta = stored === undefined ? NEW_META : readMeta(stored);
    const mark = stored === undefined ? undefined : meta;
    const time = new StoreTime(mark, start.now(), this.#options.wallClock());
    const numbers = { nextSession: meta.nextSession, nextMessage: meta.nextMessage, nextGrave: meta.nextGrave };
    const messages = new SharedMessages();
    const graves = new Graves(this.#disk);
    const encoder = new BatchEncoder(this.#disk, messages, numbers, time);
    const committer = new Committer(
      this.#disk,
      this.#room,
      this.#ownerOf(start, encoder, graves, numbers, time),
      meta.batch,
    );
    const around: QueueSurroundings = {
      disk: this.#disk,
      messages,
      heap: new HeapShare(this.#options.heapBudget),
      time,
      successorOf: (sharedFilter) => start.successorOf(sharedFilter),
      collect: (counts) => committer.collect(counts),
      bury: (session, from, to) => this.#bury({ kind: 'chunks', session, from, to }),
    };
    this.#rooms = { start, around, committer, graves, numbers };
    const sessions = readSessions(this.#disk, around);
    for (const session of sessions) this.#sessions.set(session.record, session);
    graves.restore(readGraves(this.#disk));
    if (!graves.isEmpty) committer.collect(false).isDue = true;
    this.#room.look();
    return {
      sessions: sessions.map(({ record }) => record),
      retained: wordedDamage(readAllRetained(this.#disk, time)),
    };
  }

  createSession(clientIdentifier: string, isLasting: boolean): SessionRecord {
    const { numbers, around } = this.#loaded;
    const session = DurableSession.create(numbers.nextSession++, around, clientIdentifier, isLasting);
    this.#sessions.set(session.record, session);
    if (isLasting) this.#collect().sessions.add(session);
    return session.record;
  }

  updateSession(record: SessionRecord): void {
    const session = this.#sessions.get(record);
    if (session === undefined || session.isRemoved) return;
    session.queue?.setRead(record.disconnectedAt === undefined);
    if (session.isKept || session.hasRecord) this.#collect().sessions.add(session);
  }

  removeSession(record: SessionRecord): void {
    const session = this.#sessions.get(record);
    if (session === undefined || session.isRemoved) return;
    const wasKept = session.isKept || session.hasRecord;
    session.queue?.remove();
    session.isRemoved = true;
    this.#sessions.delete(record);
    if (!wasKept) return;
    const batch = this.#collect();
    batch.sessions.add(session);
    const { size } = record.subscriptions;
    if (size > MOST_SUBSCRIPTIONS_AT_ONCE) {
      this.#bury({ kind: 'subscriptions', session: session.number, from: 0, to: 0 });
    } else
      for (const topicFilter of record.subscriptions.keys()) batch.setSubscription(session, topicFilter, undefined);
  }

  setSubscription(record: SessionRecord, topicFilter: string, subscription: StoredSubscription): void {
    this.#changeSubscription(record, topicFilter, subscription);
  }

  removeSubscription(record: SessionRecord, topicFilter: string): void {
    this.#changeSubscription(record, topicFilter, undefined);
  }

  setRetained(topicName: string, retained: StoredRetained): void {
    if (!isOwn(topicName)) this.#collect().retained.set(topicName, retained);
  }

  removeRetained(topicName: string): void {
    if (!isOwn(topicName)) this.#collect().retained.set(topicName, undefined);
  }

  /** Writes what is not written yet, as far as the disk takes it, and gives the directory back. */
  async close(): Promise<void> {
    const rooms = this.#rooms;
    if (rooms !== undefined) await new Promise<void>((resolve) => rooms.committer.finish(resolve));
    this.#room.stop();
    await this.#disk.close();
    await this.#release();
  }

  // --- inside ----------------------------------------------------------------------------------------------------------

  get #loaded(): Rooms {
    if (this.#rooms === undefined) throw new Error('the store is used before it is loaded');
    return this.#rooms;
  }

  #collect(): Batch {
    return this.#loaded.committer.collect(true);
  }

  #changeSubscription(record: SessionRecord, topicFilter: string, subscription: StoredSubscription | undefined): void {
    const session = this.#sessions.get(record);
    if (session?.record.isLasting === true) this.#collect().setSubscription(session, topicFilter, subscription);
  }

  #bury(rows: Omit<Grave, 'number'>): void {
    const { graves, numbers, committer } = this.#loaded;
    graves.dig({ number: numbers.nextGrave++, ...rows }, committer.collect(false));
  }

  #ownerOf(start: StoreStart, encoder: BatchEncoder, graves: Graves, numbers: Numbers, time: StoreTime) {
    const { schedule, wallClock } = this.#options;
    return {
      now: () => start.now(),
      endOfTurn: (callback: () => void) => start.endOfTurn(callback),
      schedule,
      encode: (batch: Batch) => {
        graves.addSlice(batch);
        const meta = () => ({
          batch: batch.number,
          storeTime: time.toStore(start.now()),
          wallTime: wallClock(),
          ...numbers,
        });
        return encoder.encode(batch, meta);
      },
      handleWritten: (batch: Batch) => {
        for (const { queue, chunk } of batch.chunks) queue.handleWritten(chunk);
        if (!graves.isEmpty) this.#loaded.committer.collect(false).isDue = true;
      },
      handleFailed: (batch: Batch) => encoder.takeBack(batch),
      handleFailure: (failure: string | undefined) => start.handleFailure(failure),
      handleCommit: (commit: StoreCommit) => start.handleCommit(commit),
    };
  }
}

function damage(error: unknown): unknown {
  if (!(error instanceof RecordError || error instanceof PacketError)) return error;
  return new StoreError('store-damaged', `the store is damaged: ${error.message}; see busbar store check`, {
    cause: error,
  });
}

function* wordedDamage<Item>(items: Iterable<Item>): Iterable<Item> {
  try {
    yield* items;
  } catch (error) {
    throw damage(error);
  }
}

/** What a broker says of itself is said anew after every start; what bridges of other brokers say there is not. */
function isOwn(topicName: string): boolean {
  return topicName.startsWith('$SYS/') && !topicName.startsWith('$SYS/broker/connection/');
}

function scheduleTimeout(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
