import type { BrokerLog } from '../src/index.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export interface LogLine {
  readonly level: (typeof LEVELS)[number];
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** Keeps what a broker says. */
export class RecordingLog implements BrokerLog {
  #lines: LogLine[] = [];

  /** Lines of this level and above since the last call; the others are forgotten. */
  take(level: LogLine['level'] = 'info'): LogLine[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines.filter((line) => LEVELS.indexOf(line.level) >= LEVELS.indexOf(level));
  }

  debug(fields: object, message: string): void {
    this.#lines.push({ level: 'debug', fields: { ...fields }, message });
  }

  info(fields: object, message: string): void {
    this.#lines.push({ level: 'info', fields: { ...fields }, message });
  }

  warn(fields: object, message: string): void {
    this.#lines.push({ level: 'warn', fields: { ...fields }, message });
  }

  error(fields: object, message: string): void {
    this.#lines.push({ level: 'error', fields: { ...fields }, message });
  }
}
