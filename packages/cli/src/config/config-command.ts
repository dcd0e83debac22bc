import { defineCommand } from '../command/definition.ts';
import { text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar config`: checks, shows, describes and converts configurations. */
export const configCommand = defineCommand({
  name: 'config',
  summary: 'check, show or convert a configuration',
  description:
    'Checks a busbar.yaml or a mosquitto.conf with everything that it names (check), prints what is in force with variables and --set (show), prints the JSON schema of busbar.yaml (schema), or a busbar.yaml that does what a mosquitto.conf does (convert).',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<check|show|schema|convert> [file]', minimum: 1, maximum: 2 },
  options: {
    set: {
      flags: '--set',
      value: text('path=value'),
      repeatable: true,
      description: 'a setting instead of that of the file, such as listeners[0].port=1884',
    },
  },
  examples: [
    { line: 'busbar config check busbar.yaml', what: 'all that is wrong, a line each' },
    { line: 'busbar config convert /etc/mosquitto/mosquitto.conf', what: 'the same in the format of Busbar' },
    { line: 'busbar config show busbar.yaml --set limits.maximumConnections=500', what: 'what would be in force' },
  ],
  notes: [
    'A file that ends with .yaml, .yml or .json is a busbar.yaml, every other one a mosquitto.conf. Exit code 0: nothing is wrong; 1: something is.',
  ],
  async run({ set }, [action = '', file]) {
    const { runConfig } = await import('./run-config.ts');
    return runConfig(action, file, set);
  },
});
