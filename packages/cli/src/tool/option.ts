import type { Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';

/** How strictly values are read: mosquitto's tools take `-q x` for 0, ours says that it is no number. */
export interface Reading {
  readonly settings: ToolSettings;
  readonly isStrict: boolean;
  /** The flag as it was typed. */
  readonly flag: string;
}

/** One option of the three tools, as data: from it come reading, `--help`, completion, man pages and the reference. */
export interface ToolOption {
  /** As typed, the short one first. */
  readonly flags: readonly [string, ...string[]];
  readonly tools: readonly Tool[];
  readonly description: string;
  /** Absent: it takes no value. */
  readonly value?: { readonly placeholder: string; readonly missing: string; readonly named?: string };
  readonly repeatable?: true;
  /** Where it comes from; default: mosquitto-clients 2.0. */
  readonly since?: '2.1' | 'busbar';
  /** Takes the value, or `''`. @throws {ToolUsage} */
  readonly apply: (value: string, reading: Reading) => void;
}

export const EVERY_TOOL: readonly Tool[] = ['pub', 'sub', 'rr'];

/** An option without a value. */
export function flag(
  flags: ToolOption['flags'],
  description: string,
  set: (settings: ToolSettings, reading: Reading) => void,
  more: Partial<Pick<ToolOption, 'tools' | 'since'>> = {},
): ToolOption {
  return { flags, tools: EVERY_TOOL, description, ...more, apply: (_, reading) => set(reading.settings, reading) };
}

interface ValueMore extends Partial<Pick<ToolOption, 'tools' | 'since' | 'repeatable'>> {
  /** The name in mosquitto's message when it is not the first flag. */
  readonly named?: string;
}

/**
 * An option with a value.
 *
 * @param missing What mosquitto says is missing when the line ends before the value: `no host`.
 */
export function valued(
  flags: ToolOption['flags'],
  placeholder: string,
  missing: string,
  description: string,
  set: (value: string, settings: ToolSettings, reading: Reading) => void,
  { named, ...more }: ValueMore = {},
): ToolOption {
  return {
    flags,
    tools: EVERY_TOOL,
    description,
    value: { placeholder, missing, ...(named !== undefined && { named }) },
    ...more,
    apply: (value, reading) => set(value, reading.settings, reading),
  };
}

/** Reads a whole number as C's `atoi` does, or strictly. @throws {ToolUsage} It is none, or out of the bounds. */
export function integer(
  given: string,
  { isStrict, flag: typed }: Reading,
  [minimum, maximum]: readonly [number, number],
  theirs: (parsed: number) => string,
): number {
  const [digits = '0'] = /^\s*[+-]?\d+/.exec(given) ?? [];
  const parsed = Number(digits);
  const isNumber = /^[+-]?\d+$/.test(given);
  if (parsed >= minimum && parsed <= maximum && (isNumber || !isStrict)) return parsed;
  const isOpen = maximum >= 2 ** 31 - 1;
  const bounds = isOpen ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new ToolUsage(theirs(parsed), `${typed}: expected a whole number ${bounds}, not '${given}'`);
}
