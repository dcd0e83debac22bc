import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import type { ToolOption } from '../tool/option.ts';
import type { OwnCommand } from '../tool/own-command.ts';
import { ownConnectionOptions, ownFlag, ownValued, toolOptions } from '../tool/own-options.ts';
import { ToolUsage } from '../tool/tool-usage.ts';
import type { Playing } from './playing.ts';

/** The options, which fill in how it is played. */
function optionsFor(playing: Playing): readonly ToolOption[] {
  return [
    ownValued(
      '--speed',
      '<factor>',
      'times as fast as it was; max as fast as it goes (default: 1)',
      (given) => (playing.speed = readSpeed(given)),
    ),
    ownValued(
      '--filter',
      '<filter>',
      'play messages of these topics only',
      (filter, settings) => settings.topicFilters.push(filter),
      { repeatable: true },
    ),
    ...toolOptions('-T'),
    ownValued(
      '--map',
      '<from=to>',
      'publish topics that begin with one below the other: plant/line1=test/line1',
      (given) => playing.mappings.push(readMapping(given)),
      { repeatable: true },
    ),
    ownFlag('--loop', 'begin again at the end, until Ctrl-C', () => (playing.loops = true)),
    ...ownConnectionOptions,
  ];
}

/** `busbar replay`: publishes what a file has recorded. */
export function createReplayCommand(): OwnCommand {
  const playing: Playing = { speed: 1, loops: false, mappings: [] };
  const options = optionsFor(playing);
  return {
    options,
    description: {
      name: 'replay',
      summary: 'publish what busbar record has written, at its speed or another',
      description:
        'Publishes the messages of a recording with the times between them, or so many times as fast, with their QoS, retain flag and properties; some of them only, or below other topics.',
      helpFlags: '--help',
      usageExitCode: ExitCode.usage,
      options: describeOptions(options),
      words: { usage: '<file>', minimum: 1, maximum: 1 },
      examples: [
        { line: 'busbar replay shift.busbar', what: 'as it was' },
        { line: 'busbar replay --speed 10 --map plant=test shift.busbar', what: 'ten times as fast, below test/' },
        { line: "busbar replay --speed max --filter 'plant/+/state' shift.busbar", what: 'the states, at once' },
      ],
      notes: [
        'It ends with 0 when everything was sent and, at QoS 1 and 2, acknowledged; with 7 when the connection is lost.',
      ],
    },
    async run(settings, [file = '']) {
      const { runReplay } = await import('./run-replay.ts');
      return runReplay(settings, file, playing);
    },
  };
}

function readSpeed(given: string): number {
  const speed = given === 'max' ? Number.POSITIVE_INFINITY : Number(given);
  if (!(speed > 0)) throw new ToolUsage('', `--speed: expected a factor above 0, or max, not '${given}'`);
  return speed;
}

function readMapping(given: string): readonly [from: string, to: string] {
  const [, from, to] = /^([^=]+)=(.+)$/.exec(given) ?? [];
  if (from === undefined || to === undefined) throw new ToolUsage('', `--map: expected from=to, not '${given}'`);
  return [from, to];
}
