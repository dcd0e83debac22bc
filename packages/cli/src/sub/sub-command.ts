import type { CommandDescription } from '../command/definition.ts';
import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import { optionsOf } from '../tool/tool-options.ts';

/** The fields of `-F`, for the help of `sub` and `rr`. */
export const FORMAT_NOTE =
  'A format (-F) has fields: %t topic, %p payload, %x and %X payload in hexadecimal, %l its length, %q QoS, %r retain flag, %m packet identifier, %I time, %U Unix time, %j the message as JSON with the payload as text, %J with the payload as JSON, %f and %d a float or double, %% a percent sign; of MQTT 5.0 %A topic alias, %C content type, %D correlation data, %E message expiry interval, %F payload format indicator, %P user properties, %R response topic, %S subscription identifier. Between % and the letter may stand - (left), 0 (zeros), a width, a precision after a dot (for %x: so many digits, then a separator that follows it, such as %.2:x). @ and a letter is a part of the time as strftime has it (@H:@M:@S, @N nanoseconds), @@ an at sign; \\n \\r \\t \\v \\a \\e \\0 \\\\ are characters.';

/** `busbar sub`: subscribes and prints what comes. */
export const subCommand: CommandDescription = {
  name: 'sub',
  summary: 'subscribe and print messages, as mosquitto_sub does',
  description:
    'Subscribes to topics and prints the messages that come, one a line, with the options, the packets, the output and the exit codes of mosquitto_sub 2.1.',
  helpFlags: '--help',
  usageExitCode: ExitCode.failure,
  options: describeOptions(optionsOf('sub')),
  examples: [
    { line: "busbar sub -t 'plant/#' -v", what: 'everything below plant/, with its topic' },
    { line: 'busbar sub -t plant/line1/control/state -C 1 -W 5', what: 'the retained state, within 5 s, for a script' },
    { line: "busbar sub -t 'alarms/#' -q 1 -c -i panel-7", what: 'a session that collects messages while we are away' },
    { line: "busbar sub -t '#' --json | jq .topic", what: 'one JSON object a line' },
    { line: "busbar sub -t 'plant/#' -F '@H:@M:@S %-30t %p'", what: 'a format of your own' },
    { line: "busbar sub -t 'cell/#' -v --decode cbor", what: 'payloads in CBOR, shown as JSON' },
    { line: "busbar sub -t 'old/#' --remove-retained --retained-only", what: 'clear retained messages' },
  ],
  notes: [
    FORMAT_NOTE,
    'A lost connection is taken up again, with a note on stderr. SIGINT and SIGTERM end it in order, exit code 0. All exit codes: docs/reference/exit-codes.md. A link named mosquitto_sub to this command behaves as that one does, in its words; docs/reference/mosquitto-options.md compares the options.',
  ],
};
