import { printable } from '../terminal/printable.ts';

/** Rows as a table for people: columns as wide as they must be, numbers to the right. */
export class Table {
  readonly #columns: readonly string[];
  readonly #rows: string[][] = [];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  get length(): number {
    return this.#rows.length;
  }

  add(values: readonly unknown[]): void {
    this.#rows.push(values.map((value) => (value === undefined ? '-' : printable(String(value)))));
  }

  toString(): string {
    const all = [[...this.#columns], ...this.#rows];
    const widths = this.#columns.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
    const isNumeric = this.#columns.map((_, at) => this.#rows.every((row) => /^(-|[\d,.]+)$/.test(row[at] ?? '')));
    const lines = all.map((row) =>
      row.map((cell, at) => (isNumeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  '),
    );
    return lines.map((line) => `${line.trimEnd()}\n`).join('');
  }
}
