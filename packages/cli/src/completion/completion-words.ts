import type { CommandDescription } from '../command/definition.ts';

/** A command as completion needs it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** Whether words of it are files. */
  readonly takesFiles: boolean;
}

export interface CompletedOption {
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent: it takes no value. */
  readonly value?: 'file' | 'folder' | 'text' | readonly string[];
}

/** What can be completed, from the descriptions of the commands. */
export function completedCommands(descriptions: readonly CommandDescription[]): readonly CompletedCommand[] {
  return descriptions.map(({ name, summary, options, words, helpFlags }) => ({
    name,
    summary,
    takesFiles: /<[^>]*(file|yaml|folder|path)[^>]*>/.test(words?.usage ?? ''),
    options: [
      ...Object.values(options).map(({ flags, description, value }) => ({
        flags: flags.split(', '),
        description,
        ...(value !== undefined && { value: kindOfValue(flags, value.placeholder) }),
      })),
      { flags: helpFlags.split(', '), description: 'show the help' },
    ],
  }));
}

/** `<0|1|2>` are words to choose from; some values are files. */
function kindOfValue(flags: string, placeholder: string): Exclude<CompletedOption['value'], undefined> {
  if (/folder|dir/.test(placeholder)) return 'folder';
  const [, choices = ''] = /^<([^<>]*\|[^<>]*)>$/.exec(placeholder) ?? [];
  if (choices !== '') return choices.split('|');
  return /file|path|\.(proto|yaml)/.test(placeholder) || flags === '--unix' ? 'file' : 'text';
}
