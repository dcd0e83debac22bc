import { expect, test } from 'vitest';
import { commandName, hintsFor } from '../../src/start/hints.ts';
import { formatLine } from '../../src/start/line-report.ts';
import { formatAge, formatClock, formatCount, formatRate, sparkline } from '../../src/start/numbers.ts';

const totals = {
  receivedPerSecond: 48.4,
  deliveredPerSecond: 50,
  connections: 13,
  guests: 0,
  topics: 34,
  dropped: 0,
  cpuPercent: 3.6,
  memoryBytes: 90_000_000,
};

const view = {
  program: 'Busbar 0.1.0',
  url: 'mqtt://localhost:1883',
  plant: { name: 'Bottling line 1', topicRoot: 'plant/line1', state: 'producing' },
  elapsedMs: 7300,
  lastsMs: undefined,
  rows: [],
  events: [],
  totals,
  hints: [],
};

function event(text: string) {
  return { atMs: 0, kind: 'note', text } as const;
}

test('a second is one line, with what has happened in it', () => {
  expect(formatLine(view, [])).toBe(
    '00:07 | producing · 48 msg/s in · 50 out · 13 connections · 34 topics · 0 dropped · CPU 4 % · 90 MB',
  );
  expect(formatLine(view, [event('drive is lost'), event('drive is back')])).toMatch(
    / \| drive is lost \| drive is back$/,
  );
  expect(formatLine(view, ['a', 'b', 'c', 'd', 'e', 'f'].map(event))).toMatch(
    / \| c \| d \| e \| f \| and 2 more events before$/,
  );
});

test('how to join in names host and port where they are not the usual ones', () => {
  const usual = { host: 'localhost', port: 1883, isOnOtherPort: false, command: 'busbar' };
  expect(hintsFor(usual)).toEqual([
    "Look in: busbar sub -t 'plant/#' -v",
    'Join in: busbar pub -t hello -m world; any MQTT client: localhost:1883',
  ]);
  const other = hintsFor({ host: '192.0.2.7', port: 4711, isOnOtherPort: true, command: 'npx busbar' });
  expect(other).toEqual([
    "Look in: npx busbar sub -h 192.0.2.7 -p 4711 -t 'plant/#' -v",
    'Join in: npx busbar pub -h 192.0.2.7 -p 4711 -t hello -m world; any MQTT client: 192.0.2.7:4711 (1883 was taken)',
  ]);
});

test('in a checkout the command is npx busbar', () => {
  expect(commandName({ npm_lifecycle_event: 'start' })).toBe('npx busbar');
  expect(commandName({})).toBe('busbar');
});

test('numbers are short', () => {
  expect([0, 0.24, 9.94, 9.96, 1234.6].map(formatRate)).toEqual(['0.0', '0.2', '9.9', '10', '1,235']);
  expect([0, 400, 9949, 9951, 59_000, 59_600, 3_600_000].map(formatAge)).toEqual([
    '0.0s',
    '0.4s',
    '9.9s',
    '10s',
    '59s',
    '0m',
    '1h',
  ]);
  expect([0, 17_900, 61_000, 3_723_000].map(formatClock)).toEqual(['00:00', '00:17', '01:01', '1:02:03']);
  expect(formatCount(1_234_567.4)).toBe('1,234,567');
});

test('a course runs from the smallest to the largest value', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█');
  expect(sparkline([5, 5, 5], 8)).toBe('▁▁▁');
  expect(sparkline([9, 9, 0, 7], 2)).toBe('▁█');
  expect(sparkline([], 8)).toBe('');
});
