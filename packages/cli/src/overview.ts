import { nearestOf } from './command/nearest.ts';
import type { CommandEntry } from './commands.ts';

/** What `busbar --help` prints. */
export function overviewOf(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `Usage: busbar <command> [options]

An MQTT broker, and the tools to talk to any: MQTT 3.1, 3.1.1 and 5.0.

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Options:
  -h, --help     show this help; 'busbar <command> --help' shows that of a command
  -V, --version  show the version
  --profile      busbar --profile <name> <command> ...: the connection of a profile

Examples:
  busbar start                                     a broker with a bottling line to look at
  busbar broker --port 1883                        a broker alone
  busbar sub -t 'plant/#' -v                       every message below plant/, with its topic
  busbar pub -t plant/line1/set -m 7.5 -q 1 -r     a retained message with QoS 1
  busbar probe -h broker.example                   what a broker is and can do
  busbar top                                       topics and their rates, live
  busbar sub -t 'alarms/#' -C 1 -W 10              waits up to 10 s for one message; exit code 27 if none came
`;
}

/** The line for a command that does not exist, with the one that is probably meant. */
export function suggestCommand(given: string, commands: readonly CommandEntry[]): string {
  if (given.startsWith('-')) {
    const near = nearestOf(given, ['--help', '--version', '--profile']);
    return `unknown option '${given}'${near === undefined ? '' : `; did you mean '${near}'?`} (see 'busbar --help')`;
  }
  const names = commands.map(({ name }) => name);
  const near = nearestOf(given, names);
  const advice = near === undefined ? `the commands are ${names.join(', ')}` : `did you mean '${near}'?`;
  return `'${given}' is not a busbar command; ${advice} (see 'busbar --help')`;
}
