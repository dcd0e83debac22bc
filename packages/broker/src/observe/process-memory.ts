import { getHeapStatistics } from 'node:v8';

/** The memory of this process, in bytes. */
export interface ProcessMemory {
  readonly heapUsed: number;
  readonly heapTotal: number;
  /** What the heap may grow to. */
  readonly heapLimit: number;
  /** Buffers above all, outside of the heap. */
  readonly external: number;
}

/** Asks V8 alone: `process.memoryUsage` opens a file for it, and throws while connections have all descriptors. */
export function readProcessMemory(): ProcessMemory {
  const { used_heap_size, total_heap_size, heap_size_limit, external_memory } = getHeapStatistics();
  return {
    heapUsed: used_heap_size,
    heapTotal: total_heap_size,
    heapLimit: heap_size_limit,
    external: external_memory,
  };
}

/** What of the process is in RAM; undefined while there is no descriptor left to find it out with. */
export function readResidentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
