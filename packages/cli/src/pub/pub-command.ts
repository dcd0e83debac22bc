import type { CommandDescription } from '../command/definition.ts';
import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import { optionsOf } from '../tool/tool-options.ts';

/** `busbar pub`: publishes messages and ends. */
export const pubCommand: CommandDescription = {
  name: 'pub',
  summary: 'publish messages, as mosquitto_pub does',
  description:
    'Publishes a message, or each line of stdin as one, and ends, with the options, the packets, the output and the exit codes of mosquitto_pub 2.1.',
  helpFlags: '--help',
  usageExitCode: ExitCode.failure,
  options: describeOptions(optionsOf('pub')),
  examples: [
    { line: 'busbar pub -t plant/line1/set -m 7.5', what: 'one message' },
    { line: 'busbar pub -t plant/line1/set -m 7.5 -q 1 -r', what: 'with QoS 1, kept for subscribers to come' },
    { line: 'tail -f readings.log | busbar pub -t plant/line1/log -l', what: 'each line that is written as a message' },
    {
      line: 'busbar pub -t jobs -m start -D publish message-expiry-interval 60 -D publish user-property from shell',
      what: 'with properties of MQTT 5.0',
    },
    {
      line: 'busbar pub -L mqtts://user:secret@broker.example/plant/set -m 7.5',
      what: 'over TLS, everything in one URL',
    },
  ],
  notes: [
    'It ends with 0 when the messages were sent, for QoS 1 and 2 when the server has acknowledged them; one that the server does not accept is a warning. With -l a lost connection is taken up again, and what was not acknowledged is sent again; otherwise the exit code is 7. All exit codes: docs/reference/exit-codes.md. A link named mosquitto_pub to this command behaves as that one does, in its words; docs/reference/mosquitto-options.md compares the options.',
  ],
};
