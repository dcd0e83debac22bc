import { defineCommand } from '../command/definition.ts';
import { listeningPort, oneOf, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { dataPlace } from './data-store.ts';
import { USUAL_PORT } from './usual-port.ts';

/** `busbar broker`: runs a broker until SIGTERM or SIGINT. */
export const brokerCommand = defineCommand({
  name: 'broker',
  summary: 'run an MQTT broker',
  description:
    'Runs an MQTT broker until SIGTERM or SIGINT (Ctrl-C). When it is ready it prints one line to stdout; its log goes to stderr.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  options: {
    port: {
      flags: '-p, --port',
      value: listeningPort,
      default: USUAL_PORT,
      description: 'port to listen on; 0 takes a free one',
    },
    host: {
      flags: '--host',
      value: text('address'),
      default: 'localhost',
      description: 'address to listen on; localhost is reached from this machine only, 0.0.0.0 or :: from everywhere',
    },
    data: {
      flags: '--data',
      value: dataPlace,
      default: 'busbar-data',
      description:
        'directory where sessions, messages that wait and retained messages are kept; with memory they end with the broker',
    },
    verbose: { flags: '-v, --verbose', description: 'log more: every connection attempt and why it ended' },
    logFormat: {
      flags: '--log-format',
      value: oneOf('pretty', 'json'),
      description: 'format of the log; without it pretty in a terminal, json elsewhere',
    },
  },
  examples: [
    { line: 'busbar broker', what: 'for clients on this machine, on port 1883' },
    { line: 'busbar broker --host 0.0.0.0 --port 1884', what: 'for clients everywhere' },
    { line: 'busbar broker --data /var/lib/busbar', what: 'with its data there; --data memory keeps none' },
    { line: 'busbar broker -p 0 --log-format json 2>broker.log', what: 'on a free port, named in the line it prints' },
  ],
  notes: [
    'A QoS 1 or 2 message for a session that stays, or a retained one, is acknowledged when it is on the disk (synced): it survives kill -9 and a power cut. One data directory serves one broker; busbar store looks after it.',
    'A second signal ends it at once. Everybody who reaches the port may connect, publish and subscribe: that is why it listens on localhost by default.',
  ],
  async run(values) {
    const { runBroker } = await import('./run-broker.ts'); // not before the command line is found right
    return runBroker(values);
  },
});
