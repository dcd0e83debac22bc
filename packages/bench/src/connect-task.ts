import { BenchError } from './bench-error.ts';
import { Count } from './board.ts';
import { inParallel } from './clients.ts';
import { nowUs } from './clock.ts';
import { Link } from './link.ts';
import { shareOf } from './plan.ts';
import { NOTHING, type Task, type TaskContext, type TaskReport } from './task.ts';

/**
 * One thread's part of `connect`: makes connections, so many at a time or by a rate, keeps them all until the end, and measures
 * each from when it was (or by the rate, should have been) begun to its CONNACK.
 */
export class ConnectTask implements Task {
  readonly #context: TaskContext;
  readonly #links: Link[] = [];
  #failure: BenchError | undefined;
  #failed = 0;
  #isStopped = false;
  #spentUs = 0;

  constructor(context: TaskContext) {
    this.#context = context;
  }

  async prepare(): Promise<void> {}

  async run(startUs: number): Promise<void> {
    const { plan, thread } = this.#context;
    await until(startUs);
    const atATime = Math.max(1, Math.ceil(plan.concurrency / plan.threads));
    await inParallel(
      shareOf(plan.connections, thread, plan.threads),
      (index) => this.#connect(index, startUs),
      atATime,
    );
    this.#spentUs = nowUs() - startUs;
    if (this.#links.length === 0 && this.#failure !== undefined) throw this.#failure;
  }

  async #connect(index: number, startUs: number): Promise<void> {
    const { plan, board, handleFailure } = this.#context;
    if (this.#isStopped) return;
    let beganUs = nowUs();
    if (plan.rate > 0) {
      beganUs = startUs + (index / plan.rate) * 1e6;
      await until(beganUs);
    }
    board.add(Count.sent, 1);
    try {
      this.#links.push(await Link.open(plan, `client ${index}`, handleFailure));
      board.add(Count.received, 1);
      board.add(Count.receivedMeasured, 1);
      board.latency.record(nowUs() - beganUs);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      this.#failed++;
      this.#failure ??= error;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  sent(): ReadonlyMap<number, number> {
    return new Map();
  }

  report(): TaskReport {
    return { ...NOTHING, lost: this.#failed, spentUs: this.#spentUs };
  }

  async end(): Promise<void> {
    for (const link of this.#links) link.end();
  }
}

/** Waits for a moment of the monotonic clock. */
export async function until(momentUs: number): Promise<void> {
  const waitMs = (momentUs - nowUs()) / 1_000;
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
