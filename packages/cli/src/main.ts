import { devNull } from 'node:os';
import { COMMANDS, type CommandEntry, type DefinedEntry } from './commands.ts';
import { ExitCode } from './exit-code.ts';

/** The tools whose names a link to `busbar` may bear. */
const LINKS = { mosquitto_pub: 'pub', mosquitto_sub: 'sub', mosquitto_rr: 'rr' } as const;
/** A link of this name is the broker with Mosquitto's manners: without a configuration, that of an empty mosquitto.conf. */
const BROKER_LINK = 'mosquitto';

/**
 * The `busbar` command: finds the command that is meant, loads it, gives it its values, and tells in one line what went
 * wrong.
 *
 * @param argv What was typed after `busbar`.
 * @param calledAs The name of the program: that of one of mosquitto's tools, or of their broker, makes it behave as that.
 * @returns The exit code.
 */
export async function main(argv: readonly string[], calledAs = 'busbar'): Promise<number> {
  const link = Object.entries(LINKS).find(([name]) => name === calledAs)?.[1];
  if (link !== undefined) {
    const { callTool } = await import('./tool/call-tool.ts');
    return callTool({ tool: link, words: argv, isMosquitto: true });
  }
  if (calledAs === BROKER_LINK) return main(['broker', ...(argv.some(namesConfig) ? [] : ['-c', devNull]), ...argv]);
  const [first, ...rest] = argv;
  if (first === '--profile') return callWithProfile(rest);
  const entry = COMMANDS.find(({ name }) => name === first);
  return entry === undefined ? answer(first, rest) : callCommand(entry, rest, []);
}

async function callWithProfile([name, first, ...rest]: readonly string[]): Promise<number> {
  const entry = COMMANDS.find((each) => each.name === first);
  if (name === undefined || first === undefined) return complain('--profile needs <name>, and a command after that');
  if (entry === undefined) return answer(first, rest);
  if (entry.call === undefined) return complain(`'busbar ${first}' connects to no server: it has no use for --profile`);
  const { loadProfile } = await import('./profile/load-profile.ts');
  const { ProfileError } = await import('./profile/profile-error.ts');
  try {
    return await callCommand(entry, rest, await loadProfile(name, process.env));
  } catch (error) {
    if (error instanceof ProfileError) return complain(error.message);
    throw error;
  }
}

function namesConfig(word: string): boolean {
  return word === '-c' || word === '--config' || word === '--config-file' || word.startsWith('--config=');
}

function callCommand(entry: CommandEntry, words: readonly string[], profile: readonly string[]): Promise<number> {
  return entry.call === undefined ? runDefined(entry, words) : entry.call(words, { profile });
}

/** What is no command: the help, the version, or a mistake. */
async function answer(first: string | undefined, rest: readonly string[]): Promise<number> {
  const { overviewOf, suggestCommand } = await import('./overview.ts');
  switch (first) {
    case undefined:
      process.stderr.write(overviewOf(COMMANDS));
      return ExitCode.usage;
    case 'help':
      return rest[0] === undefined ? answer('--help', []) : main([rest[0], '--help']);
    case '-h':
    case '--help':
      process.stdout.write(overviewOf(COMMANDS));
      return ExitCode.success;
    case '-V':
    case '--version': {
      const { readVersion } = await import('./version.ts');
      process.stdout.write(`busbar ${readVersion()}\n`);
      return ExitCode.success;
    }
    default:
      return complain(suggestCommand(first, COMMANDS));
  }
}

function complain(line: string): number {
  process.stderr.write(`Error: ${line}\n`);
  return ExitCode.usage;
}

async function runDefined(entry: DefinedEntry, words: readonly string[]): Promise<number> {
  const { runDefinition } = await import('./command/run-definition.ts');
  return runDefinition(await entry.load(), words);
}
