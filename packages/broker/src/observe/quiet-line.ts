import type { BrokerLog } from './log.ts';

const WINDOW_MS = 1_000;

/** Calls back once after a while. */
export type Later = (callback: () => void, delayMs: number) => void;

/** How a {@link QuietLine} keeps quiet. */
export interface QuietLineOptions {
  readonly level?: 'debug' | 'info' | 'warn' | 'error';
  /** Lines in a second before it keeps quiet. Default: 1. */
  readonly perSecond?: number;
  /** For the line that says how many there were besides. */
  readonly later: Later;
}

/**
 * A line of the log that peers can bring about as often as they like: so many are written a second, and then one that says how
 * many there were besides. A flood costs a counter, not a log.
 */
export class QuietLine {
  readonly #log: BrokerLog;
  readonly #message: string;
  readonly #level: 'debug' | 'info' | 'warn' | 'error';
  readonly #perSecond: number;
  readonly #later: Later;
  #windowEnd = Number.NEGATIVE_INFINITY;
  #said = 0;
  #unsaid = 0;

  constructor(log: BrokerLog, message: string, { level = 'warn', perSecond = 1, later }: QuietLineOptions) {
    this.#log = log;
    this.#message = message;
    this.#level = level;
    this.#perSecond = perSecond;
    this.#later = later;
  }

  /**
   * @param fields What is said of this time.
   * @param message Of this time, where it is not always the same.
   */
  write(fields: object, now: number, message: string = this.#message): void {
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS;
      this.#said = 0;
    }
    if (this.#said < this.#perSecond) {
      this.#said++;
      this.#log[this.#level](fields, message);
      return;
    }
    this.#unsaid++;
    if (this.#unsaid === 1) this.#later(this.#summarize, this.#windowEnd - now);
  }

  readonly #summarize = (): void => {
    const more = this.#unsaid;
    this.#unsaid = 0;
    this.#log[this.#level]({ more }, `${this.#message}, and ${more} more`);
  };
}
