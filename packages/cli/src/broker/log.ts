import type { BrokerLog } from '@busbar/broker';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { isColorful } from '../terminal/color.ts';

export type LogFormat = 'pretty' | 'json';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * The broker's log, on stderr: one JSON object a line for programs, or readable lines for people.
 *
 * @param format Default: pretty in a terminal, JSON elsewhere.
 */
export async function createLog(format: LogFormat | undefined, level: LogLevel): Promise<BrokerLog> {
  const inJson = (format ?? (process.stderr.isTTY ? 'pretty' : 'json')) === 'json';
  const stream = inJson ? destination({ fd: 2, sync: true }) : await createPrettyStream();
  const logger: Logger = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime }, stream);
  return logger;
}

async function createPrettyStream(): Promise<NodeJS.WritableStream> {
  const { default: pretty } = await import('pino-pretty');
  const colorize = isColorful(process.stderr);
  return pretty({ destination: 2, sync: true, singleLine: true, colorize, translateTime: 'SYS:HH:MM:ss.l' });
}
