import { defineCommand } from '../command/definition.ts';
import { listeningAddress, listeningPort, oneOf, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';
import { dataPlace } from './data-store.ts';
import { defaultData } from './default-data.ts';
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
      description: `port to listen on; 0 takes a free one (default: ${USUAL_PORT}); beside a mosquitto.conf one more port`,
    },
    host: {
      flags: '--host',
      value: listeningAddress,
      description:
        'address to listen on; localhost is reached from this machine only, 0.0.0.0 or :: from everywhere (default: localhost)',
    },
    data: {
      flags: '--data',
      value: dataPlace,
      description:
        'directory where sessions, messages that wait and retained messages are kept; with memory they end with the broker (default: busbar-data/PORT, memory with port 0)',
    },
    config: {
      flags: '-c, --config',
      value: text('file'),
      description: 'run as a busbar.yaml, or a mosquitto.conf, says; SIGHUP reads it again',
    },
    set: {
      flags: '--set',
      value: text('path=value'),
      repeatable: true,
      description: 'a setting instead of that of the file, such as limits.maximumConnections=500',
    },
    http: {
      flags: '--http',
      value: listeningPort,
      description:
        'port for /metrics, /health/live and /health/ready, on this machine only; 0 takes a free one (default: none); BUSBAR_HTTP_TOKEN in the environment is the token to ask for',
    },
    testConfig: { flags: '--test-config', description: 'only say whether the configuration is right' },
    allowAnonymous: {
      flags: '--allow-anonymous',
      description: 'let everybody in who reaches the port, also where others than this machine do',
    },
    daemon: { flags: '-d, --daemon', description: 'run in the background; returns when it is ready' },
    verbose: { flags: '-v, --verbose', description: 'log more: every connection attempt and why it ended' },
    logFormat: {
      flags: '--log-format',
      value: oneOf('pretty', 'json'),
      description: 'format of the log; without it pretty in a terminal, json elsewhere',
    },
  },
  examples: [
    { line: 'busbar broker', what: 'for clients on this machine, on port 1883' },
    { line: 'busbar broker --host 0.0.0.0 --allow-anonymous', what: 'for clients everywhere, whoever they are' },
    { line: 'busbar broker -c busbar.yaml', what: 'as the file says' },
    { line: 'busbar broker -c /etc/mosquitto/mosquitto.conf -v', what: 'as Mosquitto would, with a longer log' },
    { line: 'busbar broker --http 9883', what: 'with metrics for Prometheus at http://localhost:9883/metrics' },
    { line: 'busbar broker --data /var/lib/busbar', what: 'with its data there; --data memory keeps none' },
    { line: 'busbar broker -p 0 --log-format json 2>broker.log', what: 'on a free port, named in the line it prints' },
  ],
  notes: [
    'A QoS 1 or 2 message for a session that stays, or a retained one, is acknowledged when it is on the disk (synced): it survives kill -9 and a power cut. One data directory serves one broker; busbar store looks after it.',
    'Where only this machine reaches it, everybody may connect. Elsewhere nobody may without a user name and somebody who knows it: give it a configuration, or --allow-anonymous.',
    'A file that ends with .yaml, .yml or .json is a busbar.yaml, every other one a mosquitto.conf. A second signal ends the broker at once.',
  ],
  async run(values) {
    if (values.daemon) {
      const { runInBackground } = await import('./background.ts');
      return runInBackground(process.argv.slice(1));
    }
    if (values.config !== undefined || values.set.length > 0 || values.testConfig) {
      const { runConfigured } = await import('./run-configured.ts');
      return runConfigured(values);
    }
    const { runBroker } = await import('./run-broker.ts'); // not before the command line is found right
    const { host = 'localhost', port = USUAL_PORT, data = defaultData(port) } = values;
    return runBroker({ ...values, host, port, data });
  },
});
