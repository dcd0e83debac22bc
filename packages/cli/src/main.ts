import { CommandError, WrongUsage } from './command/command-error.ts';
import { parseCommandLine } from './command/command-line.ts';
import type { CommandDefinition } from './command/definition.ts';
import { COMMANDS } from './commands.ts';
import { ExitCode } from './exit-code.ts';
import { overviewOf, suggestCommand } from './overview.ts';
import { readVersion } from './version.ts';

/**
 * The `busbar` command: finds the command that is meant, loads it, gives it its values, and tells in one line what went
 * wrong.
 *
 * @param argv What was typed after `busbar`.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  switch (first) {
    case undefined:
      process.stderr.write(overviewOf(COMMANDS));
      return ExitCode.usage;
    case 'help':
      return rest[0] === undefined ? main(['--help']) : main([rest[0], '--help']);
    case '-h':
    case '--help':
      process.stdout.write(overviewOf(COMMANDS));
      return ExitCode.success;
    case '-V':
    case '--version':
      process.stdout.write(`busbar ${readVersion()}\n`);
      return ExitCode.success;
  }
  const entry = COMMANDS.find(({ name }) => name === first);
  if (entry !== undefined) return runCommand(await entry.load(), rest);
  process.stderr.write(`Error: ${suggestCommand(first, COMMANDS)}\n`);
  return ExitCode.usage;
}

async function runCommand(definition: CommandDefinition, argv: readonly string[]): Promise<number> {
  try {
    const parsed = parseCommandLine(definition, argv);
    if (parsed.help === undefined) return await definition.run(parsed.values, parsed.words);
    process.stdout.write(parsed.help);
    return ExitCode.success;
  } catch (error) {
    if (error instanceof CommandError) {
      if (error.message !== '') process.stderr.write(`Error: ${error.message}\n`);
      return error.exitCode;
    }
    if (error instanceof WrongUsage) {
      process.stderr.write(`Error: ${error.message} (see 'busbar ${definition.name} --help')\n`);
      return definition.usageExitCode;
    }
    process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return ExitCode.failure;
  }
}
