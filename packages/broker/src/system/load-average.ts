/** Minutes over which loads are averaged, as in other brokers and in `uptime`. */
export const LOAD_MINUTES = [1, 5, 15] as const;

/** How much of a counter there was per minute, averaged over 1, 5 and 15 minutes with exponential decay. */
export class LoadAverage {
  readonly #averages = LOAD_MINUTES.map(() => 0);
  #last = 0;

  /** Takes the counter's next reading, `seconds` after the one before. @returns One average for each of {@link LOAD_MINUTES}. */
  update(total: number, seconds: number): readonly number[] {
    const perMinute = seconds > 0 ? ((total - this.#last) * 60) / seconds : 0;
    this.#last = total;
    for (const [index, minutes] of LOAD_MINUTES.entries()) {
      const kept = Math.exp(-seconds / (60 * minutes));
      this.#averages[index] = perMinute + kept * ((this.#averages[index] ?? 0) - perMinute);
    }
    return this.#averages;
  }
}
