import { Command, CommanderError, Help, Option } from 'commander';
import { WrongUsage } from './command-error.ts';
import type {
  CommandDefinition,
  CommandDescription,
  OptionDefinition,
  OptionDefinitions,
  OptionValues,
} from './definition.ts';
import { describeOption } from './describe-option.ts';

/** What a command line asks for: the help, or the command with its values. */
export type Parsed<Options extends OptionDefinitions> =
  | { readonly help: string }
  | { readonly help?: undefined; readonly values: OptionValues<Options>; readonly words: readonly string[] };

/**
 * Reads what was typed after a command's name. Commander does the reading; this file tells it what the definition says.
 *
 * @throws {WrongUsage} In one line: an option that does not exist, a value that is missing or wrong, a stray word.
 */
export function parseCommandLine<Options extends OptionDefinitions>(
  definition: CommandDefinition<Options>,
  argv: readonly string[],
): Parsed<Options> {
  let help = '';
  const command = createCommand(definition)
    .exitOverride()
    .configureOutput({ writeOut: (line) => (help += line), writeErr: () => {} });
  try {
    command.parse(joinWords(definition, argv), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help };
    throw new WrongUsage(oneLine(error.message));
  }
  const { args: words } = command;
  const { minimum = 0, maximum = 0, usage = '' } = definition.words ?? {};
  const stray = words[maximum];
  if (stray !== undefined) throw new WrongUsage(explainStray(definition, stray));
  if (words.length < minimum)
    throw new WrongUsage(`expected ${usage}, ${words.length === 0 ? 'nothing' : 'less'} came`);
  return { values: { ...defaultsOf(definition.options), ...command.opts<OptionValues<Options>>() }, words };
}

/** The help of a command, as `--help` prints it. */
export function helpOf(definition: CommandDescription): string {
  let help = '';
  createCommand(definition)
    .configureOutput({ writeOut: (text) => (help += text) })
    .outputHelp();
  return help;
}

function createCommand(definition: CommandDescription): Command {
  const command = new Command(`busbar ${definition.name}`)
    .usage(definition.words === undefined ? '[options]' : `[options] ${definition.words.usage}`)
    .description(definition.description)
    .helpOption(definition.helpFlags, 'show this help')
    .configureHelp({ sortOptions: false, helpWidth: helpWidth() })
    .allowExcessArguments(true);
  for (const [name, option] of Object.entries(definition.options)) command.addOption(createOption(name, option));
  const examples = definition.examples.map(({ line, what }) => `  ${line}\n      ${what}`);
  command.addHelpText('after', ['', 'Examples:', ...examples, ...wrappedNotes(definition)].join('\n'));
  return command;
}

function wrappedNotes({ notes = [] }: CommandDescription): string[] {
  return notes.flatMap((note) => ['', new Help().boxWrap(note, helpWidth())]);
}

function createOption(name: string, definition: OptionDefinition): Option {
  const { flags, value, repeatable } = definition;
  const option = new Option(value === undefined ? flags : `${flags} ${value.placeholder}`, describeOption(definition));
  option.attributeName = () => name;
  if (definition.group !== undefined) option.helpGroup(`${definition.group}:`);
  if (value !== undefined) {
    option.argParser((given: string, previous: unknown) => {
      const parsed = parseValue(flags, value.parse, given);
      if (!repeatable) return parsed;
      return Array.isArray(previous) ? [...previous, parsed] : [parsed];
    });
  }
  return option;
}

/** What the options are that are not given. */
function defaultsOf(options: OptionDefinitions): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, repeatable, default: byDefault }]) => {
      if (value === undefined) return [name, false];
      return [name, repeatable ? [] : byDefault];
    }),
  );
}

function parseValue(flags: string, parse: (text: string) => unknown, given: string): unknown {
  try {
    return parse(given);
  } catch (error) {
    if (error instanceof WrongUsage) throw new WrongUsage(`${flags.replace(', ', '/')}: ${error.message}`);
    throw error;
  }
}

/** The words of a value that has several become one, as JSON, because Commander knows only options with one. */
function joinWords(definition: CommandDefinition, argv: readonly string[]): string[] {
  const byFlag = new Map(
    Object.values(definition.options).flatMap((option) => option.flags.split(', ').map((flag) => [flag, option])),
  );
  const joined: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    joined.push(word);
    const value = byFlag.get(word)?.value;
    if (value === undefined) continue;
    const rest = argv.slice(at + 1);
    if (value.words === undefined) joined.push(...rest.slice(0, 1));
    else {
      const count = value.words(rest);
      if (rest.length < count)
        throw new WrongUsage(`${word} needs ${value.placeholder}, and the line ends before that`);
      joined.push(JSON.stringify(rest.slice(0, count)));
      at += count;
      continue;
    }
    at += 1;
  }
  return joined;
}

function explainStray(definition: CommandDefinition, stray: string): string {
  return definition.explainArgument?.(stray) ?? `unexpected word '${stray}'`;
}

/** Commander's words in ours. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/ \(Did you mean (?:one of )?([^,)?]+)[^)]*\)$/, "; did you mean '$1'?")
    .replace(/^option '([^<]+) (<[^>]+>)' argument missing$/, (_, flags: string, value: string) => {
      return `${flags.replace(', ', '/')} needs ${value}, and the line ends before that`;
    })
    .trim();
}

function helpWidth(): number {
  return Math.min(process.stdout.columns ?? 100, 100);
}
