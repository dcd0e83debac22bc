/**
 * What a command is, as data: from it come `--help`, completion, man pages and the reference page (docs/reference/cli.md),
 * so that they cannot disagree.
 */
export interface CommandDescription<Options extends OptionDefinitions = OptionDefinitions> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** What it does, for its own help. */
  readonly description: string;
  readonly options: Options;
  /** What stands behind the name beside options, such as a file. Default: nothing may. */
  readonly words?: WordsDefinition;
  readonly examples: readonly Example[];
  /** What is worth knowing beside the options, a paragraph each. */
  readonly notes?: readonly string[];
  /** Exit code for wrong usage. */
  readonly usageExitCode: number;
  /** `-h` is the host where mosquitto's tools have it so; elsewhere it is the help. */
  readonly helpFlags: '--help' | '-h, --help';
}

/** A command whose options are read as its description says. */
export interface CommandDefinition<Options extends OptionDefinitions = OptionDefinitions>
  extends CommandDescription<Options> {
  /** Says what to do with a word that is no option; by default that none was expected. */
  readonly explainArgument?: (argument: string) => string;
  /** Does it. @returns The exit code. */
  run(values: OptionValues<Options>, words: readonly string[]): Promise<number>;
}

/** The words of a command that are no options. */
export interface WordsDefinition {
  /** As the help shows them, such as `<file> <user>`. */
  readonly usage: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** A command line and what it does. */
export interface Example {
  readonly line: string;
  readonly what: string;
}

/** The options of a command under the names that {@link CommandDefinition.run} finds them by. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/** An option: a flag without a value, or with one. */
export interface OptionDefinition<Value = unknown> {
  /** As typed: `-q, --qos`. */
  readonly flags: string;
  readonly description: string;
  /** Absent: it takes none and is true when given (a `--no-...` is false). */
  readonly value?: ValueKind<Value>;
  readonly default?: Value;
  /** The heading that it stands under in the help, such as `TLS`; without one it stands among the others. */
  readonly group?: string;
  /** May be given again; then all values are kept, in their order. */
  readonly repeatable?: true;
}

/** How the value of an option is written and read. */
export interface ValueKind<Value> {
  /** What the help shows, such as `<0|1|2>`. */
  readonly placeholder: string;
  /** Words that make up one value: at least, at most. Default: one. */
  readonly words?: (given: readonly string[]) => number;
  /** @throws {WrongUsage} What was expected and what came. */
  readonly parse: (text: string) => Value;
}

/** The values of options, typed by their definitions. */
export type OptionValues<Options extends OptionDefinitions> = {
  readonly [Name in keyof Options]: OptionValue<Options[Name]>;
};

type OptionValue<Definition> = Definition extends { value: ValueKind<infer Value> }
  ? Definition extends { repeatable: true }
    ? readonly Value[]
    : Definition extends { default: unknown }
      ? Value
      : Value | undefined
  : boolean;

/** Ties the types of a definition together, and nothing else. */
export function defineCommand<const Options extends OptionDefinitions>(
  definition: CommandDefinition<Options>,
): CommandDefinition<Options> {
  return definition;
}
