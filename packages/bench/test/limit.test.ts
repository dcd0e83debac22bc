import { describe, expect, test } from 'vitest';
import { LimitError, parseLimit } from '../src/limit.ts';

const METRICS = new Map([
  ['p99', true],
  ['p99.9', true],
  ['lost', false],
  ['receive-rate', false],
]);

describe('parseLimit', () => {
  test.each([
    ['p99>20ms', 20.001, true],
    ['p99>20ms', 20, false],
    ['p99>20', 20.001, true],
    ['p99>500us', 0.501, true],
    ['p99>500us', 0.5, false],
    ['p99.9>=1.5s', 1_500, true],
    ['p99.9>=1.5s', 1_499, false],
    [' lost > 0 ', 1, true],
    ['lost>0', 0, false],
    ['lost!=0', 3, true],
    ['lost==0', 0, true],
    ['lost<=5', 5, true],
    ['receive-rate<10000', 9_999, true],
    ['receive-rate<10000', 10_000, false],
  ])('%s of %d', (text, value, isBroken) => {
    expect(parseLimit(text, METRICS).isBroken(value)).toBe(isBroken);
  });

  test.each([
    ['p98>1', "there is no metric 'p98'; the metrics are p99, p99.9, lost, receive-rate"],
    ['lost>0ms', "'lost' is no time, so 'lost>0ms' cannot have 'ms'"],
    [
      'lost',
      "expected a limit such as 'p99>20ms' or 'lost>0', not 'lost'; the metrics are p99, p99.9, lost, receive-rate",
    ],
    [
      'p99>',
      "expected a limit such as 'p99>20ms' or 'lost>0', not 'p99>'; the metrics are p99, p99.9, lost, receive-rate",
    ],
    [
      'p99=>3',
      "expected a limit such as 'p99>20ms' or 'lost>0', not 'p99=>3'; the metrics are p99, p99.9, lost, receive-rate",
    ],
    [
      'p99>-1',
      "expected a limit such as 'p99>20ms' or 'lost>0', not 'p99>-1'; the metrics are p99, p99.9, lost, receive-rate",
    ],
    [
      'p99>20 min',
      "expected a limit such as 'p99>20ms' or 'lost>0', not 'p99>20 min'; the metrics are p99, p99.9, lost, receive-rate",
    ],
  ])('%s is refused with the metrics that there are', (text, message) => {
    expect(() => parseLimit(text, METRICS)).toThrow(new LimitError(message));
  });
});
