/**
 * Microseconds of the machine's monotonic clock. Every thread and process of a machine reads the same one, which
 * `performance.now` alone, counting from the start of each thread, does not give.
 */
export function nowUs(): number {
  return performance.now() * 1_000 + OFFSET_US;
}

const [seconds, nanoseconds] = process.hrtime();
const OFFSET_US = seconds * 1e6 + nanoseconds / 1e3 - performance.now() * 1e3;
