/** Where store time stood at an instant of the wall clock. */
export interface TimeMark {
  /** Milliseconds. */
  readonly storeTime: number;
  /** Milliseconds since 1970. */
  readonly wallTime: number;
}

/**
 * The time of the stamps in a store: it goes on with the broker's monotonic clock while a broker runs, and with the wall clock
 * from one broker to the next. So a wall clock that jumps while a broker runs changes nothing, and one that goes backwards while
 * none runs stands still.
 */
export class StoreTime {
  readonly #offset: number;

  /**
   * @param mark Undefined in a new store.
   * @param now Milliseconds of the broker's clock.
   * @param wallTime Milliseconds since 1970.
   */
  constructor(mark: TimeMark | undefined, now: number, wallTime: number) {
    const storeTime = mark === undefined ? 0 : mark.storeTime + Math.max(0, wallTime - mark.wallTime);
    this.#offset = storeTime - now;
  }

  /** From the broker's clock. */
  toStore(brokerTime: number): number {
    return brokerTime + this.#offset;
  }

  /** To the broker's clock. */
  toBroker(storeTime: number): number {
    return storeTime - this.#offset;
  }
}
