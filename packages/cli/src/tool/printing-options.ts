import { checkFormat } from './format-check.ts';
import { flag, integer, type ToolOption, valued } from './option.ts';
import type { Tool, ToolSettings } from './tool-settings.ts';
import { ToolUsage } from './tool-usage.ts';

const PRINTING: readonly Tool[] = ['sub', 'rr'];
const sub = { tools: ['sub'] } as const;
const printing = { tools: PRINTING } as const;

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

function setDecoding(given: string, settings: ToolSettings): void {
  const decodings = ['json', 'cbor', 'hex', 'base64', 'protobuf'] as const;
  const decoding = decodings.find((each) => each === given);
  if (decoding === undefined) {
    const ours = `--decode: expected ${decodings.slice(0, -1).join(', ')} or protobuf, not '${given}'`;
    throw new ToolUsage(`Error: Unknown value '${given}' for --decode.\n\n`, ours);
  }
  settings.decoding = decoding;
}
