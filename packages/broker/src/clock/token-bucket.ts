/**
 * Bounds a mean rate, with as much at once after a quiet second as a second allows. The rate is said with each call, so that it may
 * change at any time.
 */
export class TokenBucket {
  #allowance = Number.POSITIVE_INFINITY;
  #reckonedAt: number;

  /** @param now Milliseconds of any monotonic clock, here and below. */
  constructor(now: number) {
    this.#reckonedAt = now;
  }

  /** Takes so much if it is there. @returns Whether it was. */
  tryTake(amount: number, ratePerSecond: number, now: number): boolean {
    this.#earn(ratePerSecond, now);
    // What is more than a second allows must be possible at some time.
    if (this.#allowance < Math.min(amount, ratePerSecond, 1e15)) return false;
    this.#allowance -= amount;
    return true;
  }

  /** Takes so much in any case. @returns Milliseconds until all that was taken is earned; 0 when it is. */
  take(amount: number, ratePerSecond: number, now: number): number {
    this.#earn(ratePerSecond, now);
    this.#allowance -= amount;
    return this.#allowance >= 0 ? 0 : (-this.#allowance * 1000) / ratePerSecond;
  }

  #earn(ratePerSecond: number, now: number): void {
    const earned = ((now - this.#reckonedAt) / 1000) * ratePerSecond;
    this.#allowance = Math.min(this.#allowance + earned, Math.max(ratePerSecond, 1));
    this.#reckonedAt = now;
  }
}
