/** Where a setting stands. */
export interface Place {
  /** A file, an environment variable or an option of the command line. */
  readonly file: string;
  /** From 1; 0 where there are no lines. */
  readonly line: number;
}

/** A setting's way from the top: `['listeners', 0, 'port']`. */
export type SettingPath = readonly (string | number)[];

/** `listeners[0].port` */
export function formatPath(path: SettingPath): string {
  return path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${part}`)).join('');
}

/** `busbar.yaml:12` */
export function formatPlace({ file, line }: Place): string {
  return line > 0 ? `${file}:${line}` : file;
}

/** What is wrong with a configuration: all of it, a line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}
