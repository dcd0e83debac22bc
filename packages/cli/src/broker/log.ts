import type { BrokerLog } from '@busbar/broker';
import { destination, type LogFn, type Logger, pino, stdTimeFunctions } from 'pino';
import { CommandError } from '../command/command-error.ts';
import { messageOf } from '../command/message-of.ts';
import { ExitCode } from '../exit-code.ts';
import { isColorful } from '../terminal/color.ts';
import { withoutTricks } from '../terminal/json-line.ts';

export type LogFormat = 'pretty' | 'json';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  /** Default: pretty in a terminal, JSON elsewhere. */
  readonly format?: LogFormat | undefined;
  readonly level: LogLevel;
  /** Appended to; default: stderr. */
  readonly file?: string | undefined;
}

/** The broker's log, and what is done with it while it runs. */
export interface OpenLog {
  readonly log: BrokerLog;
  /** Opens its file anew, after somebody has moved the old one away. */
  reopen(): void;
  setLevel(level: LogLevel): void;
}

/**
 * The broker's log: one JSON object a line for programs, or readable lines for people.
 *
 * @throws {CommandError} The file cannot be opened.
 */
export async function openLog({ format, level, file }: LogOptions): Promise<OpenLog> {
  const inJson = (format ?? (file === undefined && process.stderr.isTTY ? 'pretty' : 'json')) === 'json';
  const end = openEnd(file);
  const stream = inJson ? end : await createPrettyStream(end, file === undefined);
  const hooks = {
    streamWrite: inJson ? withoutTricks : (line: string) => withoutControls(withoutTricks(line)),
    logMethod: writeShortened,
  };
  const logger: Logger = pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, hooks }, stream);
  return {
    log: logger,
    reopen: () => {
      if (file === undefined) return;
      try {
        end.reopen();
      } catch (error) {
        logger.error({ file, reason: messageOf(error) }, 'the log cannot be opened anew: it goes on where it was');
      }
    },
    setLevel: (next) => {
      logger.level = next;
    },
  };
}

/** Where lines go. A line that cannot be written, to a disk that is full, must not end the broker. */
function openEnd(file: string | undefined): ReturnType<typeof destination> {
  if (file === undefined) return destination({ fd: 2, sync: true });
  try {
    const end = destination({ dest: file, append: true, sync: true });
    let isTold = false;
    end.on('error', (error: Error) => {
      if (!isTold) process.stderr.write(`busbar: the log cannot be written to ${file}: ${error.message}\n`);
      isTold = true;
    });
    return end;
  } catch (error) {
    throw new CommandError(ExitCode.failure, `the log cannot be opened: ${messageOf(error)}`);
  }
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

/** A line in JSON whose texts show control characters by their escapes, also when somebody prints them as they are. */
function withoutControls(line: string): string {
  return line.replace(/\\\\|\\(?:u[0-9a-f]{4}|[bfnrt])/g, (each) => (each === '\\\\' ? each : `\\${each}`));
}

async function createPrettyStream(
  end: ReturnType<typeof destination>,
  isTerminal: boolean,
): Promise<NodeJS.WritableStream> {
  const { default: pretty } = await import('pino-pretty');
  const colorize = isTerminal && isColorful(process.stderr);
  const translateTime = isTerminal ? 'SYS:HH:MM:ss.l' : 'SYS:yyyy-mm-dd HH:MM:ss.l';
  return pretty({ destination: end, sync: true, singleLine: true, colorize, translateTime });
}
