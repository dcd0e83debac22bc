import type { BrokerLog } from '@busbar/broker';
import { destination, type LogFn, type Logger, pino, stdTimeFunctions } from 'pino';
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
  const hooks = {
    streamWrite: inJson ? withoutTricks : (line: string) => withoutControls(withoutTricks(line)),
    logMethod: writeShortened,
  };
  const logger: Logger = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, hooks }, stream);
  return logger;
}

/** Characters of one text in a line: names may have 65,535 of them, and a line is to be read. */
const LONGEST_TEXT = 500;
/** A stack is long by itself, and no peer's. */
const LONGEST_STACK = 5_000;

/** Cuts what is too long before the line is made of it. */
function writeShortened(
  this: Logger,
  words: [fields: unknown, message?: string | undefined, ...rest: unknown[]],
  write: LogFn,
): void {
  const [fields, message = ''] = words;
  const entries = Object.entries(fields ?? {}).map(([name, value]) => {
    return [
      name,
      typeof value === 'string' ? shortened(value, name === 'stack' ? LONGEST_STACK : LONGEST_TEXT) : value,
    ];
  });
  write.call(this, Object.fromEntries(entries), shortened(message, LONGEST_TEXT));
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}... (${text.length} characters)`;
}

/** What JSON does not escape and a terminal obeys all the same: the other control characters, and those that turn the direction. */
const TRICKS = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A line in JSON that says the same, and holds nothing that moves a cursor: names are the peers' own. */
function withoutTricks(line: string): string {
  return line.replace(TRICKS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A line in JSON whose texts show control characters by their escapes, also when somebody prints them as they are. */
function withoutControls(line: string): string {
  return line.replace(/\\\\|\\(?:u[0-9a-f]{4}|[bfnrt])/g, (each) => (each === '\\\\' ? each : `\\${each}`));
}

async function createPrettyStream(): Promise<NodeJS.WritableStream> {
  const { default: pretty } = await import('pino-pretty');
  const colorize = isColorful(process.stderr);
  return pretty({ destination: 2, sync: true, singleLine: true, colorize, translateTime: 'SYS:HH:MM:ss.l' });
}
