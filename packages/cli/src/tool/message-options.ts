import type { QoS } from '@busbar/codec';
import { checkFormat } from './format-check.ts';
import { flag, integer, type Reading, type ToolOption, valued } from './option.ts';
import type { PayloadSource, Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';
import { addFilteredOut, addTopic, addUnsubscribed, setResponseTopic } from './topic-option.ts';

const SENDING: readonly Tool[] = ['pub', 'rr'];
const PRINTING: readonly Tool[] = ['sub', 'rr'];
const pub = { tools: ['pub'] } as const;
const sub = { tools: ['sub'] } as const;
const sending = { tools: SENDING } as const;
const printing = { tools: PRINTING } as const;
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

/** What is printed, and until when. */
export const printingOptions: readonly ToolOption[] = [
  valued(
    ['-F'],
    '<format>',
    'no format specified',
    'how a message is printed; see below',
    (format, settings) => {
      checkFormat(format);
      settings.format = format;
    },
    printing,
  ),
  flag(['-v', '--verbose'], 'print the topic before the payload', (settings) => (settings.isVerbose = true), printing),
  flag(['-N'], 'print no line feed after a message', (settings) => (settings.hasLineEnd = false), printing),
  flag(
    ['--pretty'],
    'print the JSON of %j and %J on several lines',
    (settings) => (settings.isPretty = true),
    printing,
  ),
  flag(['-w', '--watch'], 'print each topic on a line of its own, in place', (settings) => (settings.watches = true), {
    ...sub,
    since: '2.1',
  }),
  valued(
    ['-W'],
    '<seconds>',
    'no timeout specified',
    'end after so many seconds, with exit code 27',
    (given, settings, reading) => {
      const longest = 2_147_483;
      settings.timeoutSeconds = integer(
        given,
        reading,
        [1, longest],
        (seconds) => `Error: Invalid timeout "${seconds}".\n\n`,
      );
    },
    printing,
  ),
  flag(
    ['--json'],
    'print one JSON object a message: time, topic, qos, retain, properties, payload',
    (settings) => (settings.printsJson = true),
    { ...printing, since: 'busbar' },
  ),
  valued(
    ['--decode'],
    '<json|cbor|hex|base64|protobuf>',
    'no decoding specified',
    'show payloads decoded: as indented JSON, or as hex or base64',
    setDecoding,
    { ...printing, since: 'busbar' },
  ),
  valued(
    ['--schema'],
    '<file.proto>',
    'no file specified',
    'schema for --decode protobuf',
    (path, settings) => {
      settings.schemaFile = path;
    },
    { ...printing, since: 'busbar' },
  ),
  valued(
    ['--message-type'],
    '<name>',
    'no name specified',
    'message type in the schema',
    (name, settings) => {
      settings.messageType = name;
    },
    { ...printing, since: 'busbar' },
  ),
];

/** The quality of service stands with both. */
export const qosOption: ToolOption = valued(
  ['-q', '--qos'],
  '<0|1|2>',
  'no QoS specified',
  'quality of service (default: 0)',
  (given, settings, reading) => {
    settings.qos = readQos(given, reading);
  },
);

/** How ours behaves beyond mosquitto's. */
export const ownOptions: readonly ToolOption[] = [
  flag(
    ['--no-reconnect'],
    'end with exit code 7 when the connection is lost',
    (settings) => (settings.reconnects = false),
    {
      since: 'busbar',
    },
  ),
];

function readQos(given: string, reading: Reading): QoS {
  const theirs = (qos: number) => `Error: Invalid QoS given: ${qos}\n`;
  if (reading.isStrict && !/^[012]$/.test(given)) {
    throw new ToolUsage(theirs(Number(given)), `-q/--qos: expected 0, 1 or 2, not '${given}'`);
  }
  return integer(given, reading, [0, 2], theirs) as QoS;
}

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

function setDecoding(given: string, settings: ToolSettings): void {
  const decodings = ['json', 'cbor', 'hex', 'base64', 'protobuf'] as const;
  const decoding = decodings.find((each) => each === given);
  if (decoding === undefined) {
    const ours = `--decode: expected ${decodings.slice(0, -1).join(', ')} or protobuf, not '${given}'`;
    throw new ToolUsage(`Error: Unknown value '${given}' for --decode.\n\n`, ours);
  }
  settings.decoding = decoding;
}
