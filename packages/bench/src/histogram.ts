/** Values below it have a bucket each; above it, a bucket is at most 1/128 of its values wide. */
const EXACT = 256;
const HALF = EXACT / 2;
/** 2^31 microseconds are 35 minutes. */
const LARGEST = 0x7fff_ffff;
const BUCKETS = indexOf(LARGEST) + 1;

/**
 * How often each value came, in buckets whose width grows with the value (as HdrHistogram has them): percentiles are off by
 * less than one per cent at any size, recording is one increment, and histograms of several threads add up.
 *
 * Values are whole microseconds up to 2^31; what is larger counts as that. Its memory may be shared between threads: one
 * records, the others read.
 *
 * @example
 * histogram.record(1_250);
 * histogram.percentile(99); // 1255: in microseconds, the largest value of the bucket
 */
export class Histogram {
  /** Bytes that {@link constructor} needs. */
  static readonly byteLength = (BUCKETS + 1) * Uint32Array.BYTES_PER_ELEMENT;

  readonly #counts: Uint32Array;

  /** @param memory At least {@link Histogram.byteLength} bytes, zero or with what another thread records. */
  constructor(memory: ArrayBufferLike = new ArrayBuffer(Histogram.byteLength), offset = 0) {
    this.#counts = new Uint32Array(memory, offset, BUCKETS + 1);
  }

  record(value: number): void {
    const whole = value < 0 ? 0 : value > LARGEST ? LARGEST : value | 0;
    const index = whole < EXACT ? whole : indexOf(whole);
    this.#counts[index] = (this.#counts[index] as number) + 1;
    if (whole > this.largest) this.#counts[BUCKETS] = whole;
  }

  /** The largest value recorded, exactly; 0 when there is none. */
  get largest(): number {
    return this.#counts[BUCKETS] as number;
  }

  /** How many values were recorded. */
  get count(): number {
    let sum = 0;
    for (let index = 0; index < BUCKETS; index++) sum += this.#counts[index] as number;
    return sum;
  }

  /** The mean of the values, within the precision of the buckets; 0 when there is none. */
  get mean(): number {
    let sum = 0;
    let count = 0;
    for (let index = 0; index < BUCKETS; index++) {
      const times = this.#counts[index] as number;
      sum += times * ((lowest(index) + highest(index)) / 2);
      count += times;
    }
    return count === 0 ? 0 : Math.min(sum / count, this.largest);
  }

  /**
   * The smallest value that so many per cent of all values do not exceed, as the largest one of its bucket; 0 when there is
   * none.
   *
   * @param percent Above 0, up to 100.
   */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil((this.count * percent) / 100));
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#counts[index] as number;
      if (seen >= wanted) return Math.min(highest(index), this.largest);
    }
    return 0;
  }

  /** Adds what another one has recorded. */
  add(other: Histogram): void {
    for (let index = 0; index < BUCKETS; index++) {
      this.#counts[index] = (this.#counts[index] as number) + (other.#counts[index] as number);
    }
    if (other.largest > this.largest) this.#counts[BUCKETS] = other.largest;
  }
}

function indexOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 24 - Math.clz32(value); // so that value >> shift is from 128 to 255
  return EXACT + (shift - 1) * HALF + (value >> shift) - HALF;
}

function lowest(index: number): number {
  if (index < EXACT) return index;
  const shift = Math.floor((index - EXACT) / HALF) + 1;
  return (HALF + ((index - EXACT) % HALF)) * 2 ** shift;
}

function highest(index: number): number {
  return index < EXACT ? index : lowest(index) + 2 ** (Math.floor((index - EXACT) / HALF) + 1) - 1;
}
