import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram } from '../src/histogram.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The smallest value that so many per cent do not exceed, found by sorting. */
function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil((values.length * percent) / 100)) - 1] ?? 0;
}

const microsecond = fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(0x7fff_ffff));
const microseconds = fc.array(microsecond, { minLength: 1 });

describe('Histogram', () => {
  test('its percentiles are those of the sorted values, less than one per cent too high', () => {
    fc.assert(
      fc.property(microseconds, fc.double({ min: 0.001, max: 100, noNaN: true }), (values, percent) => {
        const found = histogramOf(values).percentile(percent);
        const exact = exactPercentile(values, percent);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact + exact / 128);
      }),
    );
  });

  test('histograms of several threads add up to that of all', () => {
    fc.assert(
      fc.property(microseconds, microseconds, (some, others) => {
        const sum = histogramOf(some);
        sum.add(histogramOf(others));
        const all = histogramOf([...some, ...others]);
        for (const percent of [1, 50, 90, 99, 99.9, 100]) expect(sum.percentile(percent)).toBe(all.percentile(percent));
        expect([sum.count, sum.largest, sum.mean]).toEqual([all.count, all.largest, all.mean]);
      }),
    );
  });

  test('the hundredth percentile is the largest value, exactly', () => {
    const histogram = histogramOf([3, 1_000_003, 17]);
    expect(histogram.percentile(100)).toBe(1_000_003);
    expect(histogram.largest).toBe(1_000_003);
  });

  test('the mean is right within the precision of the buckets', () => {
    const values = Array.from({ length: 10_000 }, (_, at) => at * 37);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(histogramOf(values).mean - mean)).toBeLessThan(mean / 100);
  });

  test('fractions are cut off, negative values count as 0 and values beyond half an hour as the largest', () => {
    const histogram = histogramOf([-5, 0.9, 1e12]);
    expect(histogram.percentile(50)).toBe(0);
    expect(histogram.largest).toBe(0x7fff_ffff);
  });

  test('without values everything is 0', () => {
    const histogram = new Histogram();
    expect([histogram.count, histogram.mean, histogram.percentile(99), histogram.largest]).toEqual([0, 0, 0, 0]);
  });

  test('another thread reads what is recorded in memory that both share', () => {
    const memory = new SharedArrayBuffer(Histogram.byteLength + 8);
    const writer = new Histogram(memory, 8);
    writer.record(1_234);
    expect(new Histogram(memory, 8).largest).toBe(1_234);
  });
});
