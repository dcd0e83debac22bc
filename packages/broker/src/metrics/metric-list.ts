import { CLIENT_METRICS } from './client-metrics.ts';
import { MESSAGE_METRICS } from './message-metrics.ts';
import type { Metric } from './metric.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { STORE_METRICS } from './store-metrics.ts';

/** All metrics of a broker, in the order of the exposition. */
export const METRICS: readonly Metric[] = [...CLIENT_METRICS, ...MESSAGE_METRICS, ...STORE_METRICS, ...PROCESS_METRICS];
