import { createHash } from 'node:crypto';

/** Longer keys are remembered by their digest: what peers call themselves may have 65,535 bytes. */
const LONGEST_KEY = 64;

/** A map of so many entries at the most, however long their keys are: what was not touched for longest is forgotten first. */
export class BoundedTable<Value> {
  readonly #maximumSize: number;
  readonly #values = new Map<string, Value>();

  constructor(maximumSize: number) {
    this.#maximumSize = maximumSize;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value | undefined {
    return this.#values.get(short(key));
  }

  /** Sets and makes it the latest. */
  set(key: string, value: Value): void {
    const own = short(key);
    this.#values.delete(own);
    this.#values.set(own, value);
    if (this.#values.size <= this.#maximumSize) return;
    const oldest = this.#values.keys().next();
    if (oldest.done !== true) this.#values.delete(oldest.value);
  }

  delete(key: string): void {
    this.#values.delete(short(key));
  }
}

/** The prefix holds what no peer's text can: no key is another one's digest. */
function short(key: string): string {
  return key.length <= LONGEST_KEY ? key : `\u0000${createHash('sha256').update(key).digest('base64')}`;
}
