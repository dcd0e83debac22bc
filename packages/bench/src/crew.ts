import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BenchError } from './bench-error.ts';
import { Board } from './board.ts';
import { ConnectTask } from './connect-task.ts';
import { Deliveries } from './deliveries.ts';
import { MessageTask } from './message-task.ts';
import type { BenchPlan } from './plan.ts';
import { RetainedTask } from './retained-task.ts';
import type { Task, TaskContext, TaskReport } from './task.ts';

/** A {@link Task} of this thread or another one, asked from this one. */
export interface Member {
  readonly board: Board;
  prepare(): Promise<void>;
  run(startUs: number): Promise<void>;
  stop(): void;
  sent(): Promise<ReadonlyMap<number, number>>;
  report(sent: readonly number[]): Promise<TaskReport>;
  end(): Promise<void>;
}

/** What is asked of a member in another thread. */
export type Request = {
  [Name in 'prepare' | 'run' | 'stop' | 'sent' | 'report' | 'end']: {
    readonly id: number;
    readonly name: Name;
    readonly args: Parameters<Task[Name]>;
  };
}['prepare' | 'run' | 'stop' | 'sent' | 'report' | 'end'];

/** What it answers; `id` 0 is a failure that nobody asked for. */
export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: { readonly code: BenchError['code']; readonly message: string } };

/** What a thread is started with. */
export interface CrewData {
  readonly plan: BenchPlan;
  readonly thread: number;
  readonly board: ArrayBufferLike;
  readonly deliveries: ArrayBufferLike;
}

/** Makes the part of a run that the workload asks for. */
export function makeTask(context: TaskContext): Task {
  switch (context.plan.workload) {
    case 'connect':
      return new ConnectTask(context);
    case 'retained':
      return new RetainedTask(context);
    default:
      return new MessageTask(context);
  }
}

/** Makes everybody who takes part. One thread is this one: then nothing has to be told to others. */
export function assembleCrew(plan: BenchPlan, handleFailure: (error: BenchError) => void): Member[] {
  const deliveries = new Deliveries(plan.publishers, plan.threads);
  if (plan.threads === 1) {
    const board = new Board();
    return [localMember(makeTask({ plan, thread: 0, board, deliveries, handleFailure }), board)];
  }
  return Array.from({ length: plan.threads }, (_, thread) => remoteMember(plan, thread, deliveries, handleFailure));
}

function localMember(task: Task, board: Board): Member {
  return {
    board,
    prepare: () => task.prepare(),
    run: (startUs) => task.run(startUs),
    stop: () => task.stop(),
    sent: async () => task.sent(),
    report: async (sent) => task.report(sent),
    end: () => task.end(),
  };
}

function remoteMember(
  plan: BenchPlan,
  thread: number,
  deliveries: Deliveries,
  handleFailure: (error: BenchError) => void,
): Member {
  const board = new Board();
  const workerData: CrewData = { plan, thread, board: board.memory, deliveries: deliveries.memory };
  const worker = new Worker(threadFile(), { workerData });
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  worker.on('message', (response: Response) => {
    const caller = waiting.get(response.id);
    waiting.delete(response.id);
    if ('value' in response) caller?.resolve(response.value as never);
    else {
      const error = new BenchError(response.failure.code, response.failure.message);
      if (caller === undefined) handleFailure(error);
      else caller.reject(error);
    }
  });
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a thread of the load generator has ended')));
  const ask = <Result>(name: Request['name'], ...args: unknown[]) =>
    new Promise<Result>((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, name, args });
    });
  return {
    board,
    prepare: () => ask('prepare'),
    run: (startUs) => ask('run', startUs),
    stop: () => void ask('stop').catch(() => {}),
    sent: () => ask('sent'),
    report: (sent) => ask('report', sent),
    end: async () => {
      await ask('end');
      await worker.terminate();
    },
  };
}

/** Threads run what was built: Node does not load TypeScript. */
function threadFile(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? '../dist/thread.js' : './thread.js', import.meta.url));
}
