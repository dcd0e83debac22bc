/**
 * When each message is to be published at a fixed rate: evenly spread, the publishers in turn. The moment follows from a
 * message's number alone, so a message that leaves late, because the broker or this program was busy, is still measured
 * from the moment it should have left at ("no coordinated omission").
 *
 * One thread has some of the publishers; the schedules of all threads make up the whole.
 */
export class RateSchedule {
  readonly #rate: number;
  readonly #publisherCount: number;
  readonly #own: readonly number[];
  readonly #endUs: number;
  #round = 0;
  #turn = 0;

  /**
   * @param rate Messages a second, of all publishers together.
   * @param own Indexes of this thread's publishers, rising.
   * @param endUs Nothing is due from then on, in microseconds after the start.
   */
  constructor(rate: number, publisherCount: number, own: readonly number[], endUs: number) {
    this.#rate = rate;
    this.#publisherCount = publisherCount;
    this.#own = own;
    this.#endUs = endUs;
  }

  /** When a publisher's message is due, in microseconds after the start. @param sequence Its number, from 0. */
  dueUs(publisher: number, sequence: number): number {
    return ((sequence * this.#publisherCount + publisher) * 1e6) / this.#rate;
  }

  /** When the next message of this thread is due; infinity when there is none left. */
  get nextUs(): number {
    const publisher = this.#own[this.#turn];
    if (publisher === undefined) return Number.POSITIVE_INFINITY;
    const dueUs = this.dueUs(publisher, this.#round);
    return dueUs < this.#endUs ? dueUs : Number.POSITIVE_INFINITY;
  }

  /** Tells of each message that has become due. @param handleDue Gets the place of its publisher among this thread's. */
  advance(nowUs: number, handleDue: (place: number) => void): void {
    while (this.nextUs <= nowUs) {
      handleDue(this.#turn);
      this.#turn++;
      if (this.#turn < this.#own.length) continue;
      this.#turn = 0;
      this.#round++;
    }
  }
}
