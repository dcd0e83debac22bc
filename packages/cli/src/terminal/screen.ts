import type { WriteStream } from 'node:tty';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';
/** Terminals that know it show a frame whole; the others ignore it. */
const BEGIN_FRAME = '\x1b[?2026h';
const END_FRAME = '\x1b[?2026l';

/**
 * The whole terminal as a place to draw in: the alternate screen, so that what was there before comes back at the end.
 * Only lines that have changed are written again.
 */
export class Screen {
  readonly #stream: WriteStream;
  #shown: readonly string[] = [];
  #isOpen = false;
  /** The terminal comes back even when something throws. */
  readonly #leaveOnExit = () => this.close();
  readonly #handleResize = () => {
    this.#shown = [];
    this.#onResize();
  };
  #onResize: () => void = () => {};

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get columns(): number {
    return this.#stream.columns || 80;
  }

  get rows(): number {
    return this.#stream.rows || 24;
  }

  /** @param onResize Called when the terminal has another size and must be drawn anew. */
  open(onResize: () => void = this.#onResize): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#onResize = onResize;
    this.#shown = [];
    this.#stream.write(ENTER);
    this.#stream.on('resize', this.#handleResize);
    process.on('exit', this.#leaveOnExit);
  }

  /** Shows these lines, from the top; each must fit into a row of the terminal. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const isAnew = this.#shown.length === 0;
    const changes = Array.from({ length: this.rows }, (_, row) => {
      const line = lines[row] ?? '';
      return !isAnew && line === (this.#shown[row] ?? '') ? '' : `\x1b[${row + 1};1H\x1b[2K${line}`;
    });
    this.#shown = lines.slice(0, this.rows);
    const output = changes.join('');
    if (output !== '') this.#stream.write(`${BEGIN_FRAME}${isAnew ? '\x1b[2J' : ''}${output}${END_FRAME}`);
  }

  /** Gives the terminal back as it was. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.off('resize', this.#handleResize);
    process.off('exit', this.#leaveOnExit);
    this.#stream.write(LEAVE);
  }
}
