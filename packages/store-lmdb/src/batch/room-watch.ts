import type { Disk, Room } from '../disk/disk.ts';

const LEAST_INTERVAL_MS = 1_000;
const LARGEST_RESERVE = 16 * 1024 * 1024;
const SHARE_OF_DISK = 0.05;
/** LMDB writes whole pages, and those above them. */
const BYTES_PER_BYTE = 4;
/** There has to be so much more than the reserve before all is well again. */
const RELIEF = 1.25;

/** What a {@link RoomWatch} needs of the store around it. */
export interface RoomWatchOwner {
  now(): number;
  schedule(callback: () => void, delayMs: number): () => void;
}

/**
 * Watches the room on the store's file system, so that there is some left for what makes room again: acknowledgements and ends
 * of sessions have to be written, too.
 */
export class RoomWatch {
  readonly #disk: Disk;
  readonly #owner: RoomWatchOwner;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #writtenSince = 0;
  /** Bytes to be written at the most between two looks. */
  #stride = 0;
  #cancel: (() => void) | undefined = undefined;
  #shortage: string | undefined = undefined;
  #isStopped = false;
  /** {@link shortage} has come or gone. */
  onChange: () => void = () => {};

  constructor(disk: Disk, owner: RoomWatchOwner) {
    this.#disk = disk;
    this.#owner = owner;
  }

  /** Why nothing more should be taken in; undefined while there is room. */
  get shortage(): string | undefined {
    return this.#shortage;
  }

  /** So many bytes have been written: looks when a second is over, or a part of the reserve may have gone. */
  handleWritten(byteLength: number): void {
    this.#writtenSince += byteLength * BYTES_PER_BYTE;
    const isDue = this.#owner.now() - this.#lookedAt >= LEAST_INTERVAL_MS;
    if (isDue || this.#writtenSince >= this.#stride) this.look();
  }

  look(wanted?: (freeBytes: number) => void): void {
    this.#lookedAt = this.#owner.now();
    this.#writtenSince = 0;
    void this.#disk.measureRoom().then((room) => {
      this.#judge(room);
      wanted?.(room?.freeBytes ?? Number.POSITIVE_INFINITY);
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #judge(room: Room | undefined): void {
    if (this.#isStopped) return;
    const before = this.#shortage;
    this.#stride = room === undefined ? Number.POSITIVE_INFINITY : reserveOf(room) / 4;
    this.#shortage = room === undefined ? undefined : shortageOf(room, before !== undefined);
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#shortage !== undefined) this.#cancel = this.#owner.schedule(() => this.look(), LEAST_INTERVAL_MS);
    if ((before === undefined) !== (this.#shortage === undefined)) this.onChange();
  }
}

function reserveOf({ totalBytes }: Room): number {
  return Math.min(LARGEST_RESERVE, totalBytes * SHARE_OF_DISK);
}

function shortageOf(room: Room, isShort: boolean): string | undefined {
  const { freeBytes } = room;
  if (freeBytes >= reserveOf(room) * (isShort ? RELIEF : 1)) return undefined;
  return `the disk of the store is full: ${Math.floor(freeBytes / 1024)} KiB are free`;
}
