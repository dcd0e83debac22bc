import { median } from '../side-by-side/statistics.mjs';

const WARM_UP_MS = 150;
const SAMPLE_MS = 25;
const SAMPLES = 15;
const ALLOCATING_OPERATIONS = 20_000;

/**
 * What one operation takes.
 *
 * @param {(count: number) => void} repeat Does it so many times.
 * @returns {{ nanoseconds: number, bytes: number }} The time of the quickest sample, since what others on the machine take
 * away is not the operation's; the median of the bytes of heap and array buffers.
 */
export function measure(repeat) {
  const count = calibrate(repeat);
  const samples = Array.from({ length: SAMPLES }, () => (timeOf(repeat, count) * 1e6) / count);
  const empty = median(Array.from({ length: 5 }, () => allocatedBy(() => {})));
  const allocated = median(Array.from({ length: 5 }, () => allocatedBy(() => repeat(ALLOCATING_OPERATIONS))));
  const bytes = Math.max(0, allocated - empty) / ALLOCATING_OPERATIONS;
  return { nanoseconds: round(Math.min(...samples), 2), bytes: round(bytes, 1) };
}

/** Lets the compiler do its work and finds how many operations make up a sample. */
function calibrate(repeat) {
  let count = 100;
  let spent = 0;
  let last = 0;
  while (spent < WARM_UP_MS || last < SAMPLE_MS / 2) {
    last = timeOf(repeat, count);
    spent += last;
    if (last < SAMPLE_MS / 2) count *= 2;
  }
  return count;
}

function timeOf(repeat, count) {
  const startedAt = performance.now();
  repeat(count);
  return performance.now() - startedAt;
}

function allocatedBy(act) {
  globalThis.gc();
  const before = process.memoryUsage();
  act();
  const after = process.memoryUsage();
  return after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
}

function round(value, digits) {
  return Number(value.toFixed(digits));
}
