/**
 * How many deliveries each publisher's messages have brought, or can no longer bring, over all threads: what a publisher
 * must know to keep its window. Each thread counts in cells of its own; the sums wrap at 2^32, their differences do not
 * matter for that.
 */
export class Deliveries {
  readonly memory: ArrayBufferLike;
  readonly #cells: Int32Array;
  readonly #publishers: number;
  readonly #threads: number;

  constructor(publishers: number, threads: number, memory?: ArrayBufferLike) {
    this.memory = memory ?? new SharedArrayBuffer(publishers * threads * Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new Int32Array(this.memory);
    this.#publishers = publishers;
    this.#threads = threads;
  }

  add(thread: number, publisher: number, count: number): void {
    const at = thread * this.#publishers + publisher;
    this.#cells[at] = (this.#cells[at] as number) + count;
  }

  /** The sum of all threads, from 0 to 2^32. */
  of(publisher: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      sum += this.#cells[thread * this.#publishers + publisher] as number;
    }
    return sum >>> 0;
  }
}
