import type { KeptWaiter, StoreCommit } from '@busbar/broker';
import type { Disk, DiskChanges } from '../disk/disk.ts';
import { META_KEY, readMeta } from '../format/meta-format.ts';
import { Batch } from './batch.ts';
import type { RoomWatch } from './room-watch.ts';

/**
 * With so many waiting, now or for the batch before, a batch is begun no sooner than so long after the one before: a sync costs the processor as much as a
 * dozen messages, and what is delivered and acknowledged meanwhile need not be written at all. Who is alone does not wait.
 */
const MANY_WAITERS = 4;
const LEAST_INTERVAL_MS = 4;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** What a {@link Committer} needs of the store around it. */
export interface CommitterOwner {
  /** Milliseconds. */
  now(): number;
  endOfTurn(callback: () => void): void;
  schedule(callback: () => void, delayMs: number): () => void;
  /** The batch as rows. Its changes are no longer added to. */
  encode(batch: Batch): DiskChanges;
  /** The batch is on the disk. */
  handleWritten(batch: Batch): void;
  /** The batch may not be: its changes go into the next one. */
  handleFailed(batch: Batch): void;
  handleFailure(failure: string | undefined): void;
  handleCommit(commit: StoreCommit): void;
}

/**
 * Decides when a batch is written: at the end of the turn in which its first change was told, or as soon as the one before is
 * done. So the busier the store is, the more changes share a sync.
 *
 *     collects --end of turn--> is written --> kept: whoever waited is called
 *                                         \--> failed: joins the next one, which is tried after a while
 */
export class Committer {
  readonly #disk: Disk;
  readonly #owner: CommitterOwner;
  readonly #room: RoomWatch;
  #collecting: Batch;
  #keptMark: number;
  #changes = 0;
  #failure: string | undefined = undefined;
  #isScheduled = false;
  #writing: Batch | undefined = undefined;
  /** Undefined unless a batch has failed and waits to be tried again. */
  #cancelRetry: (() => void) | undefined = undefined;
  #retryMs = FIRST_RETRY_MS;
  #lastBytes = 0;
  /** How many waited for the batch before. */
  #lastWaiters = 0;
  #beganAt = Number.NEGATIVE_INFINITY;
  /** Undefined unless a batch waits for {@link LEAST_INTERVAL_MS} to be over. */
  #cancelPause: (() => void) | undefined = undefined;
  #onIdle: (() => void) | undefined = undefined;

  /** @param lastNumber Of the batch that the disk has seen last. */
  constructor(disk: Disk, room: RoomWatch, owner: CommitterOwner, lastNumber: number) {
    this.#disk = disk;
    this.#room = room;
    this.#owner = owner;
    this.#keptMark = lastNumber;
    this.#collecting = new Batch(lastNumber + 1);
    room.onChange = () => this.#tellFailure();
  }

  get changes(): number {
    return this.#changes;
  }

  get mark(): number {
    return this.#collecting.number;
  }

  get keptMark(): number {
    return this.#keptMark;
  }

  get failure(): string | undefined {
    return this.#failure ?? this.#room.shortage;
  }

  collect(counts: boolean): Batch {
    if (counts) this.#changes++;
    this.#scheduleCommit();
    return this.#collecting;
  }

  whenKept(waiter: KeptWaiter): void {
    this.#collecting.waiters.push(waiter);
    this.#scheduleCommit();
  }

  /** Writes what there is, a last time, and calls back when it is written or cannot be. */
  finish(done: () => void): void {
    this.#collecting.isDue = true;
    this.#onIdle = done;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    if (this.#writing === undefined) this.#commit();
  }

  /** Whether something else will begin the next batch. */
  get #isBusy(): boolean {
    return this.#writing !== undefined || this.#cancelRetry !== undefined || this.#cancelPause !== undefined;
  }

  #scheduleCommit(): void {
    if (this.#isScheduled || this.#isBusy) return;
    this.#isScheduled = true;
    this.#owner.endOfTurn(this.#handleEndOfTurn);
  }

  readonly #handleEndOfTurn = (): void => {
    this.#isScheduled = false;
    if (!this.#isBusy) this.#commitInTime();
  };

  #commitInTime(): void {
    const pauseMs = this.#beganAt + LEAST_INTERVAL_MS - this.#owner.now();
    const waiting = Math.max(this.#collecting.waiters.length, this.#lastWaiters);
    if (pauseMs <= 0 || waiting < MANY_WAITERS) this.#commit();
    else {
      this.#cancelPause = this.#owner.schedule(() => {
        this.#cancelPause = undefined;
        this.#commit();
      }, pauseMs);
    }
  }

  #commit(): void {
    const batch = this.#collecting;
    this.#collecting = new Batch(batch.number + 1);
    const changes = this.#owner.encode(batch);
    if (changes.size === 0) {
      this.#handleKept(batch);
      return;
    }
    this.#writing = batch;
    this.#lastWaiters = batch.waiters.length;
    this.#beganAt = this.#owner.now();
    this.#lastBytes = changes.byteLength;
    const { size: rows, byteLength } = changes;
    this.#disk.write(changes, (error) => {
      this.#writing = undefined;
      this.#room.handleWritten(this.#lastBytes);
      if (error === undefined) {
        const durationMs = this.#owner.now() - this.#beganAt;
        this.#owner.handleCommit({ durationMs, rows, byteLength });
        this.#handleKept(batch);
      } else this.#handleError(batch, error);
    });
  }

  #handleKept(batch: Batch): void {
    this.#keptMark = batch.number;
    this.#retryMs = FIRST_RETRY_MS;
    this.#owner.handleWritten(batch);
    if (this.#failure !== undefined) {
      this.#failure = undefined;
      this.#tellFailure();
    }
    for (const waiter of batch.waiters) waiter.handleKept();
    if (this.#onIdle === undefined && !this.#collecting.isEmpty) this.#commitInTime();
    else if (!this.#collecting.isEmpty) this.#commit();
    else if (this.#collecting.waiters.length > 0) this.#scheduleCommit();
    else this.#onIdle?.();
  }

  #handleError(batch: Batch, error: Error): void {
    if (this.#isOnDisk(batch)) {
      // It can be read, but nobody knows whether it is synced: the next one will be, and it with that one.
      this.#owner.handleWritten(batch);
      this.#collecting.isDue = true;
      this.#collecting.waiters.unshift(...batch.waiters);
    } else {
      this.#owner.handleFailed(batch);
      this.#collecting = this.#collecting.after(batch);
    }
    this.#failure = `the store cannot be written: ${error.message}`;
    this.#tellFailure();
    if (this.#onIdle === undefined) this.#retryLater();
    else this.#onIdle();
  }

  #isOnDisk(batch: Batch): boolean {
    const meta = this.#disk.get('meta', META_KEY);
    return meta !== undefined && readMeta(meta).batch === batch.number;
  }

  #retryLater(): void {
    this.#cancelRetry = this.#owner.schedule(() => {
      this.#room.look((freeBytes) => this.#retry(freeBytes));
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  /** Where there is no room, the attempt is not made: LMDB would complain of each. */
  #retry(freeBytes: number): void {
    if (this.#cancelRetry === undefined) return;
    this.#cancelRetry = undefined;
    if (freeBytes < 2 * this.#lastBytes) this.#retryLater();
    else this.#commit();
  }

  #told: string | undefined = undefined;

  #tellFailure(): void {
    const { failure } = this;
    if ((failure === undefined) === (this.#told === undefined)) return;
    this.#told = failure;
    this.#owner.handleFailure(failure);
  }
}
