import { topicNameFault } from '@busbar/protocol';
import { WrongUsage } from '../command/command-error.ts';
import { defineCommand } from '../command/definition.ts';
import { text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { clientOptionsOf, connectionOptions, propertyOption, qosValue, serverOf } from '../mqtt/connection-options.ts';
import { propertiesFor } from '../mqtt/property-option.ts';
import type { PayloadSource } from './publish-messages.ts';

/** `busbar pub`: publishes a message, or one for each line of stdin. */
export const pubCommand = defineCommand({
  name: 'pub',
  summary: 'publish messages, as mosquitto_pub does',
  description: 'Publishes messages on a topic, with the flags and exit codes of mosquitto_pub.',
  helpFlags: '--help',
  usageExitCode: ExitCode.failure,
  options: {
    topic: { flags: '-t, --topic', value: text('topic'), description: 'topic to publish on' },
    message: { flags: '-m, --message', value: text('message'), description: 'publish this message' },
    file: { flags: '-f, --file', value: text('file'), description: 'publish the content of a file as one message' },
    stdinLines: { flags: '-l, --stdin-line', description: 'publish every line of stdin as a message, as it comes' },
    stdinWhole: { flags: '-s, --stdin-file', description: 'publish the whole of stdin as one message' },
    nothing: {
      flags: '-n, --null-message',
      description: 'publish an empty message; with -r it clears the retained one',
    },
    qos: { flags: '-q, --qos', value: qosValue, default: 0, description: 'QoS to publish with' },
    retain: { flags: '-r, --retain', description: 'make it the retained message of its topic' },
    ...connectionOptions,
    property: propertyOption('connect', 'publish', 'will'),
  },
  examples: [
    { line: 'busbar pub -t plant/line1/set -m 7.5 -q 1 -r', what: 'a retained message with QoS 1' },
    { line: 'busbar pub -t plant/line1/set -n -r', what: 'clears the retained message' },
    { line: 'vmstat 1 | busbar pub -t host/vmstat -l', what: 'a message for every line, as it comes' },
    {
      line: "busbar pub -t orders -m '{}' -D publish content-type application/json",
      what: 'with an MQTT 5.0 property',
    },
  ],
  notes: ['All exit codes: docs/reference/exit-codes.md.'],
  explainArgument: (argument) => `unexpected word '${argument}': a topic is given with -t, a message with -m`,
  async run(values) {
    const { topic } = values;
    if (topic === undefined) throw new WrongUsage('a topic (-t) and a message (-m, -f, -l, -s or -n) are needed');
    const fault = topicNameFault(topic);
    if (fault !== undefined) throw new WrongUsage(`-t/--topic: ${fault}`);
    const job = {
      server: serverOf(values),
      clientOptions: clientOptionsOf(values),
      topicName: topic,
      qos: values.qos,
      retain: values.retain,
      properties: propertiesFor('publish', values.property),
      source: payloadSourceOf(values),
      isTraced: values.debug,
      isQuiet: values.quiet,
    };
    const { publishMessages } = await import('./publish-messages.ts'); // not before the command line is found right
    return publishMessages(job);
  },
});

interface SourceValues {
  readonly message: string | undefined;
  readonly file: string | undefined;
  readonly stdinLines: boolean;
  readonly stdinWhole: boolean;
  readonly nothing: boolean;
}

function payloadSourceOf({ message, file, stdinLines, stdinWhole, nothing }: SourceValues): PayloadSource {
  const sources: PayloadSource[] = [
    ...(message === undefined ? [] : [{ kind: 'bytes', bytes: Buffer.from(message) } as const]),
    ...(file === undefined ? [] : [{ kind: 'file', path: file } as const]),
    ...(stdinLines ? [{ kind: 'stdin-lines' } as const] : []),
    ...(stdinWhole ? [{ kind: 'stdin' } as const] : []),
    ...(nothing ? [{ kind: 'bytes', bytes: new Uint8Array(0) } as const] : []),
  ];
  const [source, another] = sources;
  if (source === undefined) throw new WrongUsage('a message is needed (-m, -f, -l, -s or -n)');
  if (another !== undefined) throw new WrongUsage('only one of -m, -f, -l, -s and -n can be given');
  return source;
}
