/**
 * Numbers that look random and are the same for the same seed, so that every find can be made again (xorshift, 32 bits).
 *
 * @example new SeededRandom(7).below(10) // always the same
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    // Spread, so that neighbouring seeds have nothing in common; the state must never be 0.
    let state = (seed ^ 0x9e37_79b9) >>> 0;
    state = Math.imul(state ^ (state >>> 16), 0x85eb_ca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2_ae35);
    this.#state = (state ^ (state >>> 16)) >>> 0 || 1;
  }

  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % limit;
  }

  /** True once in `times` on the average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @throws {RangeError} There is nothing to choose from. */
  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('expected something to choose from');
    return choice;
  }

  bytes(byteLength: number): Uint8Array {
    return Uint8Array.from({ length: byteLength }, () => this.below(256));
  }
}
