import { readyLine } from '../broker/running-broker.ts';
import { StopSignal } from '../command/stop-signal.ts';
import { ExitCode } from '../exit-code.ts';
import { bottlingLine } from '../plant/bottling-line.ts';
import type { DashboardView } from './dashboard.ts';
import { Demo } from './demo.ts';
import { commandName, hintsFor } from './hints.ts';
import { LineReport } from './line-report.ts';
import { LiveTable } from './live-table.ts';
import { formatSummary } from './summary.ts';

/** How the demonstration is run from the command line. */
export interface DemoRun {
  readonly host: string;
  /** Absent: 1883, or a free one when that is taken. */
  readonly port: number | undefined;
  /** The data directory, or `memory`. */
  readonly data: string;
  /** Milliseconds until it ends by itself; absent: never. */
  readonly lastsMs: number | undefined;
  readonly seed: number;
}

/** Shows the bottling line until a key, a signal or its time ends it. @returns The exit code. */
export async function runDemo({ host, port, data, lastsMs, seed }: DemoRun): Promise<number> {
  const { stdin, stdout } = process;
  let presenter: LiveTable | LineReport | undefined;
  const stopSignal = new StopSignal(() => presenter?.close());
  stdout.on('error', () => stopSignal.stop('nobody reads'));
  const demo = await Demo.start({ scenario: bottlingLine, host, port, data, seed });
  stdout.write(`${readyLine(demo.broker, host)}\n`);
  const hints = hintsFor({ ...demo.address, command: commandName(process.env) });
  const view = (): DashboardView => ({ ...demo.view(), lastsMs, hints });
  const { TERM: terminal } = process.env;
  const isTerminal = stdout.isTTY && terminal !== 'dumb';
  presenter = isTerminal
    ? new LiveTable(stdin, stdout, view)
    : new LineReport(stdout, view, () => demo.events.takeNew());
  presenter.open();
  const timer =
    lastsMs === undefined ? undefined : setTimeout(() => stopSignal.stop('time is over'), lastsMs - demo.elapsedMs);

  await stopSignal.received;
  clearTimeout(timer);
  presenter.close();
  const summary = demo.summary();
  await demo.stop();
  stdout.write(`${formatSummary(summary)}\n`);
  stopSignal.ignore();
  return ExitCode.success;
}
