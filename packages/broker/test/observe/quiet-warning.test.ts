import { VirtualClock } from '@busbar/testkit';
import { expect, test } from 'vitest';
import { QuietLine } from '../../src/observe/quiet-line.ts';
import { QuietWarning } from '../../src/observe/quiet-warning.ts';
import { RecordingLog } from '../recording-log.ts';

test('what happens often is said at once, and after a second how often it happened besides', () => {
  const log = new RecordingLog();
  const clock = new VirtualClock();
  const warning = new QuietWarning(log, 'too many', clock.schedule);
  const lines = () => log.take().map(({ level, fields, message }) => [level, fields, message]);
  warning.warn({ remote: 'a' }, clock.now());
  expect(lines()).toEqual([['warn', { remote: 'a' }, 'too many']]);
  for (let time = 0; time < 999; time++) {
    clock.advance(1);
    warning.warn({ remote: 'b' }, clock.now());
  }
  expect(lines()).toEqual([]);
  clock.advance(1);
  expect(lines()).toEqual([['warn', { more: 999 }, 'too many, and 999 more']]);
  warning.warn({ remote: 'c' }, clock.now());
  clock.advance(30_000);
  warning.warn({ remote: 'd' }, clock.now());
  clock.advance(30_000);
  expect(lines()).toEqual([
    ['warn', { remote: 'c' }, 'too many'],
    ['warn', { remote: 'd' }, 'too many'],
  ]);
});

test('a line may be written so many times a second, in words of its own', () => {
  const log = new RecordingLog();
  const clock = new VirtualClock();
  const line = new QuietLine(log, 'a connection has ended', { level: 'info', perSecond: 3, later: clock.schedule });
  for (let time = 0; time < 100_000; time++) line.write({}, clock.now(), `it was the ${time}th`);
  clock.advance(1000);
  line.write({}, clock.now());
  expect(log.take().map(({ level, message }) => [level, message])).toEqual([
    ['info', 'it was the 0th'],
    ['info', 'it was the 1th'],
    ['info', 'it was the 2th'],
    ['info', 'a connection has ended, and 99997 more'],
    ['info', 'a connection has ended'],
  ]);
});
