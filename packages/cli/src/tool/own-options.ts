import { connectionOptions } from './connection-options.ts';
import { qosOption } from './message-options.ts';
import { flag, type ToolOption, valued } from './option.ts';
import { printingOptions } from './printing-options.ts';
import { receivingOptions } from './receiving-options.ts';
import { tlsOptions } from './tls-options.ts';

/** What only makes sense for a client that is one of mosquitto's tools. */
const NOT_OURS: ReadonlySet<string> = new Set(['-i', '-I', '-c', '-x', '-D', '-M', '-V', '-d', '-o', '--quiet', '-L']);

/** The options of a connection that a command of ours takes. */
export const ownConnectionOptions: readonly ToolOption[] = [...connectionOptions, ...tlsOptions].filter(
  ({ flags: [name] }) => !NOT_OURS.has(name) && !name.startsWith('--will'),
);

/** Options of the tools for messages that a command of ours takes as they are: `toolOptions('-t', '-C')`. */
export function toolOptions(...names: readonly string[]): readonly ToolOption[] {
  return [...receivingOptions, ...printingOptions, qosOption].filter(({ flags: [name] }) => names.includes(name));
}

/** An option of ours without a value. */
export function ownFlag(name: string, description: string, set: Parameters<typeof flag>[2]): ToolOption {
  return flag([name], description, set, { since: 'busbar' });
}

/** An option of ours with a value. */
export function ownValued(
  name: string,
  placeholder: string,
  description: string,
  set: Parameters<typeof valued>[4],
  more: { readonly repeatable?: true } = {},
): ToolOption {
  return valued([name], placeholder, '', description, set, { since: 'busbar', ...more });
}
