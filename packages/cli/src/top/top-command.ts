import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import type { ToolOption } from '../tool/option.ts';
import type { OwnCommand } from '../tool/own-command.ts';
import { ownConnectionOptions, toolOptions } from '../tool/own-options.ts';

const options: readonly ToolOption[] = [...toolOptions('-t', '-R', '-W', '-q'), ...ownConnectionOptions];

/** `busbar top`: what is going on, topic by topic. */
export const topCommand: OwnCommand = {
  options,
  description: {
    name: 'top',
    summary: 'watch topics, rates and payloads live',
    description:
      'Shows which topics are busy: messages a second, totals, age and the last payload of each, and the history of one, live on the whole screen. Where there is no terminal it gathers for three seconds (or -W) and prints the table once.',
    helpFlags: '--help',
    usageExitCode: ExitCode.usage,
    options: describeOptions(options),
    examples: [
      { line: 'busbar top', what: 'everything on the broker of this machine' },
      { line: "busbar top -h broker.example -t 'plant/#' -R", what: 'a part of it, without what is retained already' },
      { line: "busbar top -t '#' -W 10 > topics.txt", what: 'once, after ten seconds' },
    ],
    notes: [
      'Keys: up and down (or k and j) select, Enter shows the history of the selected topic, s changes the order (rate, messages, bytes, age, topic), / filters, space pauses, c clears, q ends.',
    ],
  },
  async run(settings) {
    const { runTop } = await import('./run-top.ts');
    return runTop(settings);
  },
};
