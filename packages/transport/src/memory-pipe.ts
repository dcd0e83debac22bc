/** What the writing end of a {@link MemoryPipe} is told. Only `handleDrained` is scheduled; the rest comes at once. */
export interface PipeWriter {
  /** Everything was taken after the high-water mark had been reached. */
  handleDrained(): void;
  /** Everything was taken and {@link MemoryPipe.end} was called. */
  handleFlushed(): void;
  /** What was under way is lost. */
  handleSevered(): void;
}

/** What the reading end of a {@link MemoryPipe} is told. `handleBytes` and `handleEnd` are scheduled. */
export interface PipeReader {
  handleBytes(bytes: Uint8Array): void;
  /** The writer has ended, and all it wrote was delivered. */
  handleEnd(): void;
  /** What was under way is lost. */
  handleSevered(): void;
}

/** How a {@link MemoryPipe} behaves; the meaning of each is told at `MemoryPairOptions`. */
export interface PipeBehaviour {
  readonly schedule: (task: () => void) => void;
  readonly chunk: ((byteLength: number) => number) | undefined;
  readonly highWaterMark: number;
  readonly windowBytes: number;
}

/**
 * One direction of a connection in memory: the part a kernel plays between two sockets.
 *
 *     write --> waiting (the writer's buffers) --copy--> window (ours, bounded) --schedule--> handleBytes
 *
 * `waiting` counts as buffered and is not copied before it is taken, so a writer who changes a buffer too early spoils
 * its own stream here as it would over TCP. At most one delivery is scheduled at a time: whatever order the tasks of
 * many pipes run in, the bytes of one stay in order.
 */
export class MemoryPipe {
  writer: PipeWriter | undefined;
  reader: PipeReader | undefined;
  readonly #behaviour: PipeBehaviour;
  readonly #waiting: Uint8Array[] = [];
  readonly #window: Uint8Array[] = [];
  #waitingBytes = 0;
  #windowUsed = 0;
  #isLagging = false;
  #isDrainScheduled = false;
  #isDeliveryScheduled = false;
  #isFlowing = false;
  #isEnded = false;
  #isFlushed = false;
  #isDiscarding = false;

  constructor(behaviour: PipeBehaviour) {
    this.#behaviour = behaviour;
  }

  /** Bytes written and not taken into the window yet. */
  get bufferedBytes(): number {
    return this.#waitingBytes;
  }

  /** Bytes written and not delivered yet. */
  get undeliveredBytes(): number {
    return this.#waitingBytes + this.#windowUsed;
  }

  get isWritable(): boolean {
    return !this.#isLagging;
  }

  write(bytes: Uint8Array): void {
    if (this.#isDiscarding || bytes.byteLength === 0) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    this.#take();
    if (this.#waitingBytes >= this.#behaviour.highWaterMark) this.#isLagging = true;
    this.#scheduleDelivery();
  }

  /** No more is written: the reader is told once it has everything. */
  end(): void {
    this.#isEnded = true;
    this.#settle();
    this.#scheduleDelivery();
  }

  /** The reader wants bytes, or wants none for now. */
  setFlowing(isFlowing: boolean): void {
    this.#isFlowing = isFlowing;
    this.#scheduleDelivery();
  }

  /** The reader wants nothing more: what was written and what will be counts as taken and goes nowhere. */
  discard(): void {
    this.#isDiscarding = true;
    this.#waiting.length = 0;
    this.#window.length = 0;
    this.#waitingBytes = 0;
    this.#windowUsed = 0;
    this.#settle();
  }

  /** Loses everything under way; both ends are told at once. */
  sever(): void {
    this.writer?.handleSevered();
    this.reader?.handleSevered();
    this.discard();
  }

  #take(): void {
    let room = this.#behaviour.windowBytes - this.#windowUsed;
    while (room > 0) {
      const first = this.#waiting[0];
      if (first === undefined) break;
      const taken = new Uint8Array(first.subarray(0, room)); // a copy: slice() of a Buffer is a view
      if (taken.byteLength === first.byteLength) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(room);
      this.#window.push(taken);
      this.#windowUsed += taken.byteLength;
      this.#waitingBytes -= taken.byteLength;
      room -= taken.byteLength;
    }
    this.#settle();
  }

  /** Tells the writer what follows from an empty queue. */
  #settle(): void {
    if (this.#waitingBytes > 0) return;
    if (this.#isLagging && !this.#isDrainScheduled) {
      this.#isDrainScheduled = true;
      this.#behaviour.schedule(() => this.#reportDrained());
    }
    if (this.#isEnded && !this.#isFlushed) {
      this.#isFlushed = true;
      this.writer?.handleFlushed();
    }
  }

  #reportDrained(): void {
    this.#isDrainScheduled = false;
    if (this.#waitingBytes > 0) return;
    this.#isLagging = false;
    this.writer?.handleDrained();
  }

  #scheduleDelivery(): void {
    if (!this.#isFlowing || this.#isDiscarding || this.#isDeliveryScheduled) return;
    if (this.#windowUsed === 0 && !this.#isFlushed) return;
    this.#isDeliveryScheduled = true;
    this.#behaviour.schedule(() => this.#deliver());
  }

  #deliver(): void {
    this.#isDeliveryScheduled = false;
    if (!this.#isFlowing || this.#isDiscarding) return;
    if (this.#windowUsed === 0) {
      this.reader?.handleEnd();
      return;
    }
    const bytes = this.#takePiece();
    this.#take();
    this.#scheduleDelivery();
    this.reader?.handleBytes(bytes);
  }

  /** The next bytes to deliver: one write as it was, or as many as `chunk` says, joined or cut. */
  #takePiece(): Uint8Array {
    const first = this.#window[0] ?? new Uint8Array(0);
    const { chunk } = this.#behaviour;
    const wanted = chunk === undefined ? first.byteLength : Math.trunc(chunk(this.#windowUsed));
    const byteLength = Math.min(Math.max(wanted, 1), this.#windowUsed);
    this.#windowUsed -= byteLength;
    if (byteLength === first.byteLength) {
      this.#window.shift();
      return first;
    }
    const piece = new Uint8Array(byteLength);
    for (let filled = 0; filled < byteLength; ) {
      const next = this.#window.shift() ?? new Uint8Array(0);
      const used = Math.min(next.byteLength, byteLength - filled);
      piece.set(next.subarray(0, used), filled);
      if (used < next.byteLength) this.#window.unshift(next.subarray(used));
      filled += used;
    }
    return piece;
  }
}
