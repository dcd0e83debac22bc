import { dataPlace } from '../broker/data-store.ts';
import { defineCommand } from '../command/definition.ts';
import { duration, listeningAddress, listeningPort, oneOf, wholeNumber } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar start`: a broker, and a simulated bottling line to look at. */
export const startCommand = defineCommand({
  name: 'start',
  summary: 'run a broker and a simulated bottling line to look at',
  description:
    'Runs a broker and a bottling line of a dozen simulated devices, which publish real MQTT over TCP. In a terminal it shows what a subscriber receives, as a live table; elsewhere it prints one line a second. Your own clients can join in.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  options: {
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'port to listen on; 0 takes a free one (default: 1883, or a free one when that is taken)',
    },
    host: {
      flags: '--host',
      value: listeningAddress,
      default: 'localhost',
      description: 'address to listen on; localhost is reached from this machine only, 0.0.0.0 or :: from everywhere',
    },
    data: {
      flags: '--data',
      value: dataPlace,
      default: '.busbar/data',
      description:
        'directory where sessions, messages that wait and retained messages are kept; with memory they end with the broker',
    },
    for: { flags: '--for', value: duration, description: 'end after this time, such as 500ms, 20s or 5m' },
    demo: { flags: '--no-demo', description: 'run the broker alone' },
    seed: {
      flags: '--seed',
      value: wholeNumber('number', 0, 0xffff_ffff),
      description: 'the same number gives the same values again; without it every day is another',
    },
    verbose: { flags: '-v, --verbose', description: 'with --no-demo: log more' },
    logFormat: {
      flags: '--log-format',
      value: oneOf('pretty', 'json'),
      description: 'with --no-demo: format of the log; without it pretty in a terminal, json elsewhere',
    },
  },
  examples: [
    { line: 'busbar start', what: 'the bottling line, until q or Ctrl-C' },
    { line: 'busbar start --for 20s', what: 'for 20 seconds, with a summary at the end' },
    { line: 'busbar start --no-demo --port 1884', what: 'the broker alone' },
  ],
  async run({ port, host, data, for: lastsMs, demo: withDemo, seed, verbose, logFormat }) {
    // Loaded when the command line is found right.
    if (!withDemo) {
      const { runBroker } = await import('../broker/run-broker.ts');
      return runBroker({ host, port, data, lastsMs, verbose, logFormat, allowAnonymous: true });
    }
    const { runDemo } = await import('./run-demo.ts');
    return runDemo({ host, port, data, lastsMs, seed: seed ?? Date.now() % 0xffff_ffff });
  },
});
