import { defineCommand } from '../command/definition.ts';
import { listeningPort, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar inspect`: looks into a running broker. */
export const inspectCommand = defineCommand({
  name: 'inspect',
  summary: 'look into a running broker',
  description:
    'Looks into a broker that runs on this machine as the same user, over its control socket, and prints a table, or JSON.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<clients|sessions|subscriptions|retained|topics|losses|stats>', minimum: 1, maximum: 1 },
  options: {
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'the first port that the broker listens on; not needed when one broker runs',
    },
    socket: { flags: '--socket', value: text('path'), description: 'the control socket itself' },
    match: { flags: '--match', value: text('text'), description: 'only what has this text in a name' },
    json: { flags: '--json', description: 'one JSON object a line; losses and stats are one object' },
  },
  examples: [
    { line: 'busbar inspect clients', what: 'who is connected, with what waits for each' },
    { line: 'busbar inspect sessions --match line-1', what: 'sessions of one line' },
    { line: 'busbar inspect losses', what: 'messages that were not delivered, by reason and session' },
    { line: 'busbar inspect retained --json | jq -r .topicName', what: 'for other programs' },
  ],
  async run(values, words) {
    const { inspect } = await import('./inspect.ts'); // not before the command line is found right
    return inspect(words[0] ?? '', values);
  },
});
