import type { OptionDefinition, OptionDefinitions } from '../command/definition.ts';
import type { ToolOption } from './option.ts';

/** The options of a tool as descriptions have them. */
export function describeOptions(options: readonly ToolOption[]): OptionDefinitions {
  return Object.fromEntries(options.map((option) => [option.flags[0], describe(option)]));
}

function describe({ flags, description, value, repeatable }: ToolOption): OptionDefinition {
  return {
    flags: flags.join(', '),
    description,
    ...(value !== undefined && { value: { placeholder: value.placeholder, parse: (text: string) => text } }),
    ...(repeatable !== undefined && { repeatable }),
  };
}
