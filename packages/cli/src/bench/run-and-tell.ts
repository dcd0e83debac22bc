import {
  BenchError,
  type BenchOptions,
  BenchPlanError,
  type BenchResult,
  type Limit,
  LimitError,
  METRICS,
  metricOf,
  parseLimit,
  runBench,
} from '@busbar/bench';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import { StopSignal } from '../command/stop-signal.ts';
import { ExitCode } from '../exit-code.ts';
import { progressLine } from './progress-line.ts';
import { renderResult } from './result-table.ts';

/** How a run is told of. */
export interface BenchTelling {
  readonly failIf: readonly (readonly string[])[];
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Erases the line and goes to its beginning. */
const CLEAR_LINE = '\r\x1b[2K';

/**
 * Runs the load and prints what came of it.
 *
 * @returns 0, or 3 when a limit is broken.
 * @throws {WrongUsage} Limits or options that cannot be.
 * @throws {CommandError} The run could not be made or finished.
 */
export async function runAndTell(options: BenchOptions, { failIf, json, quiet }: BenchTelling): Promise<number> {
  const limits = failIf.flat().map(readLimit);
  const result = await run(options, process.stderr.isTTY === true && !quiet);
  const broken = limits.filter(({ metric, isBroken }) => isBroken(metricOf(result, metric)));
  const failed = broken.map(({ text }) => text);
  process.stdout.write(json ? `${JSON.stringify({ ...result, failed }, undefined, 2)}\n` : renderResult(result));
  for (const limit of broken) process.stderr.write(`Error: ${explainBroken(limit, result)}\n`);
  return broken.length > 0 ? ExitCode.limitBroken : ExitCode.success;
}

function readLimit(text: string): Limit {
  try {
    return parseLimit(text, METRICS);
  } catch (error) {
    if (error instanceof LimitError) throw new WrongUsage(`--fail-if: ${error.message}`);
    throw error;
  }
}

async function run(options: BenchOptions, isWatched: boolean): Promise<BenchResult> {
  const stopSignal = new StopSignal(undefined, ['SIGINT', 'SIGTERM', 'SIGHUP']);
  const abort = new AbortController();
  void stopSignal.received.then(() => abort.abort());
  let isLineShown = false;
  const watch = {
    signal: abort.signal,
    ...(isWatched && {
      handleProgress(progress: Parameters<typeof progressLine>[0]) {
        isLineShown = true;
        process.stderr.write(`${CLEAR_LINE}${progressLine(progress, process.stderr.columns || 80)}`);
      },
    }),
  };
  try {
    return await runBench(options, watch);
  } catch (error) {
    if (error instanceof BenchPlanError || error instanceof RangeError) throw new WrongUsage(error.message);
    if (!(error instanceof BenchError)) throw error;
    const isLost = error.code === 'lost' || error.code === 'broken';
    throw new CommandError(isLost ? ExitCode.connectionLost : ExitCode.failure, error.message);
  } finally {
    if (isLineShown) process.stderr.write(CLEAR_LINE);
    stopSignal.ignore();
  }
}

function explainBroken({ text, metric }: Limit, result: BenchResult): string {
  const value = metricOf(result, metric);
  return `the limit '${text}' is broken: ${metric} is ${value}${METRICS.get(metric) === true ? ' ms' : ''}`;
}
