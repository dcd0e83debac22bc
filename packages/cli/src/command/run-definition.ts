import { ExitCode } from '../exit-code.ts';
import { CommandError, WrongUsage } from './command-error.ts';
import { parseCommandLine } from './command-line.ts';
import type { CommandDefinition } from './definition.ts';
import { messageOf } from './message-of.ts';

/** Reads what was typed after a command's name and runs it; what goes wrong is one line on stderr. @returns The exit code. */
export async function runDefinition(definition: CommandDefinition, argv: readonly string[]): Promise<number> {
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
    process.stderr.write(`Error: ${messageOf(error)}\n`);
    return ExitCode.failure;
  }
}
