import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import type { ToolOption } from '../tool/option.ts';
import type { OwnCommand } from '../tool/own-command.ts';
import { ownConnectionOptions, toolOptions } from '../tool/own-options.ts';

const options: readonly ToolOption[] = [...toolOptions('-t', '-T', '-C', '-R', '-W', '-q'), ...ownConnectionOptions];

/** `busbar record`: a subscription into a file. */
export const recordCommand: OwnCommand = {
  options,
  description: {
    name: 'record',
    summary: 'write what is published into a file, with its times',
    description:
      'Subscribes and writes every message into a compact file, with its time, QoS, retain flag and properties, until SIGINT, -C or -W. busbar replay plays it again.',
    helpFlags: '--help',
    usageExitCode: ExitCode.usage,
    options: describeOptions(options),
    words: { usage: '<file>', minimum: 1, maximum: 1 },
    examples: [
      { line: "busbar record -t 'plant/#' -q 1 shift.busbar", what: 'until Ctrl-C' },
      { line: "busbar record -t '#' -R -W 60 minute.busbar", what: 'a minute, without what is retained already' },
    ],
    notes: [
      'Without -t everything is recorded (#). A lost connection is taken up again; the file tells nothing of what was missed. It ends with 0, also when -W is over.',
    ],
  },
  async run(settings, [file = '']) {
    const { runRecord } = await import('./run-record.ts');
    return runRecord(settings, file);
  },
};
