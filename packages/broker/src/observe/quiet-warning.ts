import type { BrokerLog } from './log.ts';
import { type Later, QuietLine } from './quiet-line.ts';

/** Warns of what peers can bring about as often as they like: at once, and at most once a second; see {@link QuietLine}. */
export class QuietWarning {
  readonly #line: QuietLine;

  constructor(log: BrokerLog, message: string, later: Later) {
    this.#line = new QuietLine(log, message, { later });
  }

  /** @param fields What is said of this time. */
  warn(fields: object, now: number): void {
    this.#line.write(fields, now);
  }
}
