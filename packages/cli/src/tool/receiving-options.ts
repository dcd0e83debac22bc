import { flag, integer, type Reading, type ToolOption, valued } from './option.ts';
import type { Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';
import { addFilteredOut, addTopic, addUnsubscribed } from './topic-option.ts';

const PRINTING: readonly Tool[] = ['sub', 'rr'];
const sub = { tools: ['sub'] } as const;
const printing = { tools: PRINTING } as const;
const LARGEST_INTEGER = 2 ** 31 - 1;

/** What is subscribed to. */
export const receivingOptions: readonly ToolOption[] = [
  valued(
    ['-t', '--topic'],
    '<filter>',
    'no topic specified',
    'topic to subscribe to; + stands for a level, # for the rest',
    addTopic,
    { ...sub, repeatable: true },
  ),
  valued(
    ['-T', '--filter-out'],
    '<filter>',
    'no topic filter specified',
    'do not print messages of these topics',
    addFilteredOut,
    { ...sub, repeatable: true },
  ),
  valued(
    ['-U', '--unsubscribe'],
    '<filter>',
    'no unsubscribe topic specified',
    'unsubscribe, for a session that goes on',
    addUnsubscribed,
    { ...sub, repeatable: true },
  ),
  valued(
    ['-C'],
    '<count>',
    'no count specified',
    'end after so many messages',
    (given, settings, reading) => {
      settings.count = integer(
        given,
        reading,
        [1, LARGEST_INTEGER],
        (count) => `Error: Invalid message count "${count}".\n\n`,
      );
    },
    sub,
  ),
  flag(
    ['-E'],
    'end when the subscriptions are acknowledged',
    (settings) => (settings.endsAfterSubscribing = true),
    sub,
  ),
  flag(
    ['-R'],
    'print no retained messages',
    (settings) => {
      settings.hidesRetained = true;
      settings.retainHandling = 2;
    },
    printing,
  ),
  flag(
    ['--retained-only'],
    'print retained messages only, and end with the first other one',
    (settings) => {
      settings.retainedOnly = true;
    },
    sub,
  ),
  flag(
    ['--remove-retained'],
    'clear every retained message that comes',
    (settings) => {
      settings.removesRetained = true;
    },
    sub,
  ),
  flag(
    ['--retain-as-published'],
    'MQTT 5.0: leave the retain flag as the publisher set it',
    (settings) => {
      settings.retainAsPublished = true;
    },
    printing,
  ),
  valued(
    ['--retain-handling'],
    '<always|new|never>',
    'no option specified',
    'MQTT 5.0: when retained messages are sent (default: always)',
    setRetainHandling,
    { ...printing, since: '2.1' },
  ),
  valued(
    ['--random-filter'],
    '<percent>',
    'no chance specified',
    'print so many of a hundred messages, by chance',
    setRandomFilter,
    sub,
  ),
  flag(['--message-rate'], 'print messages a second instead of messages', (settings) => (settings.printsRate = true), {
    ...sub,
    since: '2.1',
  }),
];

function setRandomFilter(given: string, settings: ToolSettings, { isStrict }: Reading): void {
  // In tenths of a percent.
  const chance = Math.trunc(10 * (Number.parseFloat(given) || 0));
  // Mosquitto's tool takes ten times what it says.
  if (chance > (isStrict ? 1000 : 10_000) || chance < 1) {
    const theirs = 'Error: --random-filter chance must be between 0.1-100.0\n\n';
    throw new ToolUsage(theirs, `--random-filter: expected a percentage from 0.1 to 100, not '${given}'`);
  }
  settings.randomFilter = chance * 10;
}

function setRetainHandling(given: string, settings: ToolSettings): void {
  const meaning = ({ always: 0, new: 1, never: 2 } as const)[given];
  if (meaning === undefined) {
    const theirs = `Error: Unknown value '${given}' for --retain-handling.\n\n`;
    throw new ToolUsage(theirs, `--retain-handling: expected always, new or never, not '${given}'`);
  }
  settings.retainHandling = meaning;
}
