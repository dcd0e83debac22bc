import { StopSignal } from '../command/stop-signal.ts';
import { ExitCode } from '../exit-code.ts';
import { openControl } from './control.ts';
import { openHttp, tokenOf } from './http.ts';
import { type LogFormat, openLog } from './log.ts';
import { readyLine, startBroker, startBrokerNear } from './running-broker.ts';
import { ServiceManager } from './service-manager.ts';
import { ServiceSignals } from './service-signals.ts';
import { USUAL_PORT } from './usual-port.ts';

/** How a broker is run from the command line. */
export interface BrokerRun {
  readonly host: string;
  /** Absent: 1883, or a free one when that is taken. */
  readonly port: number | undefined;
  /** The data directory, or `memory`. */
  readonly data: string;
  /** Milliseconds until it ends by itself; absent: never. */
  readonly lastsMs?: number | undefined;
  readonly verbose: boolean;
  readonly logFormat: LogFormat | undefined;
  /** The port for metrics and health; absent: none. */
  readonly http?: number | undefined;
  /** Whether everybody may come in who reaches the port. Default: where only this machine does. */
  readonly allowAnonymous?: boolean | undefined;
}

/** Runs a broker until a signal, or its time, ends it. @returns The exit code. @throws {CommandError} It cannot listen, or not use its data. */
export async function runBroker({
  host,
  port,
  data,
  lastsMs,
  verbose,
  logFormat,
  http: httpPort,
  allowAnonymous,
}: BrokerRun): Promise<number> {
  const { log } = await openLog({ format: logFormat, level: verbose ? 'debug' : 'info' });
  // There is nothing to read again: its terminal has gone.
  const stopSignal = new StopSignal(undefined, ['SIGINT', 'SIGTERM', 'SIGHUP']);
  const signals = new ServiceSignals(log, false);
  const http = await openHttp(
    httpPort === undefined ? undefined : { port: httpPort, token: tokenOf(process.env) },
    log,
  );
  const listening = { host, log, data, allowAnonymous, measuresTimes: http !== undefined };
  const broker = await (port === undefined
    ? startBrokerNear({ ...listening, port: USUAL_PORT })
    : startBroker({ ...listening, port })
  ).catch((error) => {
    http?.close();
    throw error;
  });
  http?.attach(broker);
  const control = await openControl(broker, log);
  process.stdout.write(`${readyLine(broker, host)}\n`);
  const service = new ServiceManager(process.env, log);
  service.ready(readyLine(broker, host));
  const timer = lastsMs === undefined ? undefined : setTimeout(() => stopSignal.stop('time is over'), lastsMs);
  const reason = await stopSignal.received;
  clearTimeout(timer);
  log.info({ reason }, 'stopping');
  service.stopping();
  http?.handleStopping();
  control?.close();
  await broker.stop();
  http?.close();
  await service.close();
  stopSignal.ignore();
  signals.ignore();
  log.info({}, 'stopped');
  // As everything ends whose terminal has gone: Node would end with an error about the terminal that it cannot set back.
  if (reason === 'SIGHUP') process.kill(process.pid, reason);
  return ExitCode.success;
}
