import { type Board, Count, sumOf } from './board.ts';
import type { BrokerCost } from './broker-cost.ts';
import { Histogram } from './histogram.ts';
import { type BenchPlan, copiesOf, isTimedWorkload, type Workload } from './plan.ts';
import type { TaskReport } from './task.ts';

/** Milliseconds: of messages from when they should have left to when they came; of connections from the dial to the CONNACK. */
export interface Latency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly max: number;
}

/** What came of a run. Counts are of the whole run, rates and latency of the time that was measured. */
export interface BenchResult {
  /** What was done. */
  readonly run: {
    readonly url: string;
    readonly workload: Workload;
    readonly version: number;
    readonly publishers: number;
    readonly subscribers: number;
    readonly connections: number;
    readonly qos: number;
    readonly size: number;
    readonly window: number;
    /** 0: as fast as the window allows. */
    readonly rate: number;
    readonly userProperties: number;
    readonly threads: number;
  };
  readonly measuredSeconds: number;
  /** Messages published, or connections begun. */
  readonly sent: number;
  /** Deliveries that came, duplicates included, or connections that were made. */
  readonly received: number;
  readonly expected: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  /** Messages that the broker did not take. */
  readonly refused: number;
  /** Packets that nothing asked for. */
  readonly foreign: number;
  /** Messages that were due by the rate and never left. */
  readonly unsent: number;
  /** A second. */
  readonly sendRate: number;
  readonly receiveRate: number;
  readonly latencyMs: Latency;
  /** Of the processes that were asked for. */
  readonly broker: (BrokerCost & { readonly cpuMicrosecondsPerDelivery: number }) | undefined;
}

const COUNTS = ['sent', 'received', 'lost', 'duplicates', 'reordered', 'refused', 'foreign', 'unsent'] as const;
const RATES = { 'send-rate': 'sendRate', 'receive-rate': 'receiveRate' } as const;
const TIMES = ['mean', 'p50', 'p90', 'p99', 'p99.9', 'max'] as const;

/** The figures that a limit can be set for; those that are times hold `true`. */
export const METRICS: ReadonlyMap<string, boolean> = new Map<string, boolean>([
  ...TIMES.map((name) => [name, true] as const),
  ...COUNTS.map((name) => [name, false] as const),
  ...Object.keys(RATES).map((name) => [name, false] as const),
]);

/** A figure by its name in {@link METRICS}; times in milliseconds. */
export function metricOf(result: BenchResult, metric: string): number {
  for (const name of TIMES) if (name === metric) return result.latencyMs[name];
  for (const name of COUNTS) if (name === metric) return result[name];
  for (const [name, field] of Object.entries(RATES)) if (name === metric) return result[field];
  throw new RangeError(`there is no metric '${metric}'`);
}

/** Puts together what the threads have found. @param stoppedUs When the run was ended early, after its start. */
export function summarize(
  plan: BenchPlan,
  boards: readonly Board[],
  reports: readonly TaskReport[],
  cost: BrokerCost | undefined,
  stoppedUs: number,
): BenchResult {
  const latency = new Histogram();
  for (const board of boards) latency.add(board.latency);
  const total = (name: keyof TaskReport) => reports.reduce((sum, report) => sum + report[name], 0);
  const longest = (name: keyof TaskReport) => Math.max(...reports.map((report) => report[name]));
  const sent = sumOf(boards, Count.sent);
  const delivered = sumOf(boards, Count.receivedMeasured);
  const isTimed = isTimedWorkload(plan);
  const seconds = isTimed
    ? Math.min(plan.durationMs / 1_000, Math.max(0, stoppedUs / 1e6 - plan.warmUpMs / 1_000))
    : longest('spentUs') / 1e6;
  const sendSeconds = plan.workload === 'retained' ? longest('publishedUs') / 1e6 : seconds;
  const sentMeasured = isTimed ? sumOf(boards, Count.sentMeasured) : sent;
  return {
    run: runOf(plan),
    measuredSeconds: round(seconds, 3),
    sent,
    received: sumOf(boards, Count.received),
    expected: plan.workload === 'connect' ? plan.connections : sent * copiesOf(plan),
    lost: total('lost'),
    duplicates: total('duplicates'),
    reordered: total('reordered'),
    refused: total('refused'),
    foreign: total('foreign'),
    unsent: total('unsent'),
    sendRate: rate(sentMeasured, sendSeconds),
    receiveRate: rate(delivered, seconds),
    latencyMs: latencyOf(latency),
    broker: cost && { ...cost, cpuMicrosecondsPerDelivery: round((cost.cpuSeconds * 1e6) / Math.max(1, delivered), 3) },
  };
}

function runOf(plan: BenchPlan): BenchResult['run'] {
  const { workload, version, publishers, subscribers, qos, size, window, userProperties, threads } = plan;
  const url = new URL(plan.url);
  url.username = '';
  url.password = '';
  const connections = workload === 'connect' ? plan.connections : publishers + subscribers;
  const clients = { publishers, subscribers, connections };
  return { url: url.href, workload, version, ...clients, qos, size, window, rate: plan.rate, userProperties, threads };
}

function latencyOf(histogram: Histogram): Latency {
  const ms = (us: number) => round(us / 1_000, 3);
  return {
    mean: ms(histogram.mean),
    p50: ms(histogram.percentile(50)),
    p90: ms(histogram.percentile(90)),
    p99: ms(histogram.percentile(99)),
    'p99.9': ms(histogram.percentile(99.9)),
    max: ms(histogram.largest),
  };
}

function rate(count: number, seconds: number): number {
  return seconds === 0 ? 0 : round(count / seconds, 1);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
