import type { OptionDefinition } from './definition.ts';

/** What an option is for, with its default. */
export function describeOption({ description, default: value, repeatable }: OptionDefinition): string {
  const remarks = [
    ...(value === undefined ? [] : [`default: ${String(value)}`]),
    ...(repeatable === undefined ? [] : ['may be repeated']),
  ];
  return remarks.length === 0 ? description : `${description} (${remarks.join('; ')})`;
}
