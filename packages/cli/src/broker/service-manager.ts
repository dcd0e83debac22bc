import { spawn } from 'node:child_process';
import type { BrokerLog } from '@busbar/broker';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Tells systemd how the service is (sd_notify): ready, reloading, stopping, and, where the unit has a watchdog, that the event loop
 * still turns. Without `NOTIFY_SOCKET` in the environment it does nothing.
 *
 * Node has no datagram sockets of the Unix kind, so `systemd-notify` sends, which comes with systemd; the unit needs
 * `NotifyAccess=all` for it.
 */
export class ServiceManager {
  readonly #environment: Environment;
  readonly #log: BrokerLog;
  readonly #isThere: boolean;
  #last: Promise<void> = Promise.resolve();
  #watchdog: NodeJS.Timeout | undefined = undefined;
  #status = '';
  #hasFailed = false;

  constructor(environment: Environment, log: BrokerLog) {
    this.#environment = environment;
    this.#log = log;
    this.#isThere = (environment['NOTIFY_SOCKET'] ?? '') !== '';
  }

  /** Clients may come. @param status In a line, for `systemctl status`. */
  ready(status: string): void {
    this.#status = status;
    this.#send('READY=1', `STATUS=${status}`);
    const everyMs = watchdogMs(this.#environment);
    if (!this.#isThere || everyMs === undefined || this.#watchdog !== undefined) return;
    this.#watchdog = setInterval(() => this.#send('WATCHDOG=1'), everyMs);
    this.#watchdog.unref();
  }

  /** Runs a reload, and says that it is one. */
  reload<Result>(run: () => Result): Result {
    this.#send('RELOADING=1', 'STATUS=reading the configuration again');
    try {
      return run();
    } finally {
      this.#send('READY=1', `STATUS=${this.#status}`);
    }
  }

  /** The broker stops. The watchdog is fed until the process ends, because stopping may take its time. */
  stopping(): void {
    this.#send('STOPPING=1', 'STATUS=stopping');
  }

  /** Resolves when everything has been told. */
  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    await this.#last;
  }

  /** One after the other, so that they arrive in order. */
  #send(...assignments: readonly string[]): void {
    if (this.#isThere) this.#last = this.#last.then(() => this.#run(assignments));
  }

  #run(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      const sender = spawn('systemd-notify', assignments, { stdio: 'ignore', env: { ...this.#environment } });
      sender.on('error', (error) => {
        this.#fail(error.message);
        resolve();
      });
      sender.on('exit', (code) => {
        if (code !== 0) this.#fail(`systemd-notify has ended with ${code}`);
        resolve();
      });
    });
  }

  #fail(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#log.warn({ error: reason }, 'systemd cannot be told how the service is; is systemd-notify there?');
  }
}

/** Half the time that systemd waits for a sign of life; undefined where it waits for none, or for another process's. */
function watchdogMs({ WATCHDOG_USEC: microseconds, WATCHDOG_PID: processId }: Environment): number | undefined {
  if (processId !== undefined && Number(processId) !== process.pid) return undefined;
  const milliseconds = Number(microseconds) / 1000;
  return milliseconds > 0 ? Math.max(1, milliseconds / 2) : undefined;
}
