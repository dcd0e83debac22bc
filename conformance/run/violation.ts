/** The broker did what the standard forbids, or did not do what it demands. */
export class Violation extends Error {
  readonly expected: string;
  readonly came: string;

  constructor(expected: string, came: string) {
    super(`expected ${expected}; came ${came}`);
    this.name = 'Violation';
    this.expected = expected;
    this.came = came;
  }
}

/** The broker does not offer what the scenario is about, and need not. */
export class NotTestable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'NotTestable';
  }
}

/** @throws {Violation} The two differ. Lists are compared element by element, bytes byte by byte. */
export function expectEqual(what: string, came: unknown, expected: unknown): void {
  if (full(came) !== full(expected)) throw new Violation(`${what} ${show(expected)}`, show(came));
}

/** @throws {Violation} The value is not among those allowed. */
export function expectOneOf(what: string, came: number, allowed: readonly number[]): void {
  if (allowed.includes(came)) return;
  throw new Violation(`${what} ${allowed.map(showNumber).join(' or ')}`, showNumber(came));
}

/** @throws {Violation} */
export function expectThat(holds: boolean, expected: string, came: string): asserts holds {
  if (!holds) throw new Violation(expected, came);
}

/** @throws {NotTestable} */
export function requireThat(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new NotTestable(reason);
}

function show(value: unknown): string {
  const text = full(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

function full(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(full).join(', ')}]`;
  return value === undefined ? 'none' : String(value);
}

function showNumber(value: number): string {
  return value < 0x80 && value !== 0 ? String(value) : `0x${value.toString(16).padStart(2, '0')}`;
}
