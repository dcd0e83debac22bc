import type { Writable } from 'node:stream';

/** Bytes from which waiting output is written before the turn ends. */
const FULL = 65_536;

/** What is to happen when the reader of our output does not keep up, or is gone. */
export interface OutputFlow {
  /** Nobody reads any more; `error` when that is not simply the pipe's end. Called once. */
  handleClosed(error?: Error): void;
  /** The reader takes less than comes: whoever produces waits for {@link handleDrained}. */
  handleCongested?(): void;
  handleDrained?(): void;
}

/**
 * Writes messages to stdout, those of one turn of the event loop together. A reader that has gone away (`| head -1`) is
 * the ordinary end of a pipe, not an error; one that is slow makes the producer wait, so that memory stays bounded.
 */
export class MessageOutput {
  readonly #stream: Writable;
  readonly #flow: OutputFlow;
  #waiting: Uint8Array[] = [];
  #byteLength = 0;
  #isClosed = false;
  #lost: Error | undefined;
  readonly #onError = (error: NodeJS.ErrnoException) => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lost = error.code === 'EPIPE' ? undefined : error;
    this.#flow.handleClosed(this.#lost);
  };

  constructor(stream: Writable, flow: OutputFlow) {
    this.#stream = stream;
    this.#flow = flow;
    stream.on('error', this.#onError);
  }

  /**
   * Writes what waits, and leaves the stream to whoever had it before.
   *
   * @returns Why not all of it could be written: a disk is full, say. Undefined also for the end of a pipe.
   */
  async close(): Promise<Error | undefined> {
    this.flush();
    if (!this.#isClosed) {
      // An error of the last write is told before the end of this one.
      await new Promise((resolve) => this.#stream.write('', resolve));
    }
    this.#stream.off('error', this.#onError);
    return this.#lost;
  }

  write(parts: readonly Uint8Array[]): void {
    if (parts.length === 0) return;
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    for (const part of parts) {
      this.#waiting.push(part);
      this.#byteLength += part.length;
    }
    if (this.#byteLength >= FULL) this.flush();
  }

  flush(): void {
    if (this.#byteLength === 0) return;
    const bytes = Buffer.concat(this.#waiting, this.#byteLength);
    this.#waiting = [];
    this.#byteLength = 0;
    if (this.#stream.write(bytes)) return;
    this.#flow.handleCongested?.();
    this.#stream.once('drain', () => this.#flow.handleDrained?.());
  }
}
