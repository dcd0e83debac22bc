import { defineCommand } from '../command/definition.ts';
import { listeningPort, text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar reload`: lets a running broker read its configuration again. */
export const reloadCommand = defineCommand({
  name: 'reload',
  summary: 'let a running broker read its configuration again',
  description:
    'Lets a broker that runs from a configuration read it again, as SIGHUP does: users, rules, limits and certificates are taken over, nobody is disconnected but whose user is gone. When anything is wrong, it says what, and everything stays as it was.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  options: {
    port: {
      flags: '-p, --port',
      value: listeningPort,
      description: 'the first port that the broker listens on; not needed when one broker runs',
    },
    socket: { flags: '--socket', value: text('path'), description: 'the control socket itself' },
  },
  examples: [{ line: 'busbar reload', what: 'exit code 1 when the configuration is wrong' }],
  async run({ port, socket }) {
    const { ControlClient } = await import('../control/control-client.ts'); // not before the command line is found right
    const { findControlSocket } = await import('../control/control-socket.ts');
    const client = new ControlClient(socket ?? (await findControlSocket(port)));
    const { message } = (await client.post('reload', {})) as { message: string };
    process.stdout.write(`${message}\n`);
    return ExitCode.success;
  },
});
