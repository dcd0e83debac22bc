import type { BrokerLog } from './log.ts';

const QUIET_MS = 1_000;

/**
 * Warns of what peers can bring about as often as they like: the first time at once, then once a second at the most, with the
 * number of times that it happened in between. A flood costs a counter, not a log.
 */
export class QuietWarning {
  readonly #log: BrokerLog;
  readonly #message: string;
  #silentUntil = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(log: BrokerLog, message: string) {
    this.#log = log;
    this.#message = message;
  }

  /** @param fields What is said of this time. */
  warn(fields: object, now: number): void {
    if (now < this.#silentUntil) {
      this.#unsaid++;
      return;
    }
    const unsaid = this.#unsaid;
    this.#silentUntil = now + QUIET_MS;
    this.#unsaid = 0;
    this.#log.warn(unsaid > 0 ? { ...fields, before: unsaid } : fields, this.#message);
  }
}
