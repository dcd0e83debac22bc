import { defineCommand } from '../command/definition.ts';
import { duration, listeningPort, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar trace`: shows the packets of one client of a running broker. */
export const traceCommand = defineCommand({
  name: 'trace',
  summary: 'show what a client of a running broker sends and is sent',
  description:
    'Shows each packet of one client as it happens, in both directions: type, size, topic, QoS, Packet Identifier, Reason Code. A client that is not connected is waited for, and its CONNECT is the first thing that is shown, also when it is refused. Payloads, user names, passwords and values of properties are never shown.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<client identifier>', minimum: 1, maximum: 1 },
  options: {
    for: { flags: '--for', value: duration, description: 'end after so long (default: with Ctrl-C)' },
    json: { flags: '--json', description: 'one JSON object a line' },
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'the first port that the broker listens on; not needed when one broker runs',
    },
    socket: { flags: '--socket', value: text('path'), description: 'the control socket itself' },
  },
  examples: [
    { line: 'busbar trace panel-3', what: 'until Ctrl-C' },
    { line: 'busbar trace panel-3 --for 30s --json', what: 'half a minute, for other programs' },
  ],
  notes: [
    'The broker does not wait for whoever reads the trace: what comes too fast is left out, and a line says how much that was.',
  ],
  async run(values, words) {
    const { runTrace } = await import('./run-trace.ts'); // not before the command line is found right
    return runTrace(words[0] ?? '', values);
  },
});
