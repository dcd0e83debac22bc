/**
 * Counts things by name, where all names are known beforehand: what peers do can raise the counts, and never the number of
 * names. Every name is there from the start, with 0.
 *
 * @example new Tally(['publish', 'subscribe']).count('publish')
 */
export class Tally<Name extends string> {
  readonly #counts: Map<Name, number>;

  constructor(names: readonly Name[]) {
    this.#counts = new Map(names.map((name) => [name, 0]));
  }

  count(name: Name, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  /** All names with their counts, in the order they were given. */
  [Symbol.iterator](): IterableIterator<[Name, number]> {
    return this.#counts.entries();
  }
}
