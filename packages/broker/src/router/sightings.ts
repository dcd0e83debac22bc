const NONE = -1;

/** Notices what is seen again before long. It forgets when another hash takes the place, so its size is fixed. */
export class Sightings {
  readonly #hashes: Int32Array;

  /** @param places A power of two. */
  constructor(places: number) {
    this.#hashes = new Int32Array(places).fill(NONE);
  }

  /** @param hash From 0 up. @returns Whether it was the last to be seen in its place. */
  isAnother(hash: number): boolean {
    const place = hash & (this.#hashes.length - 1);
    if (this.#hashes[place] === hash) return true;
    this.#hashes[place] = hash;
    return false;
  }
}
