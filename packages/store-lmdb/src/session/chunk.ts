import { type Delivery, Stage } from '@busbar/protocol';
import type { SharedMessage } from '../batch/shared-message.ts';

/** More would make reading one entry, and keeping a chunk for one, expensive. */
const MOST_ENTRIES = 256;
const MOST_BYTES = 32 * 1024;

/**
 * Deliveries that entered one queue in one batch, and are one row of the disk: written when the batch is, deleted with the
 * last message that is needed of it.
 *
 *     collects --> is written, unless nothing of it is left --> is deleted
 */
export class Chunk {
  readonly firstSequence: number;
  lastSequence: number;
  /** Until it is written. */
  entries: Entry[] | undefined = [];
  /** Entries whose message is still needed. */
  live = 0;
  /** Whether its batch still collects. */
  collects = true;
  #byteLength = 0;

  constructor(firstSequence: number) {
    this.firstSequence = firstSequence;
    this.lastSequence = firstSequence - 1;
  }

  /** One that is on the disk. */
  static written(firstSequence: number, lastSequence: number, live: number): Chunk {
    const chunk = new Chunk(firstSequence);
    chunk.lastSequence = lastSequence;
    chunk.live = live;
    chunk.entries = undefined;
    chunk.collects = false;
    return chunk;
  }

  get takesMore(): boolean {
    return this.collects && (this.entries?.length ?? MOST_ENTRIES) < MOST_ENTRIES && this.#byteLength < MOST_BYTES;
  }

  add(entry: Entry, byteLength: number): void {
    this.entries?.push(entry);
    this.lastSequence = entry.sequence;
    this.live++;
    this.#byteLength += byteLength;
  }
}

/** A delivery of one session from the moment it enters the queue until its flow is complete. */
export class Entry {
  readonly sequence: number;
  readonly chunk: Chunk;
  /** Undefined when the message is no longer needed. */
  delivery: Delivery | undefined;
  /** The message's own record, when others share it. */
  shared: SharedMessage | undefined = undefined;
  /** 0 while it waits. */
  packetId = 0;
  /** Where it stands when it is in flight. */
  stage: Stage = Stage.awaitingPuback;

  constructor(sequence: number, chunk: Chunk, delivery: Delivery | undefined) {
    this.sequence = sequence;
    this.chunk = chunk;
    this.delivery = delivery;
  }
}
