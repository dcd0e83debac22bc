import type { OptionDefinition, OptionDefinitions } from '../command/definition.ts';
import { connectionOptions } from './connection-options.ts';
import { ownOptions, qosOption } from './message-options.ts';
import type { ToolOption } from './option.ts';
import { printingOptions } from './printing-options.ts';
import { receivingOptions } from './receiving-options.ts';
import { sendingOptions } from './sending-options.ts';
import { tlsOptions } from './tls-options.ts';

/** What stands together in the help; the own options of a command stand under none of these. */
const GROUPS: readonly (readonly [heading: string, options: readonly ToolOption[]])[] = [
  ['Messages', [...sendingOptions, ...receivingOptions, qosOption]],
  ['Printing', printingOptions],
  ['Connection', [...connectionOptions, ...ownOptions]],
  ['TLS', tlsOptions],
];

/** The options of a tool as descriptions have them. */
export function describeOptions(options: readonly ToolOption[]): OptionDefinitions {
  return Object.fromEntries(options.map((option) => [option.flags[0], describe(option)]));
}

function describe(option: ToolOption): OptionDefinition {
  const { flags, description, value, repeatable } = option;
  const group = GROUPS.find(([, members]) => members.includes(option))?.[0];
  return {
    flags: flags.join(', '),
    description,
    ...(group !== undefined && { group }),
    ...(value !== undefined && { value: { placeholder: value.placeholder, parse: (text: string) => text } }),
    ...(repeatable !== undefined && { repeatable }),
  };
}
