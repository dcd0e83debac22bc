import { readFileSync } from 'node:fs';
import path from 'node:path';
import { nearestOf } from '../command/nearest.ts';
import { finishConnection, finishSettings } from './finish-settings.ts';
import type { ToolOption } from './option.ts';
import { wordsOfProperty } from './property-option.ts';
import { optionsOf } from './tool-options.ts';
import { defaultSettings, type Tool, type ToolSettings } from './tool-settings.ts';
import { ToolQuestion, ToolUsage } from './tool-usage.ts';

/** Where options come from besides the command line. */
export interface OptionSources {
  /** Whether values are read as strictly as ours are, or as mosquitto's tools read them. */
  readonly isStrict: boolean;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Words that stand before those of the command line: a profile's. */
  readonly profile?: readonly string[];
}

/**
 * Reads the options of a tool: those of its options file first, then those that were typed.
 *
 * @throws {ToolUsage} What is wrong.
 * @throws {ToolQuestion} `--help` or `--version`.
 */
export function readOptions(tool: Tool, words: readonly string[], sources: OptionSources): ToolSettings {
  const settings = defaultSettings(tool);
  const reader = new OptionReader(settings, sources.isStrict);
  for (const line of readOptionsFile(tool, words, sources.env)) reader.read(line);
  reader.read(sources.profile ?? []);
  reader.read(words);
  finishSettings(settings, sources.isStrict);
  return settings;
}

/**
 * Reads the options of a command of ours that connects as the tools do: theirs for the connection, its own, and words that
 * are no options.
 *
 * @throws {ToolUsage} What is wrong.
 * @throws {ToolQuestion} `--help` or `--version`.
 */
export function readOwnOptions(
  options: readonly ToolOption[],
  words: readonly string[],
  profile: readonly string[],
): { readonly settings: ToolSettings; readonly stray: readonly string[] } {
  const settings = defaultSettings('sub');
  settings.version = 5;
  const stray: string[] = [];
  const reader = new OptionReader(settings, true, options, (word) => stray.push(word));
  reader.read(profile);
  reader.read(words);
  finishConnection(settings, true);
  return { settings, stray };
}

/** Applies words to settings. */
class OptionReader {
  readonly #settings: ToolSettings;
  readonly #isStrict: boolean;
  readonly #byFlag: ReadonlyMap<string, ToolOption>;

  readonly #takeStray: ((word: string) => void) | undefined;

  /** @param takeStray Takes words that are no options; without it there may be none. */
  constructor(
    settings: ToolSettings,
    isStrict: boolean,
    options: readonly ToolOption[] = optionsOf(settings.tool),
    takeStray?: (word: string) => void,
  ) {
    this.#settings = settings;
    this.#isStrict = isStrict;
    this.#byFlag = new Map(options.flatMap((option) => option.flags.map((flag) => [flag, option])));
    this.#takeStray = takeStray;
  }

  read(words: readonly string[]): void {
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      if (word === '--help') throw new ToolQuestion('help');
      if (word === '--version') throw new ToolQuestion('version');
      const option = this.#byFlag.get(word);
      if (option === undefined && this.#takeStray !== undefined && !/^-./.test(word)) {
        this.#takeStray(word);
        continue;
      }
      if (option === undefined) throw this.#unknown(word);
      const rest = words.slice(at + 1);
      const count = option.value === undefined ? 0 : word === '-D' || word === '--property' ? wordsOfProperty(rest) : 1;
      if (rest.length < count) throw missing(option, word);
      const reading = { settings: this.#settings, isStrict: this.#isStrict, flag: option.flags.join('/') };
      option.apply(rest.slice(0, count).join('\0'), reading);
      at += count;
    }
  }

  #unknown(word: string): ToolUsage {
    const theirs = `Error: Unknown option '${word}'.\n`;
    const { tool } = this.#settings;
    if (!word.startsWith('-')) {
      const advice = tool === 'sub' ? 'a topic is given with -t' : 'a topic is given with -t, a message with -m';
      return new ToolUsage(theirs, `unexpected word '${word}': ${advice}`);
    }
    const [name = ''] = word.split('=');
    const exact = this.#byFlag.has(name) && name !== word ? `${name} ${word.slice(name.length + 1)}` : undefined;
    const near =
      exact ??
      this.#joined(word) ??
      nearestOf(
        word,
        ['--help', '--version', ...this.#byFlag.keys()].filter((each) => each.length > 2),
      );
    return new ToolUsage(theirs, `unknown option '${word}'${near === undefined ? '' : `; did you mean '${near}'?`}`);
  }

  /** `-p1883` and `-vd`, which other tools take apart. */
  #joined(word: string): string | undefined {
    if (word.startsWith('--') || word.length < 3) return undefined;
    const option = this.#byFlag.get(word.slice(0, 2));
    if (option?.value !== undefined) return `${word.slice(0, 2)} ${word.slice(2)}`;
    const flags = [...word.slice(1)].map((letter) => `-${letter}`);
    return flags.every((each) => this.#byFlag.has(each)) ? flags.join(' ') : undefined;
  }
}

function missing({ value, flags }: ToolOption, word: string): ToolUsage {
  const { missing: what = '', named = flags[0], placeholder = '' } = value ?? {};
  const theirs = `Error: ${named} argument given but ${what}.\n\n`;
  return new ToolUsage(theirs, `${word} needs ${placeholder}, and the line ends before that`);
}

/** The lines of the options file, each as the words that it stands for. */
function readOptionsFile(tool: Tool, words: readonly string[], env: OptionSources['env']): string[][] {
  const asked = words.flatMap((word, at) => (word === '-o' ? [at] : []));
  if (asked.length > 1) throw new ToolUsage('Error: Duplicate -o argument given.\n\n', '-o can be given once');
  const [at] = asked;
  const given = at === undefined ? undefined : words[at + 1];
  if (at !== undefined && given === undefined) {
    const theirs = 'Error: -o argument given but no options file specified.\n\n';
    throw new ToolUsage(theirs, '-o needs <file>, and the line ends before that');
  }
  const { XDG_CONFIG_HOME: config, HOME: home } = env;
  const folder = config ?? (home === undefined ? undefined : path.join(home, '.config'));
  const file = given ?? (folder === undefined ? undefined : path.join(folder, `mosquitto_${tool}`));
  if (file === undefined) return [];
  return readLines(file).flatMap((line) => {
    if (line.startsWith('#')) return [];
    const [, flag = '', value] = /^ *([^ ]+)(?: (.*))?$/.exec(line) ?? [];
    if (flag === '') return [];
    if (value === undefined) return [[flag]];
    return [flag === '-D' || flag === '--property' ? [flag, ...propertyWords(value)] : [flag, value]];
  });
}

/** The words of a `-D` that stand on one line; the last of them takes the rest of the line, blanks and all. */
function propertyWords(line: string): string[] {
  const words = line.split(/ +/);
  const count = wordsOfProperty(words);
  const [last] = new RegExp(`(?<=^(?:[^ ]+ +){${count - 1}}).*`).exec(line) ?? [];
  return last === undefined ? words : [...words.slice(0, count - 1), last];
}

/** A file that is not there has no lines, as with mosquitto's tools. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
