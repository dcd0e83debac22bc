import type { ProtocolVersion, QoS } from '@busbar/codec';
import type { TlsClientOptions } from '@busbar/transport';
import { SMALLEST_PAYLOAD } from './stamp.ts';

/**
 * What is done to the broker:
 *
 * - `fan-in`: every publisher has a topic, every subscriber gets them all.
 * - `fan-out`: one topic, which every subscriber gets.
 * - `pairs`: each publisher has a topic and one subscriber to it.
 * - `shared`: every publisher has a topic, and the subscribers share them all.
 * - `connect`: clients connect, as fast as the broker takes them.
 * - `retained`: retained messages are published, each on a topic of its own, and then subscribed to.
 */
export type Workload = 'fan-in' | 'fan-out' | 'pairs' | 'shared' | 'connect' | 'retained';

/** What a run is to do; everything but the broker has a default. */
export interface BenchOptions {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  readonly url: string;
  readonly workload?: Workload;
  /** 5 is MQTT 5.0, 4 is 3.1.1 (default), 3 is 3.1. */
  readonly version?: ProtocolVersion;
  readonly userName?: string;
  readonly password?: string;
  /** For `mqtts:` and `wss:`. */
  readonly tls?: TlsClientOptions;
  /** Default: as suits the workload, see {@link planBench}. */
  readonly publishers?: number;
  readonly subscribers?: number;
  /** Default 0. */
  readonly qos?: QoS;
  /** Bytes of payload, at least 16; default 64. */
  readonly size?: number;
  /**
   * Messages that one publisher has under way at the most: not acknowledged, or, without {@link rate}, not delivered. Default
   * 100, at QoS 1 and 2 20.
   */
  readonly window?: number;
  /** Messages a second of all publishers together (`connect`: connections a second); default: as fast as the window allows. */
  readonly rate?: number;
  /** Milliseconds before the measuring begins; default 1,000. */
  readonly warmUpMs?: number;
  /** Milliseconds that are measured; default 5,000. */
  readonly durationMs?: number;
  /** Milliseconds without a message after which the rest is taken for lost; default 2,000. */
  readonly patienceMs?: number;
  /** Threads that make the load; default: one fewer than the machine has processors, at most 4. */
  readonly threads?: number;
  /** `connect`: how many connections; default 1,000. */
  readonly connections?: number;
  /** `connect`: how many are being made at a time; default 100. */
  readonly concurrency?: number;
  /** `retained`: how many messages; default 10,000. */
  readonly messages?: number;
  /** What all topics begin with; default `bench`. */
  readonly topicPrefix?: string;
  /** User Properties of every message, 5.0 only; default 0. */
  readonly userProperties?: number;
  /** Processes of the broker on this machine, whose CPU time and memory are measured. Linux only. */
  readonly pids?: readonly number[];
}

/** The options with everything decided; plain data, so that threads can be given it. */
export interface BenchPlan extends Required<Omit<BenchOptions, 'userName' | 'password' | 'tls' | 'rate'>> {
  readonly userName: string | undefined;
  readonly password: string | undefined;
  readonly tls: TlsClientOptions | undefined;
  /** 0: as fast as the window allows. */
  readonly rate: number;
  /** Tells the topics and clients of this run from those of others. */
  readonly runId: string;
}

/** Options that do not go together; the message says which. */
export class BenchPlanError extends Error {
  override readonly name = 'BenchPlanError';
}

/** Publishers and subscribers of each workload. */
const CLIENTS: Readonly<Record<Workload, readonly [publishers: number, subscribers: number]>> = {
  'fan-in': [20, 1],
  'fan-out': [1, 100],
  pairs: [50, 50],
  shared: [20, 4],
  connect: [0, 0],
  retained: [4, 1],
};

/**
 * Decides everything.
 *
 * Publishers and subscribers by default: `fan-in` 20 and 1, `fan-out` 1 and 100, `pairs` 50 of each, `shared` 20 and 4,
 * `retained` 4 and 1.
 *
 * @param processors How many the machine has. @param runId Letters and digits.
 * @throws {BenchPlanError} Options that do not go together.
 */
