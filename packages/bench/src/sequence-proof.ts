/** Ranges of missing messages that are remembered; beyond, the oldest count as lost for good. */
const MOST_GAPS = 65_536;

/**
 * What became of one publisher's messages at one subscriber (or at the members of one shared subscription): which are
 * missing, which came twice, which came late. The messages are numbered 0, 1, 2, ... as they are published.
 *
 * In order it costs a comparison and an addition for each; memory is needed only for ranges of missing numbers.
 */
export class SequenceProof {
  /** All that came, duplicates included. */
  received = 0;
  /** What had come before. */
  duplicates = 0;
  /** What came, for the first time, after a message that was published later. */
  reordered = 0;
  /** The number after the highest that came. */
  next = 0;
  /** Ranges of missing numbers, rising: [from, to, from, to, ...], `to` excluded. */
  readonly #gaps: number[] = [];

  /** A message came. @returns By how much {@link next} rose. */
  accept(sequence: number): number {
    this.received++;
    const { next } = this;
    if (sequence < next) {
      if (this.#fill(sequence)) this.reordered++;
      else this.duplicates++;
      return 0;
    }
    if (sequence > next) this.#miss(next, sequence);
    this.next = sequence + 1;
    return sequence + 1 - next;
  }

  /** How many of the messages never came. @param sent How many were published. */
  lostOf(sent: number): number {
    return sent - (this.received - this.duplicates);
  }

  #miss(from: number, to: number): void {
    if (this.#gaps.length >= 2 * MOST_GAPS) this.#gaps.splice(0, MOST_GAPS);
    this.#gaps.push(from, to);
  }

  /** Takes a number out of the missing ones; false when it is not among them. */
  #fill(sequence: number): boolean {
    const gaps = this.#gaps;
    let low = 0;
    let high = gaps.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((gaps[2 * middle + 1] as number) <= sequence) low = middle + 1;
      else high = middle;
    }
    const at = 2 * low;
    const from = gaps[at];
    const to = gaps[at + 1];
    if (from === undefined || to === undefined || sequence < from) return false;
    const rest = [...(from < sequence ? [from, sequence] : []), ...(sequence + 1 < to ? [sequence + 1, to] : [])];
    gaps.splice(at, 2, ...rest);
    return true;
  }
}
