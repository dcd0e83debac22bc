import { defineCommand } from '../command/definition.ts';
import { listeningPort, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar explain`: says what a client may do by a configuration, and which rule decides. */
export const explainCommand = defineCommand({
  name: 'explain',
  summary: 'say what a client may do, and which rule decides',
  description:
    'Says whether a client may publish to a topic, subscribe to a filter, receive a message of a topic, or connect, and names the rule or the user with file and line. The files are asked, or with --live a running broker about a client that it knows.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<publish|subscribe|receive|connect> [topic]', minimum: 1, maximum: 2 },
  options: {
    config: { flags: '-c, --config', value: text('file'), description: 'a busbar.yaml or a mosquitto.conf' },
    acl: { flags: '--acl', value: text('file'), description: "rules alone, in the format of Mosquitto's acl_file" },
    passwords: { flags: '--passwords', value: text('file'), description: 'users alone, as busbar passwd writes them' },
    set: {
      flags: '--set',
      value: text('path=value'),
      repeatable: true,
      description: 'a setting instead of that of the file',
    },
    live: { flags: '--live', description: 'ask a running broker about the client of -i, as it is connected' },
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'with --live: the first port that the broker listens on; not needed when one runs',
    },
    socket: { flags: '--socket', value: text('path'), description: 'with --live: the control socket itself' },
    user: { flags: '-u, --user', value: text('name'), description: 'user name; without it the client is anonymous' },
    client: { flags: '-i, --client', value: text('id'), default: 'client', description: 'Client Identifier' },
    password: { flags: '-P, --password', value: text('password'), description: 'for connect' },
    group: { flags: '--group', value: text('name'), repeatable: true, description: 'a group that the client is in' },
    claim: {
      flags: '--claim',
      value: text('name=value'),
      repeatable: true,
      description: "a claim of the client's token",
    },
    listener: {
      flags: '--listener',
      value: text('name'),
      description: 'with -c: the listener that the client comes through; its rules, users and mountPoint count',
    },
    address: {
      flags: '--address',
      value: text('address'),
      default: '127.0.0.1',
      description: 'where the client comes from, for connect',
    },
  },
  examples: [
    { line: 'busbar explain publish --acl acl -u filler plant/line1/set', what: 'with an acl_file alone' },
    { line: "busbar explain subscribe -c busbar.yaml -u anna 'plant/#'", what: 'by a configuration' },
    {
      line: 'busbar explain publish -c busbar.yaml --listener panels plant/line1/set',
      what: 'of a client that comes through one listener',
    },
    { line: "busbar explain publish --live -i panel-3 'plant/line1/set'", what: 'by the rules of a running broker' },
    { line: 'busbar explain connect --passwords passwd -u filler -P secret', what: 'which line knows the user' },
  ],
  notes: ['Exit code 0: it is allowed; 1: it is not.'],
  async run(values, words) {
    const { runExplain } = await import('./run-explain.ts');
    return runExplain(values, words);
  },
});
