import type { Reading } from './option.ts';
import { lengthPrefixed, numberBytes, PROPERTY_BY_FLAG, variableByteInteger } from './property-list.ts';
import type { PropertyPacket, Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';

/** The packets by the numbers that the codec's table has for them; 16 is the will. */
const PLACES: ReadonlyMap<string, number> = new Map([
  ['connect', 1],
  ['connack', 2],
  ['publish', 3],
  ['puback', 4],
  ['pubrec', 5],
  ['pubrel', 6],
  ['pubcomp', 7],
  ['subscribe', 8],
  ['suback', 9],
  ['unsubscribe', 10],
  ['unsuback', 11],
  ['disconnect', 14],
  ['auth', 15],
  ['will', 16],
]);
const SETTABLE: readonly PropertyPacket[] = ['connect', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'will'];
const TOPIC_ALIAS = 35;
const SUBSCRIPTION_IDENTIFIER = 11;
const LARGEST = {
  byte: 0xff,
  boolean: 0xff,
  'two bytes': 0xffff,
  'four bytes': 0xffff_ffff,
  'variable byte integer': 0xffff_ffff,
};
const LONGEST_TEXT = 65_535;

/** Which of them a tool sends: a property of another one would come to nothing. */
const SENT: Readonly<Record<Tool, readonly PropertyPacket[]>> = {
  pub: ['connect', 'publish', 'disconnect', 'will'],
  sub: ['connect', 'subscribe', 'unsubscribe', 'disconnect', 'will'],
  rr: ['connect', 'publish', 'subscribe', 'disconnect', 'will'],
};

/** How many words belong to a `-D`: three, or four for a User Property. */
export function wordsOfProperty(words: readonly string[]): number {
  return words[1]?.toLowerCase() === 'user-property' ? 4 : 3;
}

/** Takes `-D packet property value` or `-D packet user-property name value`. @throws {ToolUsage} */
export function applyProperty(words: readonly string[], settings: ToolSettings, { isStrict }: Reading): void {
  const [command = '', name = '', first = '', second = ''] = words;
  const place = PLACES.get(command.toLowerCase());
  const sent = SENT[settings.tool];
  if (isStrict && !sent.some((each) => each === command.toLowerCase())) {
    throw new ToolUsage('', `-D: expected ${listOf(sent)} as the packet, not '${command}'`);
  }
  if (place === undefined) {
    const theirs = `Error: Invalid command ${command} given in --property argument.\n\n`;
    throw new ToolUsage(theirs, `-D: expected ${listOf(SETTABLE)} as the packet, not '${command}'`);
  }
  const property = PROPERTY_BY_FLAG.get(name.toLowerCase());
  if (property === undefined) {
    const theirs = `Error: Invalid property name ${name} given in --property argument.\n\n`;
    throw new ToolUsage(theirs, `-D: expected a property of ${command} (${namesOf(place)}), not '${name}'`);
  }
  if (!property.places.some((each) => each === place)) {
    const theirs = `Error: ${name} property not allowed for ${command} in --property argument.\n\n`;
    throw new ToolUsage(theirs, `-D: expected a property of ${command} (${namesOf(place)}), not '${name}'`);
  }
  const packet = SETTABLE.find((each) => each === command.toLowerCase());
  const isFixed = property.identifier === SUBSCRIPTION_IDENTIFIER && packet === 'publish';
  if (packet === undefined || isFixed) {
    const theirs = `Error: ${name} property not supported for ${command} in --property argument.\n\n`;
    throw new ToolUsage(theirs, `-D: ${name} of ${command} cannot be set: that packet is not ours to write`);
  }
  settings.version = 5;
  if (property.identifier === TOPIC_ALIAS) settings.hasTopicAlias = true;
  const list = settings.properties[packet];
  switch (property.shape) {
    case 'pair':
      return list.add(property.identifier, textBytes(first, name), textBytes(second, name));
    case 'string':
    case 'binary':
      return list.add(property.identifier, textBytes(first, name));
  }
  const value = readNumber(first, name, LARGEST[property.shape], isStrict);
  if (property.shape === 'variable byte integer') return list.add(property.identifier, variableByteInteger(value));
  const byteLength = property.shape === 'four bytes' ? 4 : property.shape === 'two bytes' ? 2 : 1;
  list.add(property.identifier, numberBytes(byteLength, value));
}

function textBytes(text: string, name: string): Uint8Array {
  if (Buffer.byteLength(text) > LONGEST_TEXT) {
    const theirs = `Error: Property value too long for property ${name}.\n\n`;
    throw new ToolUsage(theirs, `-D: ${name} is longer than ${LONGEST_TEXT} bytes`);
  }
  return lengthPrefixed(text);
}

function readNumber(given: string, name: string, largest: number, isStrict: boolean): number {
  const [digits = '0'] = /^\s*[+-]?\d+/.exec(given) ?? [];
  const value = Number(digits);
  if (value >= 0 && value <= largest && (!isStrict || /^\d+$/.test(given))) return value;
  const theirs = `Error: Property value (${value}) out of range for property ${name}.\n\n`;
  throw new ToolUsage(theirs, `-D: expected a whole number from 0 to ${largest} for ${name}, not '${given}'`);
}

function namesOf(place: number): string {
  const found = [...PROPERTY_BY_FLAG].filter(([, { places }]) => places.some((each) => each === place));
  return found.map(([name]) => name).join(', ');
}

function listOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
