import { readResidentBytes } from '../observe/process-memory.ts';
import type { Metric } from './metric.ts';

/** The process, under the names that exporters for Node use: several brokers in one process have these in common. */
export const PROCESS_METRICS: readonly Metric[] = [
  {
    name: 'busbar_event_loop_lag_seconds',
    type: 'histogram',
    help: 'How late the event loop is, asked ten times a second.',
    read: ({ loopLag }) => loopLag.histogram,
  },
  {
    name: 'process_cpu_user_seconds_total',
    type: 'counter',
    help: 'Processor time that the process has spent in its own code.',
    read: () => process.cpuUsage().user / 1e6,
  },
  {
    name: 'process_cpu_system_seconds_total',
    type: 'counter',
    help: 'Processor time that the process has spent in the operating system.',
    read: () => process.cpuUsage().system / 1e6,
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When the process was started, in seconds since 1970.',
    read: () => Math.round(performance.timeOrigin) / 1000,
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory of the process that is in RAM.',
    read: () => readResidentBytes(),
  },
  {
    name: 'nodejs_heap_size_used_bytes',
    type: 'gauge',
    help: 'Heap of JavaScript that is in use.',
    read: (_, { memory }) => memory.heapUsed,
  },
  {
    name: 'nodejs_heap_size_total_bytes',
    type: 'gauge',
    help: 'Heap of JavaScript that is reserved.',
    read: (_, { memory }) => memory.heapTotal,
  },
  {
    name: 'nodejs_heap_size_limit_bytes',
    type: 'gauge',
    help: 'How large the heap of JavaScript may become.',
    read: (_, { memory }) => memory.heapLimit,
  },
  {
    name: 'nodejs_external_memory_bytes',
    type: 'gauge',
    help: 'Memory outside of the heap that objects of JavaScript hold, buffers above all.',
    read: (_, { memory }) => memory.external,
  },
];
