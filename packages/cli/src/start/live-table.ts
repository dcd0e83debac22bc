import type { ReadStream, WriteStream } from 'node:tty';
import { isColorful } from '../terminal/color.ts';
import { Keyboard } from '../terminal/keyboard.ts';
import { Screen } from '../terminal/screen.ts';
import { createStyle } from '../terminal/style.ts';
import { type DashboardView, renderDashboard } from './dashboard.ts';

const FRAME_MS = 250;
const CTRL_C = '\x03';
const CTRL_BACKSLASH = '\x1c';
const CTRL_Z = '\x1a';

/** Shows the dashboard in a terminal, redrawn in place, until it is closed. `q` and Ctrl-C end, Ctrl-Z pauses it. */
export class LiveTable {
  readonly #screen: Screen;
  readonly #keyboard: Keyboard;
  readonly #draw: () => void;
  #timer: NodeJS.Timeout | undefined;
  readonly #resume = () => this.open();

  constructor(stdin: ReadStream, stdout: WriteStream, view: () => DashboardView) {
    const style = createStyle(isColorful(stdout));
    this.#screen = new Screen(stdout);
    this.#keyboard = new Keyboard(stdin, (key) => this.#handleKey(key));
    this.#draw = () => this.#screen.draw(renderDashboard(view(), this.#screen, style));
  }

  open(): void {
    this.#screen.open(this.#draw);
    this.#keyboard.open();
    this.#timer = setInterval(this.#draw, FRAME_MS);
    this.#draw();
  }

  /** Gives the terminal back as it was. */
  close(): void {
    clearInterval(this.#timer);
    process.off('SIGCONT', this.#resume);
    this.#keyboard.close();
    this.#screen.close();
  }

  #handleKey(key: string): void {
    if (key === 'q' || key === CTRL_C) process.kill(process.pid, 'SIGINT');
    if (key === CTRL_BACKSLASH) process.kill(process.pid, 'SIGTERM');
    if (key !== CTRL_Z || process.platform === 'win32') return;
    this.close();
    process.once('SIGCONT', this.#resume);
    process.kill(0, 'SIGTSTP'); // the whole group, as the terminal would: whoever started us stops too
  }
}
