import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import type { ToolOption } from '../tool/option.ts';
import type { OwnCommand } from '../tool/own-command.ts';
import { ownConnectionOptions, ownFlag } from '../tool/own-options.ts';

const options: readonly ToolOption[] = [
  ownFlag('--json', 'print the findings as JSON', (settings) => (settings.printsJson = true)),
  ownFlag('--pretty', 'with --json: on several lines', (settings) => (settings.isPretty = true)),
  ...ownConnectionOptions,
];

/** `busbar probe`: finds out what a server is and can do. */
export const probeCommand: OwnCommand = {
  options,
  description: {
    name: 'probe',
    summary: 'find out what a broker is, can do, and does oddly',
    description:
      'Connects to any MQTT broker and tells what it is and can do: versions, limits, QoS, retained messages, wildcards, shared subscriptions, identifiers, aliases, round trip, TLS chain and expiry, and whether it keeps rules of the standard that brokers are known to break. It uses topics below busbar/probe/ and leaves nothing behind.',
    helpFlags: '--help',
    usageExitCode: ExitCode.usage,
    options: describeOptions(options),
    examples: [
      { line: 'busbar probe', what: 'the broker on this machine' },
      { line: 'busbar probe -h broker.example -p 8883 --cafile ca.pem', what: 'over TLS' },
      { line: 'busbar probe -h broker.example --json | jq .sections', what: 'for a script' },
    ],
    notes: [
      'It ends with 0 when the server let it in, with 1 when it did not or nobody listens, with 2 for wrong usage.',
    ],
  },
  async run(settings) {
    const { runProbe } = await import('./run-probe.ts');
    return runProbe(settings);
  },
};
