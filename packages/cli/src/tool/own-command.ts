import type { CallContext } from '../call-context.ts';
import type { CommandDescription } from '../command/definition.ts';
import { messageOf } from '../command/message-of.ts';
import { ExitCode } from '../exit-code.ts';
import type { ToolOption } from './option.ts';
import { readOwnOptions } from './read-options.ts';
import type { ToolSettings } from './tool-settings.ts';
import { ToolQuestion, ToolUsage } from './tool-usage.ts';

/** A command of ours that connects to a server with the options of the tools. */
export interface OwnCommand {
  readonly description: CommandDescription;
  /** The connection's and its own. */
  readonly options: readonly ToolOption[];
  /** Does it; loads what it needs. @returns The exit code. */
  run(settings: ToolSettings, words: readonly string[]): Promise<number>;
}

/** Reads what was typed and runs it; what goes wrong is one line on stderr. @returns The exit code. */
export async function callOwnCommand(
  { description, options, run }: OwnCommand,
  words: readonly string[],
  { profile }: CallContext,
): Promise<number> {
  const { name, usageExitCode } = description;
  const { minimum = 0, maximum = 0, usage = '' } = description.words ?? {};
  try {
    const { settings, stray } = readOwnOptions(options, words, profile);
    const [unexpected] = stray.slice(maximum);
    if (unexpected !== undefined) throw new ToolUsage('', `unexpected word '${unexpected}'`);
    if (stray.length < minimum) throw new ToolUsage('', `expected ${usage}`);
    return await run(settings, stray);
  } catch (error) {
    if (error instanceof ToolQuestion) {
      const { helpOf } = await import('../command/command-line.ts');
      process.stdout.write(helpOf(description));
      return ExitCode.success;
    }
    if (error instanceof ToolUsage) {
      process.stderr.write(`Error: ${error.message} (see 'busbar ${name} --help')\n`);
      return usageExitCode;
    }
    process.stderr.write(`Error: ${messageOf(error)}\n`);
    return ExitCode.failure;
  }
}
