import { PROPERTIES, type Properties, type PropertyName } from '@busbar/codec';
import { WrongUsage } from '../command/command-error.ts';
import type { ValueKind } from '../command/definition.ts';
import { listWords } from '../command/value.ts';

/** A property given with `-D`, for one of the packets that the command sends. */
export interface PropertyOption {
  readonly command: PropertyCommand;
  readonly properties: Properties;
}

/** Which properties `-D` can set, of those that the standard's table 2-4 allows in a packet. */
const ALLOWED = {
  connect: [
    'maximumPacketSize',
    'receiveMaximum',
    'requestProblemInformation',
    'requestResponseInformation',
    'sessionExpiryInterval',
    'topicAliasMaximum',
    'userProperties',
  ],
  publish: [
    'contentType',
    'correlationData',
    'messageExpiryInterval',
    'payloadFormatIndicator',
    'responseTopic',
    'userProperties',
  ],
  subscribe: ['userProperties'],
  will: [
    'contentType',
    'correlationData',
    'messageExpiryInterval',
    'payloadFormatIndicator',
    'responseTopic',
    'userProperties',
    'willDelayInterval',
  ],
} as const satisfies Readonly<Record<string, readonly PropertyName[]>>;

export type PropertyCommand = keyof typeof ALLOWED;

/** `-D command identifier value`, or `-D command user-property name value`. */
export function propertyValue(...commands: readonly PropertyCommand[]): ValueKind<PropertyOption> {
  return {
    placeholder: '<command identifier value>',
    words: (given) => (given[1]?.toLowerCase() === 'user-property' ? 4 : 3),
    parse(text) {
      const words = readWords(text);
      const command = commands.find((each) => each === words[0]?.toLowerCase());
      if (command !== undefined) return { command, properties: readProperty(command, words.slice(1)) };
      throw new WrongUsage(`expected ${listWords(commands)} as the command, not '${words[0] ?? ''}'`);
    },
  };
}

/** The properties that were given for one packet, together; of one that may stand once the last counts. */
export function propertiesFor(command: PropertyCommand, options: readonly PropertyOption[]): Properties {
  const together: Properties = {};
  for (const { properties } of options.filter((option) => option.command === command)) {
    const { userProperties, ...rest } = properties;
    Object.assign(together, rest);
    if (userProperties !== undefined) together.userProperties = [...(together.userProperties ?? []), ...userProperties];
  }
  return together;
}

/** The several words of the option, which arrive as one (see {@link ValueKind.words}). */
function readWords(text: string): readonly string[] {
  const words: unknown = text.startsWith('[') ? JSON.parse(text) : [text];
  return Array.isArray(words) ? words.map(String) : [];
}

function readProperty(command: PropertyCommand, [identifier = '', ...values]: readonly string[]): Properties {
  const definition = PROPERTIES.find(({ title }) => dashed(title) === identifier.toLowerCase());
  const allowed: readonly PropertyName[] = ALLOWED[command];
  if (definition === undefined || !allowed.includes(definition.name)) {
    const names = PROPERTIES.filter(({ name }) => allowed.includes(name)).map(({ title }) => dashed(title));
    throw new WrongUsage(`expected a property of ${command} (${names.join(', ')}), not '${identifier}'`);
  }
  const [first = '', second = ''] = values;
  switch (definition.shape) {
    case 'pair':
      return { userProperties: [[first, second]] };
    case 'string':
      return { [definition.name]: first };
    case 'binary':
      return { [definition.name]: Buffer.from(first) };
  }
  const number = /^\d+$/.test(first) ? Number(first) : Number.NaN;
  if (!(number >= definition.minimum && number <= definition.maximum)) {
    const range = `from ${definition.minimum} to ${definition.maximum}`;
    throw new WrongUsage(`expected a whole number ${range} for ${identifier}, not '${first}'`);
  }
  return { [definition.name]: definition.shape === 'boolean' ? number === 1 : number };
}

/** `Payload Format Indicator` as it is typed: `payload-format-indicator`. */
function dashed(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}
