/** A value that is not what its option takes. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
}

/** What counts of most values. Mosquitto does not read on, so many a file has a comment behind. */
export function firstWord(value: string): string {
  return value.split(/\s/, 1)[0] ?? '';
}

/** `true` or `1`, `false` or `0`, as Mosquitto has it: nothing else. */
export function truth(value: string): boolean {
  const word = firstWord(value);
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  throw new WrongValue(`expected true or false, '${word}' came`);
}

/** One of some words. */
export function oneOf<Word extends string>(words: readonly Word[], value: string): Word {
  const word = firstWord(value);
  const known = words.find((each) => each === word);
  if (known !== undefined) return known;
  throw new WrongValue(`expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, '${word}' came`);
}

export function whole(value: string, minimum: number, maximum: number): number {
  const word = firstWord(value);
  const number = /^-?\d+$/.test(word) ? Number(word) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw new WrongValue(`expected a whole number ${spanOf(minimum, maximum)}, '${word}' came`);
}

function spanOf(minimum: number, maximum: number): string {
  return minimum === Number.MIN_SAFE_INTEGER ? `of at most ${maximum}` : `from ${minimum} to ${maximum}`;
}

export function text(value: string): string {
  if (value === '') throw new WrongValue('expected a value, none came');
  return value;
}

/** Where a log goes. */
export type LogDestination = 'none' | 'stderr' | { readonly file: string } | { readonly elsewhere: string };

/** `stderr`, `none`, `file /var/log/broker.log`; and what Mosquitto has besides. */
export function logDestination(value: string): LogDestination {
  const word = oneOf(['none', 'stderr', 'stdout', 'syslog', 'topic', 'dlt', 'android', 'file'], text(value));
  if (word === 'none' || word === 'stderr') return word;
  if (word !== 'file') return { elsewhere: word };
  const [, file] = /^file\s+(.+)$/.exec(value) ?? [];
  if (file === undefined) throw new WrongValue('expected file and its path, no path came');
  return { file };
}

/** Whether a log would go where ours does not. */
export function isElsewhere(destination: unknown): boolean {
  return typeof destination === 'object' && destination !== null && 'elsewhere' in destination;
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 7 * 86_400, m: 30 * 86_400, y: 365 * 86_400 };

/** `14d`, `2m`: hours, days, weeks, months, years. In seconds. */
export function period(value: string): number {
  const word = firstWord(value);
  const [, count, unit = ''] = /^(\d+)([hdwmy])$/.exec(word) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (seconds > 0) return Math.min(seconds, 4_294_967_295);
  throw new WrongValue(`expected a number from 1 and h, d, w, m or y, '${word}' came`);
}
