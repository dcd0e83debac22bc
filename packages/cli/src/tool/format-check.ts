import { ToolUsage } from './tool-usage.ts';

/** What may stand between hexadecimal digits, as a separator in `%.2:x`. */
export const HEX_SEPARATORS = '!"#$&\'()*+,-./:;<=>?@[\\]^_`{|}~ ';
const FIELDS = '%ACDEFIlmPpqRSrtjJUxXfd';
const ESCAPES = '\\0aenrtv';

/** Checks a format of `-F`, so that printing need not. @throws {ToolUsage} It cannot be printed. */
export function checkFormat(format: string): void {
  for (let at = 0; at < format.length; at++) {
    const start = format.charAt(at);
    if (start === '%') at = checkField(format, at);
    else if (start === '@') at = expectMore(format, at, 'format');
    else if (start === '\\') {
      at = expectMore(format, at, 'escape');
      const letter = format.charAt(at);
      if (!ESCAPES.includes(letter)) throw invalid('escape', letter);
    }
  }
}

/** @returns Where the field's letter is. */
function checkField(format: string, start: number): number {
  const [width = '', precision] = /^-?\d*(\.\d*)?/.exec(format.slice(start + 1)) ?? [];
  let at = expectMore(format, start + width.length, 'format');
  if (precision !== undefined && HEX_SEPARATORS.includes(format.charAt(at))) at = expectMore(format, at, 'format');
  const field = format.charAt(at);
  if (!FIELDS.includes(field)) throw invalid('format', field);
  return at;
}

function expectMore(format: string, at: number, what: 'format' | 'escape'): number {
  if (at + 1 < format.length) return at + 1;
  const theirs = `Error: Incomplete ${what} specifier.\n`;
  throw new ToolUsage(theirs, `-F: the format ends within a ${what === 'format' ? 'field' : 'character'}`);
}

function invalid(what: 'format' | 'escape', character: string): ToolUsage {
  const theirs = `Error: Invalid ${what} specifier '${character}'.\n`;
  const known = what === 'format' ? [...FIELDS].map((each) => `%${each}`) : [...ESCAPES].map((each) => `\\${each}`);
  const shown = `${what === 'format' ? '%' : '\\'}${character}`;
  return new ToolUsage(theirs, `-F: there is no ${shown}, only ${known.join(' ')}`);
}
