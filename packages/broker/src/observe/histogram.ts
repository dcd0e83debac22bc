/**
 * How often a quantity was how large: counts in buckets, as Prometheus has them. Observing makes nothing and takes a search in
 * a few numbers.
 *
 * @example new Histogram([0.001, 0.01, 0.1]).observe(0.02)
 */
export class Histogram {
  /** Upper bounds of the buckets, rising; a last one without a bound follows. */
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, times = 1): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + times;
    this.#sum += value * times;
  }

  /** The sum of all that was observed. */
  get sum(): number {
    return this.#sum;
  }

  /** How many observations were at most as large as each bound, and how many there were in all, last. */
  get cumulated(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => {
      total += count;
      return total;
    });
  }
}
