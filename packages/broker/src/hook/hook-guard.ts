import type { Clock } from '../clock/clock.ts';
import type { BrokerLog } from '../observe/log.ts';
import { QuietLine } from '../observe/quiet-line.ts';
import type { BrokerHooks } from './broker-hooks.ts';

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Asks one hook, and answers for it when it throws, takes too long or says what means nothing: a mistake in an extension is named
 * in the log, at most once a second, and goes no further.
 */
export class HookGuard {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #failures: QuietLine;
  readonly #fields: object;

  constructor({ name, timeoutMs = DEFAULT_TIMEOUT_MS }: BrokerHooks, event: string, log: BrokerLog, clock: Clock) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#fields = { hook: name, event };
    const message = `the hook '${name}' has failed at '${event}'`;
    this.#failures = new QuietLine(log, message, { level: 'error', later: clock.schedule });
  }

  /** @param failed Stands in for an answer that cannot be had. */
  now<T>(ask: () => T, failed: T): T {
    try {
      return ask();
    } catch (error) {
      this.#report(error);
      return failed;
    }
  }

  /**
   * @param read Makes an answer of what the hook says, and throws where that means nothing.
   * @param failed Stands in for an answer that cannot be had.
   */
  ask<Said, Answer>(
    ask: () => Said | Promise<Said>,
    read: (said: Said) => Answer,
    failed: Answer,
  ): Answer | Promise<Answer> {
    try {
      const said = ask();
      return isPromise(said) ? this.#later(said, read, failed) : read(said);
    } catch (error) {
      this.#report(error);
      return failed;
    }
  }

  async #later<Said, Answer>(said: Promise<Said>, read: (said: Said) => Answer, failed: Answer): Promise<Answer> {
    let cancel = (): void => {};
    const timeout = new Promise<never>((_, reject) => {
      const tooLate = (): void => reject(new Error(`no answer within ${this.#timeoutMs} ms`));
      cancel = this.#clock.schedule(tooLate, this.#timeoutMs);
    });
    try {
      return read(await Promise.race([said, timeout]));
    } catch (error) {
      this.#report(error);
      return failed;
    } finally {
      cancel();
    }
  }

  #report(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#failures.write({ ...this.#fields, error: text }, this.#clock.now());
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined)?.then === 'function';
}
