import { defineCommand } from '../command/definition.ts';
import { listeningPort, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar kick`: ends the connection of a client of a running broker. */
export const kickCommand = defineCommand({
  name: 'kick',
  summary: "end a client's connection to a running broker",
  description:
    'Ends the connection of a client. A client of 5.0 is told 0x98 (Administrative action). Its session stays, and it may connect again: rules keep it out.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<client identifier>', minimum: 1, maximum: 1 },
  options: {
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'the first port that the broker listens on; not needed when one broker runs',
    },
    socket: { flags: '--socket', value: text('path'), description: 'the control socket itself' },
  },
  examples: [{ line: 'busbar kick panel-3', what: 'ends its connection; exit code 1 when it has none' }],
  async run({ port, socket }, words) {
    const { kick } = await import('./kick.ts'); // not before the command line is found right
    return kick(words[0] ?? '', port, socket);
  },
});
