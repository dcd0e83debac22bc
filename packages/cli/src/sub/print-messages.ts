import { type Client, type Message, SubscribeError } from '@busbar/client';
import type { Properties } from '@busbar/codec';
import { StopSignal } from '../command/stop-signal.ts';
import { ExitCode } from '../exit-code.ts';
import { Ending } from '../mqtt/ending.ts';
import { type ConnectionJob, openClient, tellerOf } from '../mqtt/opened-client.ts';
import type { MessageFormat } from './message-format.ts';
import { MessageOutput } from './message-output.ts';

/** What is to be subscribed to and printed, and until when. */
export interface PrintJob extends ConnectionJob {
  readonly topicFilters: readonly string[];
  readonly qos: 0 | 1 | 2;
  readonly properties: Properties;
  readonly format: MessageFormat;
  /** Messages after which it ends; absent: never. */
  readonly count: number | undefined;
  readonly timeoutMs: number | undefined;
}

/** The longest time that a server has to take our DISCONNECT. */
const END_TIMEOUT_MS = 1000;

/** Prints messages until one of the ends comes. @returns The exit code. */
export async function printMessages(job: PrintJob): Promise<number> {
  const ending = new Ending(tellerOf(job));
  const stopSignal = new StopSignal();
  void stopSignal.received.then(() => ending.end(ExitCode.success));
  const timer =
    job.timeoutMs === undefined
      ? undefined
      : setTimeout(() => ending.end(ExitCode.timeout, 'Timed out'), job.timeoutMs);
  const output = new MessageOutput(process.stdout, (error) => {
    if (error === undefined) ending.end(ExitCode.success);
    else ending.end(ExitCode.failure, `Error: cannot write to stdout: ${error.message}`);
  });
  const abort = new AbortController();
  const onMessage = printer(job, output, ending);
  const opening = openClient(job, { onMessage, signal: abort.signal }, ending);
  void opening.then((client) => client && subscribe(client, job, ending));

  const exitCode = await ending.reached;
  abort.abort();
  clearTimeout(timer);
  await (await opening)?.end({ timeoutMs: END_TIMEOUT_MS });
  output.flush();
  stopSignal.ignore();
  return exitCode;
}

function printer(job: PrintJob, output: MessageOutput, ending: Ending) {
  const { format, count = Number.POSITIVE_INFINITY, isTraced } = job;
  let left = count;
  return (message: Message): void => {
    if (left <= 0) return;
    left -= 1;
    output.write(format(message, new Date()));
    if (isTraced) output.flush(); // in its place among the packets
    if (left === 0) ending.end(ExitCode.success);
  };
}

async function subscribe(client: Client, job: PrintJob, ending: Ending): Promise<void> {
  const { topicFilters, qos, properties } = job;
  const tell = tellerOf(job);
  const answers = await Promise.allSettled(
    // Messages are printed by the listener for all of them: one that two filters match comes once, if the server sends it once.
    topicFilters.map((topicFilter) => client.subscribe(topicFilter, { qos, properties }, () => {})),
  );
  const errors = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
  const refusals = errors.filter((error) => error instanceof SubscribeError);
  for (const { message } of refusals) tell(`Warning: ${message}`);
  // mosquitto_sub ends with 0 here, too.
  if (refusals.length === topicFilters.length) ending.end(ExitCode.success, 'All subscription requests were denied.');
}
