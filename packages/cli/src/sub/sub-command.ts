import { subscriptionFilterFault } from '@busbar/protocol';
import { WrongUsage } from '../command/command-error.ts';
import { defineCommand } from '../command/definition.ts';
import { text, wholeNumber } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { clientOptionsOf, connectionOptions, propertyOption, qosValue, serverOf } from '../mqtt/connection-options.ts';
import { propertiesFor } from '../mqtt/property-option.ts';
import { formatJson, formatPayload, formatVerbose } from './message-format.ts';

/** `busbar sub`: subscribes and prints what comes. */
export const subCommand = defineCommand({
  name: 'sub',
  summary: 'subscribe and print messages, as mosquitto_sub does',
  description:
    'Subscribes to topics and prints the messages that come, one a line, with the flags, output and exit codes of mosquitto_sub.',
  helpFlags: '--help',
  usageExitCode: ExitCode.failure,
  options: {
    topic: {
      flags: '-t, --topic',
      value: text('filter'),
      repeatable: true,
      description: 'topic to subscribe to; + stands for a level, # for the rest',
    },
    qos: { flags: '-q, --qos', value: qosValue, default: 0, description: 'QoS to subscribe with' },
    verbose: { flags: '-v, --verbose', description: 'print the topic before the payload' },
    json: {
      flags: '--json',
      description: 'print one JSON object a message: time, topic, qos, retain, properties, payload',
    },
    count: {
      flags: '-C',
      value: wholeNumber('count', 1, Number.MAX_SAFE_INTEGER),
      description: 'end after so many messages',
    },
    timeout: {
      flags: '-W',
      value: wholeNumber('seconds', 1, 2_147_483),
      description: `end after so many seconds, with exit code ${ExitCode.timeout}`,
    },
    ...connectionOptions,
    property: propertyOption('connect', 'subscribe', 'will'),
  },
  examples: [
    { line: "busbar sub -t 'plant/#' -v", what: 'everything below plant/, with its topic' },
    { line: 'busbar sub -t plant/line1/control/state -C 1 -W 5', what: 'the retained state, within 5 s, for a script' },
    { line: "busbar sub -t 'alarms/#' -q 1 -c -i panel-7", what: 'a session that collects messages while we are away' },
    { line: "busbar sub -t '#' --json | jq .topic", what: 'one JSON object a line' },
  ],
  notes: [
    'A lost connection is taken up again, with a note on stderr. SIGINT and SIGTERM end it in order, exit code 0. All exit codes: docs/reference/exit-codes.md.',
  ],
  explainArgument: (argument) => `unexpected word '${argument}': a topic is given with -t`,
  async run(values) {
    if (values.topic.length === 0) throw new WrongUsage('a topic to subscribe to is needed (-t)');
    for (const topicFilter of values.topic) {
      const fault = subscriptionFilterFault(topicFilter);
      if (fault !== undefined) throw new WrongUsage(`-t/--topic: '${topicFilter}': ${fault}`);
    }
    const job = {
      server: serverOf(values),
      clientOptions: clientOptionsOf(values),
      topicFilters: values.topic,
      qos: values.qos,
      properties: propertiesFor('subscribe', values.property),
      format: values.json ? formatJson : values.verbose ? formatVerbose : formatPayload,
      count: values.count,
      timeoutMs: values.timeout === undefined ? undefined : values.timeout * 1000,
      isTraced: values.debug,
      isQuiet: values.quiet,
    };
    const { printMessages } = await import('./print-messages.ts'); // not before the command line is found right
    return printMessages(job);
  },
});
