import { WrongUsage } from './command-error.ts';
import type { ValueKind } from './definition.ts';
import { nearestOf } from './nearest.ts';

/** Any text, as it was typed. */
export function text(name: string): ValueKind<string> {
  return { placeholder: `<${name}>`, parse: (given) => given };
}

/** A whole number within bounds, both included. */
export function wholeNumber(name: string, minimum: number, maximum: number): ValueKind<number> {
  return {
    placeholder: `<${name}>`,
    parse(given) {
      const number = /^-?\d+$/.test(given) ? Number(given) : Number.NaN;
      if (number >= minimum && number <= maximum) return number;
      const bounds = maximum < Number.MAX_SAFE_INTEGER ? `from ${minimum} to ${maximum}` : `of at least ${minimum}`;
      throw new WrongUsage(`expected a whole number ${bounds}, not '${given}'`);
    },
  };
}

/** A port to listen on; 0 takes a free one. */
export const listeningPort = wholeNumber('port', 0, 65_535);

/** An address to listen on. Node takes an empty one, such as that of a variable that is not set, for all there are. */
export const listeningAddress: ValueKind<string> = {
  placeholder: '<address>',
  parse(given) {
    if (given === '') throw new WrongUsage("expected an address to listen on, such as localhost or 0.0.0.0, not ''");
    return given;
  },
};

/** One of some words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): ValueKind<Word> {
  return oneOfMeanings(Object.fromEntries(words.map((word) => [word, word])) as Record<Word, Word>);
}

/** One of some words that mean something else: `{ '311': 4 }`. Words listed in `hidden` are understood but not shown. */
export function oneOfMeanings<Meaning>(
  meanings: Readonly<Record<string, Meaning>>,
  hidden: readonly string[] = [],
): ValueKind<Meaning> {
  const known = new Map(Object.entries(meanings));
  const shown = [...known.keys()].filter((word) => !hidden.includes(word));
  return {
    placeholder: `<${shown.join('|')}>`,
    parse(given) {
      const meaning = known.get(given);
      if (meaning !== undefined) return meaning;
      if (shown.length > 1) throw noneOf(shown, given);
      throw new WrongUsage(`expected ${listWords(shown)}, the only one there is, not '${given}'`);
    },
  };
}

/** What was typed is none of some words; the one that is probably meant is told. */
export function noneOf(words: readonly string[], given: string): WrongUsage {
  const near = nearestOf(given, words);
  const advice = near === undefined ? '' : `; did you mean '${near}'?`;
  return new WrongUsage(`expected ${listWords(words)}, not '${given}'${advice}`);
}

/** `a`, `a or b`, `a, b or c`. */
export function listWords(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' or ');
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** A length of time such as `500ms`, `20s`, `5m` or `1h`, in milliseconds; a number alone is seconds. */
export const duration: ValueKind<number> = {
  placeholder: '<duration>',
  parse(given) {
    const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(given) ?? [];
    const ms = Number(amount) * (UNITS.get(unit) ?? 0);
    if (ms > 0 && ms <= MAX_TIMER_MS) return ms;
    throw new WrongUsage(`expected a time such as 500ms, 20s or 5m (up to 24 days), not '${given}'`);
  },
};

/** The longest time that a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;
