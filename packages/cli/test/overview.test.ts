import { expect, test } from 'vitest';
import { overviewOf, suggestCommand } from '../src/overview.ts';

const commands = ['start', 'broker', 'pub', 'sub'].map((name) => ({ name, summary: `${name} it`, load: neverLoaded }));

function neverLoaded(): Promise<never> {
  throw new Error('the overview loads no command');
}

test('the overview lists every command', () => {
  expect(overviewOf(commands)).toContain('  broker  broker it\n');
});

test.each([
  ['brocker', "did you mean 'broker'?"],
  ['server', 'the commands are start, broker, pub, sub'],
  ['publish', "did you mean 'pub'?"],
  ['subscribe', "did you mean 'sub'?"],
  ['strat', "did you mean 'start'?"],
  ['bro', "did you mean 'broker'?"],
  ['pu', "did you mean 'pub'?"],
  ['x', 'the commands are'],
])('%s: %s', (given, advice) => {
  expect(suggestCommand(given, commands)).toContain(advice);
});
