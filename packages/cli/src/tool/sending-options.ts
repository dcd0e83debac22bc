import { flag, integer, type Reading, type ToolOption, valued } from './option.ts';
import type { PayloadSource, Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';
import { addTopic, setResponseTopic } from './topic-option.ts';

const SENDING: readonly Tool[] = ['pub', 'rr'];
const pub = { tools: ['pub'] } as const;
const sending = { tools: SENDING } as const;
const LARGEST_INTEGER = 2 ** 31 - 1;
const LONGEST_PAYLOAD = 268_435_455;

/** What is published. */
export const sendingOptions: readonly ToolOption[] = [
  valued(['-t', '--topic'], '<topic>', 'no topic specified', 'topic to publish to', addTopic, sending),
  valued(['-e'], '<topic>', 'no response topic specified', 'topic to wait on for the answer', setResponseTopic, {
    tools: ['rr'],
  }),
  valued(
    ['-m', '--message'],
    '<message>',
    'no message specified',
    'the message',
    (text, settings) => {
      if (Buffer.byteLength(text) > LONGEST_PAYLOAD) {
        const theirs = `Error: Message length must be less than ${LONGEST_PAYLOAD} bytes.\n\n`;
        throw new ToolUsage(theirs, `-m/--message: expected at most ${LONGEST_PAYLOAD} bytes`);
      }
      setSource(settings, { kind: 'text', text });
    },
    sending,
  ),
  valued(
    ['-f', '--file'],
    '<path>',
    'no file specified',
    'send what is in a file',
    (path, settings) => {
      setSource(settings, { kind: 'file', path });
    },
    sending,
  ),
  flag(
    ['-l', '--stdin-line'],
    'send each line of stdin as a message',
    (settings) => {
      setSource(settings, { kind: 'stdin-lines' });
    },
    pub,
  ),
  flag(
    ['-s', '--stdin-file'],
    'send all of stdin as one message',
    (settings) => {
      setSource(settings, { kind: 'stdin' });
    },
    sending,
  ),
  flag(
    ['-n', '--null-message'],
    'send an empty message',
    (settings) => {
      setSource(settings, { kind: 'nothing' });
    },
    sending,
  ),
  flag(
    ['-r', '--retain'],
    'let the server keep it for subscribers to come',
    (settings) => (settings.retain = true),
    pub,
  ),
  valued(
    ['--repeat'],
    '<count>',
    'no count specified',
    'send it so many times (default: 1)',
    (given, settings, reading) => {
      settings.repeat = integer(given, reading, [1, LARGEST_INTEGER], () => 'Error: --repeat argument must be >0.\n\n');
    },
    pub,
  ),
  valued(
    ['--repeat-delay'],
    '<seconds>',
    'no time specified',
    'wait so long between them (default: 0)',
    setRepeatDelay,
    pub,
  ),
  flag(
    ['--latency'],
    'print how long the answer took',
    (settings) => {
      settings.measuresLatency = true;
      settings.hasNoDelay = true;
    },
    { tools: ['rr'], since: '2.1' },
  ),
];

function setSource(settings: ToolSettings, source: PayloadSource): void {
  if (settings.source !== undefined) {
    const theirs = 'Error: Only one type of message can be sent at once.\n\n';
    throw new ToolUsage(theirs, 'only one of -m, -f, -l, -s and -n can be given');
  }
  settings.source = source;
}

function setRepeatDelay(given: string, settings: ToolSettings, { isStrict }: Reading): void {
  const seconds = Number.parseFloat(given) || 0;
  if (seconds < 0 || (isStrict && !/^\d*\.?\d+$/.test(given))) {
    const theirs = 'Error: --repeat-delay argument must be >=0.0.\n\n';
    throw new ToolUsage(theirs, `--repeat-delay: expected seconds, such as 0.5, not '${given}'`);
  }
  settings.repeatDelayMs = seconds * 1000;
}
