/** A value that is not what its option takes. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
}

/** `true` or `false`, as Mosquitto has it: nothing else. */
export function truth(value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw new WrongValue(`expected true or false, '${value}' came`);
}

export function whole(value: string, minimum: number, maximum: number): number {
  const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw new WrongValue(`expected a whole number from ${minimum} to ${maximum}, '${value}' came`);
}

export function text(value: string): string {
  if (value === '') throw new WrongValue('expected a value, none came');
  return value;
}

/** Where a log goes. */
export type LogDestination = 'none' | 'stderr' | { readonly file: string } | { readonly elsewhere: string };

/** `stderr`, `none`, `file /var/log/broker.log`; and what Mosquitto has besides. */
export function logDestination(value: string): LogDestination {
  if (value === 'none' || value === 'stderr') return value;
  const [, file] = /^file\s+(.+)$/.exec(text(value)) ?? [];
  return file === undefined ? { elsewhere: value } : { file };
}

/** Whether a log would go where ours does not. */
export function isElsewhere(destination: unknown): boolean {
  return typeof destination === 'object' && destination !== null && 'elsewhere' in destination;
}

const UNITS: Readonly<Record<string, number>> = { h: 3600, d: 86_400, w: 7 * 86_400, m: 30 * 86_400, y: 365 * 86_400 };

/** `14d`, `2m`: hours, days, weeks, months, years. In seconds. */
export function period(value: string): number {
  const [, count, unit = ''] = /^(\d+)([hdwmy])$/.exec(value) ?? [];
  const seconds = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (seconds >= 0) return Math.min(seconds, 4_294_967_295);
  throw new WrongValue(`expected a number and h, d, w, m or y, '${value}' came`);
}
