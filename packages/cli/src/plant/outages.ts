import type { Random } from './random.ts';
import type { OutageDescription } from './scenario.ts';

/** Decides when a device is off the network. Reads no clock: the time is an argument, in seconds since the start. */
export class Outages {
  readonly #description: OutageDescription;
  readonly #random: Random;
  #isOut = false;
  #nextChangeAt: number;

  constructor(description: OutageDescription, random: Random) {
    this.#description = description;
    this.#random = random;
    this.#nextChangeAt = description.firstAfter;
  }

  isOutAt(at: number): boolean {
    while (at >= this.#nextChangeAt) {
      this.#isOut = !this.#isOut;
      const [from, to] = this.#isOut ? this.#description.lasts : this.#description.pause;
      this.#nextChangeAt += this.#random.between(from, to);
    }
    return this.#isOut;
  }
}
