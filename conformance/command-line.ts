import { parseArgs } from 'node:util';
import type { Version } from './wire/packet-writer.ts';

/** What `npm run conformance` was asked for. */
export interface CommandLine {
  readonly target: { readonly host: string; readonly port: number } | undefined;
  /** Where that broker speaks WebSocket. */
  readonly webSocket: { readonly host: string; readonly port: number; readonly path: string } | undefined;
  /** A command that starts a broker, with `{port}` in it. */
  readonly command: string | undefined;
  /** What the broker is called in reports. */
  readonly name: string | undefined;
  readonly versions: readonly Version[];
  readonly json: string | undefined;
  readonly only: string | undefined;
  readonly verbose: boolean;
}

export const USAGE = `usage: npm run conformance -- [options]

Runs the conformance suite on a broker of its own, or on any other.

  --target HOST:PORT    on the broker that listens there
  --websocket HOST:PORT[/PATH]
                        where that broker speaks WebSocket; path: /mqtt unless given
  --command 'COMMAND'   on a broker that is started with this command; {port} is replaced
  --version 5|4|3       MQTT 5.0, 3.1.1 or 3.1 only; may be given more than once
  --only TEXT           scenarios whose ids, chapter or name contain the text
  --json FILE           writes the report as JSON, too
  --name NAME           what the broker is called in the report
  --verbose             shows what is conformant, too

Use a broker without data of value: the suite leaves sessions and retained messages behind. Scenarios run many at a time;
what another broker violates is played again with less beside it, and that outcome counts.
Exit code: 0 when nothing is violated, 1 when something is, 2 when the command line is wrong.`;

/** The command line is wrong; the message says what was expected. */
export class CommandLineError extends Error {}

const VERSIONS: Readonly<Record<string, Version>> = { 5: 5, 4: 4, 3: 3, '5.0': 5, '3.1.1': 4, '3.1': 3 };

/** @throws {CommandLineError} */
export function readCommandLine(args: readonly string[]): CommandLine | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const versions = (values.version ?? ['5', '4', '3']).map((text) => {
    const version = VERSIONS[text];
    if (version === undefined) throw new CommandLineError(`--version must be 5, 4 or 3, not '${text}'`);
    return version;
  });
  if (values.target !== undefined && values.command !== undefined) {
    throw new CommandLineError('--target and --command exclude each other');
  }
  return {
    target: values.target === undefined ? undefined : readTarget(values.target),
    webSocket: values.websocket === undefined ? undefined : readWebSocket(values.websocket),
    command: values.command,
    name: values.name,
    versions,
    json: values.json,
    only: values.only,
    verbose: values.verbose ?? false,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const version = { type: 'string', multiple: true } as const;
  const options = {
    target: text,
    websocket: text,
    command: text,
    name: text,
    version,
    json: text,
    only: text,
    verbose: flag,
    help: flag,
  };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new CommandLineError(error instanceof Error ? error.message : String(error));
  }
}

function readWebSocket(text: string): { host: string; port: number; path: string } {
  const slash = text.indexOf('/');
  const path = slash < 0 ? '/mqtt' : text.slice(slash);
  return { ...readTarget(slash < 0 ? text : text.slice(0, slash)), path };
}

function readTarget(target: string): { host: string; port: number } {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new CommandLineError(`--target must be HOST:PORT, not '${target}'`);
  return { host: host === '' ? 'localhost' : host, port: Number(port) };
}
