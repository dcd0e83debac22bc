/** A terminal's screen as a grid of cells, written to with what programs write to a terminal. */

const ESCAPE = '\x1b';
const BELL = '\x07';
/** Control sequences, titles, character sets and modes of the keypad: all but the first are passed over. */
const SEQUENCE = new RegExp(
  `${ESCAPE}\\[([?>]?)([\\d;]*)([A-Za-z])|${ESCAPE}\\][^${BELL}]*${BELL}|${ESCAPE}[()][A-Z0-9]|${ESCAPE}[=>78]`,
  'y',
);
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/u;

/** @typedef {{ text: string, color: number | undefined, isBold: boolean, isDim: boolean, isInverse: boolean }} Cell */

export class TerminalScreen {
  /** @type {Cell[][]} */
  cells;
  #row = 0;
  #column = 0;
  #style = plain();

  constructor(columns, rows) {
    this.columns = columns;
    this.rows = rows;
    this.cells = this.#blank();
  }

  /** @param {string} text */
  write(text) {
    for (let at = 0; at < text.length; ) {
      SEQUENCE.lastIndex = at;
      const sequence = SEQUENCE.exec(text);
      if (sequence !== null) {
        at = SEQUENCE.lastIndex;
        if (sequence[3] !== undefined) this.#control(sequence[1] ?? '', sequence[2] ?? '', sequence[3]);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(at) ?? 32);
      at += character.length;
      this.#put(character);
    }
  }

  /** The lines as text, without the blanks at their ends. */
  get lines() {
    return this.cells.map((row) =>
      row
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  }

  #put(character) {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#feed();
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character >= ' ') {
      if (this.#column >= this.columns) {
        this.#column = 0;
        this.#feed();
      }
      this.cells[this.#row][this.#column] = { text: character, ...this.#style };
      this.#column += 1;
      if (WIDE.test(character) && this.#column < this.columns) {
        this.cells[this.#row][this.#column] = { text: '', ...this.#style };
        this.#column += 1;
      }
    }
  }

  #feed() {
    this.#row += 1;
    if (this.#row < this.rows) return;
    this.cells.shift();
    this.cells.push(this.#blankRow());
    this.#row = this.rows - 1;
  }

  #control(mark, parameters, letter) {
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    if (mark !== '') {
      if (parameters === '1049') this.#home();
    } else if (letter === 'H') this.#moveTo((first || 1) - 1, (second || 1) - 1);
    else if (letter === 'J') this.cells = this.#blank();
    else if (letter === 'K') this.#clearLine(first);
    else if (letter === 'm') this.#setStyle(parameters);
  }

  #home() {
    this.cells = this.#blank();
    this.#moveTo(0, 0);
  }

  #moveTo(row, column) {
    this.#row = Math.min(row, this.rows - 1);
    this.#column = Math.min(column, this.columns - 1);
  }

  #clearLine(mode) {
    const row = this.cells[this.#row];
    const [from, to] =
      mode === 2 ? [0, this.columns] : mode === 1 ? [0, this.#column + 1] : [this.#column, this.columns];
    for (let at = from; at < to; at++) row[at] = { text: ' ', ...plain() };
  }

  #setStyle(parameters) {
    for (const code of (parameters || '0').split(';').map(Number)) {
      if (code === 0) this.#style = plain();
      else if (code === 1) this.#style.isBold = true;
      else if (code === 2) this.#style.isDim = true;
      else if (code === 22) Object.assign(this.#style, { isBold: false, isDim: false });
      else if (code === 7) this.#style.isInverse = true;
      else if (code === 27) this.#style.isInverse = false;
      else if (code >= 30 && code <= 37) this.#style.color = code - 30;
      else if (code >= 90 && code <= 97) this.#style.color = code - 90;
      else if (code === 39) this.#style.color = undefined;
      this.#style = { ...this.#style };
    }
  }

  #blank() {
    return Array.from({ length: this.rows }, () => this.#blankRow());
  }

  #blankRow() {
    return Array.from({ length: this.columns }, () => ({ text: ' ', ...plain() }));
  }
}

function plain() {
  return { color: undefined, isBold: false, isDim: false, isInverse: false };
}
