import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a process holds after everything that can be let go of has been. In bytes. */
export interface Held {
  readonly heap: number;
  /** Buffers outside of the heap. */
  readonly buffers: number;
}

/** Collects garbage, until twice in a row nothing more is found, and measures. */
export async function measureHeld(): Promise<Held> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let held = Number.POSITIVE_INFINITY;
  for (let rounds = 0; rounds < 10; rounds++) {
    // What ends with a turn of the event loop has to have ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    if (heapUsed + arrayBuffers >= held) break;
    held = heapUsed + arrayBuffers;
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}
