/** So many wait that no more is taken. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/**
 * Work that takes a processor or a peer for a while, a few pieces at a time and the rest in order behind them: a thousand logins
 * at once neither stop the broker nor fill its memory.
 */
export class BoundedWork {
  readonly #maximumRunning: number;
  readonly #maximumWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(maximumRunning: number, maximumWaiting: number) {
    this.#maximumRunning = maximumRunning;
    this.#maximumWaiting = maximumWaiting;
  }

  /** @throws {TooMuchWork} Too many wait already. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#maximumRunning) {
      if (this.#waiting.length >= this.#maximumWaiting) {
        throw new TooMuchWork(`${this.#maximumWaiting} wait already`);
      }
      // Whoever ends hands its place over, so nobody who comes meanwhile can take it.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
