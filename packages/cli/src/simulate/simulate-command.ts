import { ExitCode } from '../exit-code.ts';
import { describeOptions } from '../tool/describe-tool.ts';
import { integer, type ToolOption } from '../tool/option.ts';
import type { OwnCommand } from '../tool/own-command.ts';
import { ownConnectionOptions, ownFlag, ownValued } from '../tool/own-options.ts';
import { ToolUsage } from '../tool/tool-usage.ts';
import type { Simulating } from './simulating.ts';

const LARGEST_SEED = 2 ** 31 - 2;

function optionsFor(simulating: Simulating): readonly ToolOption[] {
  return [
    ownValued(
      '--seed',
      '<number>',
      'the same number gives the same values again; without it every run is another',
      (given, _, reading) => (simulating.seed = integer(given, reading, [0, LARGEST_SEED], () => '')),
    ),
    ownValued(
      '--for',
      '<seconds>',
      'end after so many seconds',
      (given) => (simulating.forMs = 1000 * readSeconds(given)),
    ),
    ownFlag('--check', 'read the scenario, say what it is made of, and end', () => (simulating.checksOnly = true)),
    ...ownConnectionOptions,
  ];
}

function readSeconds(given: string): number {
  const seconds = Number(given);
  if (seconds > 0) return seconds;
  throw new ToolUsage('', `--for: expected seconds above 0, not '${given}'`);
}

/** `busbar simulate`: devices from a scenario. */
export function createSimulateCommand(): OwnCommand {
  const simulating: Simulating = { seed: undefined, forMs: undefined, checksOnly: false };
  const options = optionsFor(simulating);
  return {
    options,
    description: {
      name: 'simulate',
      summary: 'play devices that a YAML scenario describes',
      description:
        'Plays devices: each is a client of its own with a will, which publishes readings of signals (sine, random walk, step, counter, state machine and others), falls off the network and comes back, as a scenario in YAML says. docs/how-to/simulate-devices.md shows how one is written.',
      helpFlags: '--help',
      usageExitCode: ExitCode.usage,
      options: describeOptions(options),
      words: { usage: '<scenario.yaml>', minimum: 1, maximum: 1 },
      examples: [
        { line: 'busbar simulate pumps.yaml', what: 'until Ctrl-C' },
        { line: 'busbar simulate pumps.yaml --seed 7 --for 60', what: 'a minute that can be had again' },
        { line: 'busbar simulate pumps.yaml --check', what: 'whether the scenario can be played' },
      ],
      notes: [
        'It ends with 0, with 1 when the scenario cannot be played or the server cannot be reached, with 2 for wrong usage.',
      ],
    },
    async run(settings, [file = '']) {
      const { runSimulate } = await import('./run-simulate.ts');
      return runSimulate(settings, file, simulating);
    },
  };
}
