import { expect, test } from 'vitest';
import { isColorful } from '../../src/terminal/color.ts';
import { cutTo, fit, widthOf, withoutControls } from '../../src/terminal/width.ts';

test.each([
  ['', 0],
  ['plant', 5],
  ['°C ±', 4],
  ['漢字', 4],
  ['e\u0301', 1],
  ['😀', 2],
  ['▁▅█ ● ✖', 7],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('a text is made to fit', () => {
  expect(fit('abc', 5)).toBe('abc  ');
  expect(fit('abc', 5, 'right')).toBe('  abc');
  expect(fit('abcdef', 5)).toBe('abcd…');
  expect(fit('漢字漢字', 6)).toBe('漢字… ');
  expect(cutTo('abc', 0)).toBe('');
  expect(cutTo('abc', 1)).toBe('…');
});

test('nothing in a text can steer the terminal', () => {
  expect(withoutControls('a\x1b]0;x\x07b\r\n\t\x9b\u2028')).toBe('a·]0;x·b·····');
  expect(withoutControls('größe 漢字 😀')).toBe('größe 漢字 😀');
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [true, { TERM: 'xterm-256color' }, true],
])('terminal %s with %j: colours %s', (isTTY, env, expected) => {
  expect(isColorful({ isTTY }, env)).toBe(expected);
});
