import { expect, test } from 'vitest';
import { QuietWarning } from '../../src/observe/quiet-warning.ts';
import { RecordingLog } from '../recording-log.ts';

test('what happens often is said at once and then once a second, with how often it happened', () => {
  const log = new RecordingLog();
  const warning = new QuietWarning(log, 'too many');
  warning.warn({ remote: 'a' }, 5_000);
  for (let now = 5_001; now < 6_000; now += 1) warning.warn({ remote: 'b' }, now);
  warning.warn({ remote: 'c' }, 6_000);
  warning.warn({ remote: 'd' }, 6_999);
  warning.warn({ remote: 'e' }, 20_000);
  warning.warn({ remote: 'f' }, 30_000);
  expect(log.take().map(({ level, fields, message }) => [level, fields, message])).toEqual([
    ['warn', { remote: 'a' }, 'too many'],
    ['warn', { remote: 'c', before: 999 }, 'too many'],
    ['warn', { remote: 'e', before: 1 }, 'too many'],
    ['warn', { remote: 'f' }, 'too many'],
  ]);
});
