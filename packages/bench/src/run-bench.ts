import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { BenchError } from './bench-error.ts';
import { type Board, Count, sumOf } from './board.ts';
import { CostMeter } from './broker-cost.ts';
import { nowUs } from './clock.ts';
import { until } from './connect-task.ts';
import { assembleCrew, type Member } from './crew.ts';
import { Histogram } from './histogram.ts';
import { type BenchOptions, type BenchPlan, copiesOf, isTimedWorkload, planBench } from './plan.ts';
import { type BenchResult, summarize } from './result.ts';

/** Between the threads being ready and the start, so that none is late. */
const LEAD_US = 50_000;
const PROGRESS_MS = 500;
const CHECK_MS = 20;
const END_TIMEOUT_MS = 10_000;

/** How far a run is. */
export interface BenchProgress {
  readonly phase: 'connecting' | 'warming up' | 'measuring' | 'waiting for the rest';
  readonly elapsedSeconds: number;
  readonly sent: number;
  readonly received: number;
  /** A second, since the last time. */
  readonly receiveRate: number;
  /** Milliseconds, of all so far. */
  readonly p99: number;
}

/** Who watches a run, and who may end it early. */
export interface BenchWatch {
  /** Called twice a second. */
  readonly handleProgress?: (progress: BenchProgress) => void;
  /** Ends the run when aborted: what was measured until then is the result. */
  readonly signal?: AbortSignal;
}

/**
 * Puts a load on a broker and accounts for every message.
 *
 *     const { receiveRate, latencyMs, lost } = await runBench({ url: 'mqtt://localhost:1883', workload: 'fan-in', qos: 1 });
 *
 * @throws {BenchPlanError} Options that do not go together.
 * @throws {BenchError} The broker cannot be reached, refuses, or ends a connection.
 */
export async function runBench(options: BenchOptions, watch: BenchWatch = {}): Promise<BenchResult> {
  const plan = planBench(options, availableParallelism(), randomBytes(3).toString('hex'));
  return new BenchRun(plan, watch).run();
}

/** One run: lets the threads do the same steps together, and puts together what they found. */
class BenchRun {
  readonly #plan: BenchPlan;
  readonly #watch: BenchWatch;
  readonly #crew: readonly Member[];
  readonly #boards: readonly Board[];
  readonly #meter: CostMeter;
  readonly #failed: Promise<never>;
  #fail: (error: BenchError) => void = () => {};
  #phase: BenchProgress['phase'] = 'connecting';
  #startUs = 0;
  #lastReceived = 0;
  #stoppedUs = Number.POSITIVE_INFINITY;

  constructor(plan: BenchPlan, watch: BenchWatch) {
    this.#plan = plan;
    this.#watch = watch;
    this.#meter = new CostMeter(plan.pids);
    this.#failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failed.catch(() => {});
    this.#crew = assembleCrew(plan, (error) => this.#fail(error));
    this.#boards = this.#crew.map(({ board }) => board);
  }

  async run(): Promise<BenchResult> {
    const progress = setInterval(() => this.#tell(), PROGRESS_MS);
    const stop = () => this.#stop();
    this.#watch.signal?.addEventListener('abort', stop);
    try {
      return await Promise.race([this.#steps(), this.#failed]);
    } finally {
      clearInterval(progress);
      this.#watch.signal?.removeEventListener('abort', stop);
      await this.#end();
    }
  }

  async #steps(): Promise<BenchResult> {
    await this.#all((member) => member.prepare());
    this.#startUs = nowUs() + LEAD_US;
    this.#phase = 'warming up';
    const isDone = this.#all((member) => member.run(this.#startUs));
    await Promise.all([isDone, this.#measure(isDone)]);
    this.#phase = 'waiting for the rest';
    const sent = new Array<number>(this.#plan.publishers).fill(0);
    for (const part of await this.#all((member) => member.sent())) {
      for (const [publisher, count] of part) sent[publisher] = count;
    }
    await this.#waitForRest(sent);
    const reports = await this.#all((member) => member.report(sent));
    return summarize(this.#plan, this.#boards, reports, this.#meter.cost, this.#stoppedUs);
  }

  /** Ends early: what was measured until now counts. */
  #stop(): void {
    for (const member of this.#crew) member.stop();
    const hasBegun = this.#phase !== 'connecting' && this.#phase !== 'warming up';
    if (hasBegun) this.#stoppedUs = nowUs() - this.#startUs;
    else this.#fail(new BenchError('stopped', 'stopped before anything was measured'));
  }

  /** Measures what the broker takes, over the time that is measured. @param isDone The workload has ended. */
  async #measure(isDone: Promise<unknown>): Promise<void> {
    const { warmUpMs, durationMs } = this.#plan;
    const isTimed = isTimedWorkload(this.#plan);
    await until(this.#startUs + (isTimed ? warmUpMs * 1_000 : 0));
    this.#phase = 'measuring';
    this.#meter.start();
    let timer: NodeJS.Timeout | undefined;
    const end = new Promise<void>((resolve) => {
      if (isTimed) timer = setTimeout(resolve, (this.#startUs - nowUs()) / 1_000 + warmUpMs + durationMs);
    });
    await Promise.race([end, isDone]).finally(() => {
      clearTimeout(timer);
      this.#meter.stop();
    });
  }

  /** Waits until every message has come, or none has for as long as patience lasts. */
  async #waitForRest(sent: readonly number[]): Promise<void> {
    const { patienceMs } = this.#plan;
    if (!isTimedWorkload(this.#plan)) return;
    const expected = sent.reduce((sum, count) => sum + count, 0) * copiesOf(this.#plan);
    let lastUs = nowUs();
    let last = -1;
    while (sumOf(this.#boards, Count.distinct) < expected) {
      const received = sumOf(this.#boards, Count.received);
      if (received !== last) lastUs = nowUs();
      else if (nowUs() - lastUs > patienceMs * 1_000) return;
      last = received;
      await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
    }
  }

  #all<Result>(act: (member: Member) => Promise<Result>): Promise<Result[]> {
    return Promise.all(this.#crew.map(act));
  }

  #tell(): void {
    const received = sumOf(this.#boards, Count.received);
    const latency = new Histogram();
    for (const board of this.#boards) latency.add(board.latency);
    this.#watch.handleProgress?.({
      phase: this.#phase,
      elapsedSeconds: this.#startUs === 0 ? 0 : Math.max(0, (nowUs() - this.#startUs) / 1e6),
      sent: sumOf(this.#boards, Count.sent),
      received,
      receiveRate: ((received - this.#lastReceived) * 1_000) / PROGRESS_MS,
      p99: latency.percentile(99) / 1_000,
    });
    this.#lastReceived = received;
  }

  async #end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_TIMEOUT_MS);
    });
    await Promise.race([this.#all((member) => member.end()), timeout]).catch(() => {});
    clearTimeout(timer);
  }
}
