import { describe, expect, test } from 'vitest';
import { helpOf, parseCommandLine } from '../../src/command/command-line.ts';
import { defineCommand } from '../../src/command/definition.ts';
import { oneOf, text, wholeNumber } from '../../src/command/value.ts';

const brew = defineCommand({
  name: 'brew',
  summary: 'brew something',
  description: 'Brews something.',
  helpFlags: '--help',
  usageExitCode: 2,
  options: {
    host: { flags: '-h, --host', value: text('host'), default: 'localhost', description: 'where' },
    kind: { flags: '--kind', value: oneOf('tea', 'coffee'), description: 'what' },
    cups: { flags: '-C', value: wholeNumber('count', 1, 12), description: 'how much' },
    extra: { flags: '-e, --extra', value: text('thing'), repeatable: true, description: 'with what' },
    triple: {
      flags: '-D, --triple',
      value: { placeholder: '<a b c>', words: () => 3, parse: (words) => words },
      repeatable: true,
      description: 'three words',
    },
    verbose: { flags: '-v, --verbose', description: 'tell more' },
    milk: { flags: '--no-milk', description: 'without milk' },
  },
  examples: [{ line: 'busbar brew', what: 'something' }],
  run: async () => 0,
});

function valuesOf(...argv: string[]) {
  const parsed = parseCommandLine(brew, argv);
  if (parsed.help !== undefined) throw new Error('got the help');
  return parsed.values;
}

describe('what was typed', () => {
  test('nothing gives the defaults', () => {
    expect(valuesOf()).toEqual({
      host: 'localhost',
      kind: undefined,
      cups: undefined,
      extra: [],
      triple: [],
      verbose: false,
      milk: true,
    });
  });

  test.each([
    [['-h', 'tower'], { host: 'tower' }],
    [['--host', 'tower'], { host: 'tower' }],
    [['--host=tower'], { host: 'tower' }],
    [['-htower'], { host: 'tower' }],
    [['-h', '--kind'], { host: '--kind' }],
    [['-C', '3', '-v'], { cups: 3, verbose: true }],
    [['-vC3'], { cups: 3, verbose: true }],
    [['-e', 'sugar', '--extra', 'lemon'], { extra: ['sugar', 'lemon'] }],
    [['--no-milk'], { milk: false }],
    [['-D', 'a', '-h', 'c', '-h', 'tower'], { triple: ['["a","-h","c"]'], host: 'tower' }],
    [['-D', '1', '2', '3', '-D', '4', '5', '6'], { triple: ['["1","2","3"]', '["4","5","6"]'] }],
    [['-e', '-D', '-v'], { extra: ['-D'], verbose: true }],
  ])('%j', (argv, expected) => {
    expect(valuesOf(...argv)).toMatchObject(expected);
  });

  test.each([
    [['--kind', 'soup'], "--kind: expected tea or coffee, not 'soup'"],
    [['-C', '13'], "-C: expected a whole number from 1 to 12, not '13'"],
    [['-h'], '-h/--host needs <host>, and the line ends before that'],
    [['--verbos'], "unknown option '--verbos'; did you mean '--verbose'?"],
    [['-z'], "unknown option '-z'"],
    [['now'], "unexpected word 'now'"],
    [['-D', 'a', 'b'], '-D needs <a b c>, and the line ends before that'],
    [['--verbose=yes'], "unknown option '--verbose=yes'"],
  ])('%j is wrong, and one line says why', (argv, line) => {
    expect(() => parseCommandLine(brew, argv)).toThrow(line);
    try {
      parseCommandLine(brew, argv);
    } catch (error) {
      expect(String(error)).not.toContain('\n');
    }
  });
});

test('the help shows options with their defaults, and the examples', () => {
  const { help } = parseCommandLine(brew, ['--help']);

  expect(help).toContain('Usage: busbar brew [options]');
  expect(help).toMatch(/-h, --host <host> +where \(default: localhost\)/);
  expect(help).toMatch(/-e, --extra <thing> +with what \(may be repeated\)/);
  expect(help).toContain('Examples:\n  busbar brew\n      something');
  expect(helpOf(brew)).toContain('--no-milk');
});
