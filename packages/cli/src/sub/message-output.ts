import type { Writable } from 'node:stream';

/** Bytes from which waiting output is written before the turn ends. */
const FULL = 65_536;

/**
 * Writes messages to stdout, those of one turn of the event loop together. A reader that has gone away (`| head -1`) is
 * the ordinary end of a pipe, not an error.
 */
export class MessageOutput {
  readonly #stream: Writable;
  #waiting: Uint8Array[] = [];
  #byteLength = 0;

  /** @param onClosed Called once when nobody reads any more; `error` when that is not simply the pipe's end. */
  constructor(stream: Writable, onClosed: (error?: Error) => void) {
    this.#stream = stream;
    let isClosed = false;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (isClosed) return;
      isClosed = true;
      onClosed(error.code === 'EPIPE' ? undefined : error);
    });
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
    this.#stream.write(bytes);
  }
}
