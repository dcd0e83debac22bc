import { z } from 'zod';
import { CommandError, WrongUsage } from '../command/command-error.ts';
import { noneOf } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { withAbsoluteFiles } from './absolute-files.ts';
import { isYaml, type LoadedConfiguration, loadConfiguration } from './load-configuration.ts';
import { ConfigurationError } from './place.ts';
import { CONFIGURATION } from './schema.ts';
import { showConfiguration } from './show.ts';

const FILE_ACTIONS: ReadonlySet<string> = new Set(['check', 'show', 'convert']);

/** Does what `busbar config` is asked for. @returns The exit code. @throws {CommandError} What is wrong, in as many lines. */
export async function runConfig(action: string, file: string | undefined, sets: readonly string[]): Promise<number> {
  if (FILE_ACTIONS.has(action) && file === undefined)
    throw new WrongUsage(`config ${action}: expected a file, none came`);
  switch (action) {
    case 'schema':
      process.stdout.write(`${JSON.stringify(z.toJSONSchema(CONFIGURATION, { io: 'input' }), undefined, 2)}\n`);
      return ExitCode.success;
    case 'check': {
      const { notices, configuration } = load(file, sets);
      tell(notices);
      const count = configuration.listeners?.length ?? 1;
      process.stdout.write(`${file}: ok, ${count} listener${count === 1 ? '' : 's'}\n`);
      return ExitCode.success;
    }
    case 'show':
      process.stdout.write(showConfiguration(load(file, sets).configuration));
      return ExitCode.success;
    case 'convert': {
      if (file !== undefined && isYaml(file)) throw new WrongUsage(`${file} is a busbar.yaml already`);
      const { notices, configuration: translated, folder } = load(file, sets);
      tell(notices);
      const configuration = withAbsoluteFiles(translated, folder);
      process.stdout.write(`# Made from ${file} by busbar config convert.\n${showConfiguration(configuration)}`);
      return ExitCode.success;
    }
    default:
      throw noneOf(['check', 'show', 'schema', 'convert'], action);
  }
}

function load(file: string | undefined, sets: readonly string[]): LoadedConfiguration {
  try {
    return loadConfiguration({ file, sets, environment: process.env });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new CommandError(ExitCode.failure, faultsText(error));
    throw error;
  }
}

/** As many lines as there are faults; the first follows `Error: `. */
export function faultsText({ faults }: ConfigurationError): string {
  return faults.join('\nError: ');
}

function tell(notices: readonly string[]): void {
  for (const notice of notices) process.stderr.write(`Notice: ${notice}\n`);
}
