import { expect, test } from 'vitest';
import { duration, oneOf, oneOfMeanings, wholeNumber } from '../../src/command/value.ts';

test.each([
  ['250ms', 250],
  ['20s', 20_000],
  ['20', 20_000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('a duration of %s is %i ms', (text, ms) => {
  expect(duration.parse(text)).toBe(ms);
});

test.each(['', '0s', '-1s', 's', '20 s', '1d', '20sec', '1e3', '25h40', '999h'])('%j is no duration', (text) => {
  expect(() => duration.parse(text)).toThrow(/^expected a time such as 500ms, 20s or 5m/);
});

test.each(['', '1.5', '0x10', '1e3', ' 1', '-1', '65536', 'x'])('%j is no port', (text) => {
  expect(() => wholeNumber('port', 0, 65_535).parse(text)).toThrow(
    `expected a whole number from 0 to 65535, not '${text}'`,
  );
});

test('the bounds of a whole number are allowed, and an open end is not named', () => {
  const port = wholeNumber('port', 0, 65_535);
  expect([port.parse('0'), port.parse('65535')]).toEqual([0, 65_535]);
  expect(() => wholeNumber('count', 1, Number.MAX_SAFE_INTEGER).parse('0')).toThrow('a whole number of at least 1');
});

test('a wrong word is answered with the right ones', () => {
  expect(() => oneOf('pretty', 'json').parse('xml')).toThrow("expected pretty or json, not 'xml'");
  expect(() => oneOf('memory').parse('disk')).toThrow("expected memory, the only one there is, not 'disk'");
  expect(() => oneOf('a', 'b').parse('constructor')).toThrow("expected a or b, not 'constructor'");
});

test('a word may mean something else', () => {
  const version = oneOfMeanings({ '5': 5, '311': 4, mqttv311: 4 });
  expect([version.parse('5'), version.parse('311'), version.parse('mqttv311')]).toEqual([5, 4, 4]);
});
