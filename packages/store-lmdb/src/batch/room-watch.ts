import type { Disk, Room } from '../disk/disk.ts';

const LEAST_INTERVAL_MS = 1_000;
const LARGEST_RESERVE = 16 * 1024 * 1024;
const SHARE_OF_DISK = 0.02;
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

  /** Looks, at most once a second, unless somebody wants to know. */
  look(wanted?: (freeBytes: number) => void): void {
    const now = this.#owner.now();
    if (wanted === undefined && now - this.#lookedAt < LEAST_INTERVAL_MS) return;
    this.#lookedAt = now;
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
    this.#shortage = room === undefined ? undefined : shortageOf(room, before !== undefined);
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#shortage !== undefined) this.#cancel = this.#owner.schedule(() => this.look(), LEAST_INTERVAL_MS);
    if ((before === undefined) !== (this.#shortage === undefined)) this.onChange();
  }
}

function shortageOf({ freeBytes, totalBytes }: Room, isShort: boolean): string | undefined {
  const reserve = Math.min(LARGEST_RESERVE, totalBytes * SHARE_OF_DISK) * (isShort ? RELIEF : 1);
  if (freeBytes >= reserve) return undefined;
  return `the disk of the store is full: ${Math.floor(freeBytes / 1024)} KiB are free`;
}
