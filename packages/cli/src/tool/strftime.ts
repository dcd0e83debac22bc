const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY_MS = 86_400_000;

/** A moment of the local clock, finer than a Date. */
export interface Moment {
  readonly date: Date;
  readonly nanoseconds: number;
}

/** The local clock now. */
export function momentNow(): Moment {
  const milliseconds = performance.timeOrigin + performance.now();
  const date = new Date(milliseconds);
  return { date, nanoseconds: Math.floor((milliseconds % 1000) * 1e6) };
}

/** What C's strftime makes of one letter in the C locale; undefined for a letter that it does not know. */
export function strftime(letter: string, date: Date): string | undefined {
  return FIELDS[letter]?.(date);
}

type Field = (date: Date) => string;

const year: Field = (date) => String(date.getFullYear());
const hour12 = (date: Date) => ((date.getHours() + 11) % 12) + 1;
const join =
  (format: string): Field =>
  (date) =>
    format.replace(/%(.)/g, (_, letter: string) => strftime(letter, date) ?? '');

/** The letters of C99 and POSIX, and the ones of glibc. */
const FIELDS: Readonly<Record<string, Field>> = {
  a: (date) => (DAYS[date.getDay()] ?? '').slice(0, 3),
  A: (date) => DAYS[date.getDay()] ?? '',
  b: (date) => (MONTHS[date.getMonth()] ?? '').slice(0, 3),
  B: (date) => MONTHS[date.getMonth()] ?? '',
  c: join('%a %b %e %H:%M:%S %Y'),
  C: (date) => zeros(Math.floor(date.getFullYear() / 100), 2),
  d: (date) => zeros(date.getDate(), 2),
  D: join('%m/%d/%y'),
  e: (date) => blanks(date.getDate(), 2),
  F: join('%Y-%m-%d'),
  g: (date) => zeros(isoWeek(date).year % 100, 2),
  G: (date) => String(isoWeek(date).year),
  h: join('%b'),
  H: (date) => zeros(date.getHours(), 2),
  I: (date) => zeros(hour12(date), 2),
  j: (date) => zeros(dayOfYear(date) + 1, 3),
  k: (date) => blanks(date.getHours(), 2),
  l: (date) => blanks(hour12(date), 2),
  m: (date) => zeros(date.getMonth() + 1, 2),
  M: (date) => zeros(date.getMinutes(), 2),
  n: () => '\n',
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: (date) => (date.getHours() < 12 ? 'am' : 'pm'),
  r: join('%I:%M:%S %p'),
  R: join('%H:%M'),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => zeros(date.getSeconds(), 2),
  t: () => '\t',
  T: join('%H:%M:%S'),
  u: (date) => String(date.getDay() || 7),
  U: (date) => zeros(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7), 2),
  V: (date) => zeros(isoWeek(date).week, 2),
  w: (date) => String(date.getDay()),
  W: (date) => zeros(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7), 2),
  x: join('%m/%d/%y'),
  X: join('%H:%M:%S'),
  y: (date) => zeros(date.getFullYear() % 100, 2),
  Y: year,
  z: (date) => offset(date),
  Z: (date) => zoneName(date),
  '%': () => '%',
};

function zeros(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function blanks(value: number, width: number): string {
  return String(value).padStart(width, ' ');
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 1)) / DAY_MS);
}

/** The week of ISO 8601, and the year that it belongs to. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return { year: thursday.getUTCFullYear(), week: Math.floor((thursday.getTime() - start) / DAY_MS / 7) + 1 };
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${zeros(hours, 2)}${zeros(rest, 2)}`;
}

/** `CET`: which languages have a name and not only `GMT+1` depends on the zone. */
function zoneName(date: Date): string {
  const names = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA'].flatMap((language) => {
    const parts = new Intl.DateTimeFormat(language, { timeZoneName: 'short' }).formatToParts(date);
    return parts.flatMap(({ type, value }) => (type === 'timeZoneName' ? [value] : []));
  });
  return names.find((name) => !/^(GMT|UTC)[+-]/.test(name)) ?? names[0] ?? '';
}
