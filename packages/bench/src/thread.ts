import { parentPort, workerData } from 'node:worker_threads';
import { BenchError } from './bench-error.ts';
import { Board } from './board.ts';
import { type CrewData, makeTask, type Request, type Response } from './crew.ts';
import { Deliveries } from './deliveries.ts';
import type { Task } from './task.ts';

/** A thread of the load generator: does with its task what the main thread asks for. */
const { plan, thread, board, deliveries } = workerData as CrewData;

const task = makeTask({
  plan,
  thread,
  board: new Board(board),
  deliveries: new Deliveries(plan.publishers, plan.threads, deliveries),
  handleFailure: ({ code, message }) => answer({ id: 0, failure: { code, message } }),
});

parentPort?.on('message', async (request: Request) => {
  try {
    answer({ id: request.id, value: await obey(task, request) });
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    answer({ id: request.id, failure: { code: error.code, message: error.message } });
  }
});

function obey(task: Task, request: Request): unknown {
  switch (request.name) {
    case 'run':
      return task.run(...request.args);
    case 'report':
      return task.report(...request.args);
    default:
      return task[request.name]();
  }
}

function answer(response: Response): void {
  parentPort?.postMessage(response);
}
