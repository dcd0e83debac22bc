import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readProcessMemory } from '../observe/process-memory.ts';

/** What a program uses of its memory. */
export interface MemoryReading {
  /** Heap and buffers outside of it. */
  readonly usedBytes: number;
  /** The part of what may be used; 1 is all of it. */
  readonly share: number;
}

/** The memory of a program, as {@link Overload} needs it. */
export interface Memory {
  /** @param limitBytes What heap and buffers may use together; 0: only the heap is bounded, by Node. */
  read(limitBytes: number): MemoryReading;
  /** Gives back what nobody uses any more. @returns Milliseconds that nothing else has happened. */
  collect(): number;
}

/** Node itself gives up when its heap is full: so much before it is. */
const HEAP_SHARE = 0.95;

/** The memory of this process. */
export const processMemory: Memory = {
  read(limitBytes) {
    const { heapUsed, heapLimit, external } = readProcessMemory();
    const ofHeap = heapUsed / (heapLimit * HEAP_SHARE);
    const usedBytes = heapUsed + external;
    return { usedBytes, share: limitBytes === 0 ? ofHeap : Math.max(ofHeap, usedBytes / limitBytes) };
  },
  collect() {
    const before = performance.now();
    collector()();
    return performance.now() - before;
  },
};

/** What is over the limit may be garbage that nobody has missed yet: an idle program collects none. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
