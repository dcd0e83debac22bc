import type { ReadStream } from 'node:tty';

/**
 * Single keys, without Enter and without being echoed onto the screen. What the terminal itself would have done with
 * Ctrl-C, Ctrl-\ and Ctrl-Z in the meantime comes here as a key.
 */
export class Keyboard {
  readonly #stream: ReadStream;
  readonly #onKey: (key: string) => void;
  readonly #handleData = (keys: Buffer) => {
    for (const key of keys.toString('latin1')) this.#onKey(key);
  };

  constructor(stream: ReadStream, onKey: (key: string) => void) {
    this.#stream = stream;
    this.#onKey = onKey;
  }

  open(): void {
    if (!this.#stream.isTTY) return;
    this.#stream.setRawMode(true);
    this.#stream.on('data', this.#handleData);
    this.#stream.resume();
  }

  close(): void {
    if (!this.#stream.isTTY) return;
    this.#stream.off('data', this.#handleData);
    this.#stream.setRawMode(false);
    this.#stream.pause();
  }
}
