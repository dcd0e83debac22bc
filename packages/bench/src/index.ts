/** @busbar/bench: a load generator for any MQTT broker that accounts for every message. */
export { BenchError, type BenchErrorCode } from './bench-error.ts';
export type { BrokerCost } from './broker-cost.ts';
export { Histogram } from './histogram.ts';
export { type Limit, LimitError, parseLimit } from './limit.ts';
export { type BenchOptions, BenchPlanError, type Workload } from './plan.ts';
export { type BenchResult, type Latency, METRICS, metricOf } from './result.ts';
export { type BenchProgress, type BenchWatch, runBench } from './run-bench.ts';
export { SequenceProof } from './sequence-proof.ts';
