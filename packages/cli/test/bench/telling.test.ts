import type { BenchResult } from '@busbar/bench';
import { describe, expect, test } from 'vitest';
import { count, mebibytes, ms } from '../../src/bench/figures.ts';
import { progressLine } from '../../src/bench/progress-line.ts';
import { renderResult } from '../../src/bench/result-table.ts';

describe('figures', () => {
  test.each([
    [0.0214, '0.021 ms'],
    [1.256, '1.26 ms'],
    [12.34, '12.3 ms'],
    [123.4, '123 ms'],
    [1_234, '1.23 s'],
  ])('%d ms as %s', (value, text) => {
    expect(ms(value)).toBe(text);
  });

  test('large numbers have separators, memory has mebibytes', () => {
    expect(count(1_234_567.8)).toBe('1,234,568');
    expect(mebibytes(3 * 2 ** 20 + 2 ** 19)).toBe('3.5 MiB');
  });
});

describe('the progress line', () => {
  const progress = { elapsedSeconds: 3.46, sent: 900_000, received: 812_345, receiveRate: 402_113, p99: 1.25 } as const;

  test('tells phase, time, messages and latency', () => {
    expect(progressLine({ phase: 'measuring', ...progress }, 80)).toBe(
      'measuring  3.5 s  received 812,345  402,113/s  p99 1.25 ms',
    );
  });

  test('stays within the terminal, so that it can be written over', () => {
    expect(progressLine({ phase: 'waiting for the rest', ...progress }, 30)).toHaveLength(29);
  });
});

describe('the table', () => {
  const clean = { lost: 0, duplicates: 0, reordered: 0, refused: 0, foreign: 0, unsent: 0 };
  const latencyMs = { mean: 1, p50: 1, p90: 2, p99: 3, 'p99.9': 4, max: 5 };
  const run = { url: 'mqtt://x:1883', workload: 'pairs', version: 5, publishers: 2, subscribers: 2 } as const;
  const more = { connections: 4, qos: 1, size: 64, window: 20, rate: 0, userProperties: 0, threads: 1 };
  const rates = { measuredSeconds: 5, sent: 10, received: 10, expected: 10, sendRate: 2, receiveRate: 2 };
  const result: BenchResult = { run: { ...run, ...more }, ...rates, ...clean, latencyMs, broker: undefined };

  test('says which promise of the standard is broken', () => {
    const table = renderResult({ ...result, lost: 3, duplicates: 2, reordered: 1 });
    expect(table).toContain('lost          3  (QoS 1 promises that none is)');
    expect(table).toMatch(/^ {2}duplicates {4}2$/m);
    expect(table).toContain('out of order  1  (the standard promises that none is)');
  });

  test('shows what is rare only when it is there', () => {
    expect(renderResult(result)).not.toMatch(/refused|foreign|never sent|broker/);
    expect(renderResult({ ...result, refused: 1, foreign: 2, unsent: 3 })).toMatch(
      /refused +1\n.*foreign +2\n.*never sent +3/s,
    );
  });

  test('of connections', () => {
    const connected = {
      ...result,
      run: { ...result.run, workload: 'connect', connections: 40 },
      received: 39,
      lost: 1,
    } as const;
    expect(renderResult(connected)).toMatch(
      /^connect at mqtt:\/\/x:1883: 40 connections, MQTT 5\.0.*\n\n.*connected +39.*\n.*failed +1/,
    );
  });
});