export function planBench(options: BenchOptions, processors: number, runId: string): BenchPlan {
  const { workload = 'pairs', qos = 0, version = 4, userProperties = 0 } = options;
  const [publishers, subscribers] = clientsOf(workload, options);
  const { size = 64, rate = 0, connections = 1_000 } = options;
  if (size < SMALLEST_PAYLOAD) {
    throw new BenchPlanError(`a payload needs ${SMALLEST_PAYLOAD} bytes for its number and its time, not ${size}`);
  }
  if (userProperties > 0 && version !== 5) throw new BenchPlanError('User Properties need MQTT 5.0');
  if (workload === 'retained' && rate > 0) throw new BenchPlanError('retained messages are published without a rate');
  const parts = Math.max(1, workload === 'connect' ? connections : Math.max(publishers, subscribers));
  const threads = Math.min(options.threads ?? Math.min(4, processors - 1), parts);
  return {
    url: options.url,
    workload,
    version,
    userName: options.userName,
    password: options.password,
    tls: options.tls,
    publishers,
    subscribers,
    qos,
    size,
    window: options.window ?? (qos === 0 ? 100 : 20),
    rate,
    warmUpMs: options.warmUpMs ?? 1_000,
    durationMs: options.durationMs ?? 5_000,
    patienceMs: options.patienceMs ?? 2_000,
    threads: Math.max(1, threads),
    connections,
    concurrency: options.concurrency ?? 100,
    messages: options.messages ?? 10_000,
    topicPrefix: options.topicPrefix ?? 'bench',
    userProperties,
    pids: options.pids ?? [],
    runId,
  };
}

function clientsOf(workload: Workload, options: BenchOptions): readonly [number, number] {
  const [publishers, subscribers] = CLIENTS[workload];
  if (workload !== 'pairs') return [options.publishers ?? publishers, options.subscribers ?? subscribers];
  const count = options.publishers ?? options.subscribers ?? publishers;
  if ((options.subscribers ?? count) !== count) {
    throw new BenchPlanError(`pairs have as many subscribers as publishers, not ${options.subscribers} and ${count}`);
  }
  return [count, count];
}

/** Whether a run lasts as long as is asked for; the others last until they are done. */
export function isTimedWorkload({ workload }: BenchPlan): boolean {
  return workload !== 'connect' && workload !== 'retained';
}

/** How many deliveries one message is to bring. */
export function copiesOf({ workload, subscribers }: BenchPlan): number {
  return workload === 'pairs' || workload === 'shared' ? 1 : subscribers;
}

/** The topic that all of a run begin with, without the last `/`. */
export function baseTopicOf({ topicPrefix, runId }: BenchPlan): string {
  return `${topicPrefix}/${runId}`;
}

/** Where a publisher publishes. */
export function topicNameOf(plan: BenchPlan, publisher: number): string {
  const base = baseTopicOf(plan);
  return plan.workload === 'fan-out' ? `${base}/all` : `${base}/line${publisher}/temperature`;
}

/** What a subscriber subscribes to. */
export function topicFilterOf(plan: BenchPlan, subscriber: number): string {
  switch (plan.workload) {
    case 'fan-out':
    case 'pairs':
      return topicNameOf(plan, subscriber);
    case 'shared':
      return `$share/bench/${baseTopicOf(plan)}/#`;
    default:
      return `${baseTopicOf(plan)}/#`;
  }
}

/** Which of so many clients one thread has: every so many-th. */
export function shareOf(count: number, thread: number, threads: number): number[] {
  return Array.from({ length: sizeOfShare(count, thread, threads) }, (_, at) => thread + at * threads);
}

/** How many of so many things one of the parts has. */
export function sizeOfShare(count: number, part: number, parts: number): number {
  return Math.max(0, Math.ceil((count - part) / parts));
}
