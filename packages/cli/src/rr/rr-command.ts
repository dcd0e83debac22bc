import type { CommandDescription } from '../command/definition.ts';
import { ExitCode } from '../exit-code.ts';
import { FORMAT_NOTE } from '../sub/sub-command.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import { optionsOf } from '../tool/tool-options.ts';

/** `busbar rr`: publishes a request and prints the answer. */
export const rrCommand: CommandDescription = {
  name: 'rr',
  summary: 'publish a request and print the answer, as mosquitto_rr does',
  description:
    'Publishes a request with a response topic, waits for the first answer there and prints it, with the options, the packets, the output and the exit codes of mosquitto_rr 2.1.',
  helpFlags: '--help',
  usageExitCode: ExitCode.failure,
  options: describeOptions(optionsOf('rr')),
  examples: [
    { line: 'busbar rr -t plant/recipe/get -e answers/shell -m 17 -W 5', what: 'ask, and wait up to 5 s' },
    { line: 'busbar rr -t plant/time -e answers/shell -n --latency', what: 'how long an answer takes' },
  ],
  notes: [
    FORMAT_NOTE,
    'Below MQTT 5.0 (-V 311) the request cannot name the response topic: whoever answers has to know it. All exit codes: docs/reference/exit-codes.md.',
  ],
};
