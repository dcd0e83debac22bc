import { describe, expect, test } from 'vitest';
import { bottlingLine } from '../../src/plant/bottling-line.ts';
import type { SignalDescription } from '../../src/plant/signal.ts';
import { SignalModel } from '../../src/plant/signal-model.ts';

type Signals = Readonly<Record<string, SignalDescription>>;

function valuesAfter(signals: Signals, seed: number, seconds: number): Record<string, number | string> {
  const model = new SignalModel(signals, seed);
  for (let at = 0; at < seconds * 10; at++) model.advance(0.1);
  return Object.fromEntries(Object.keys(signals).map((name) => [name, model.value(name)]));
}

describe('kinds of signals', () => {
  test('a lag has made 63 % of a step after its time', () => {
    const model = new SignalModel(
      { target: { kind: 'by-state', of: 'switch', values: { on: 10 }, otherwise: 0 }, switch: toggle(1), speed: lag() },
      1,
    );
    model.advance(1);
    expect(model.value('switch')).toBe('on');
    for (let at = 0; at < 20; at++) model.advance(0.1);
    expect(model.number('speed')).toBeGreaterThan(6);
    expect(model.number('speed')).toBeLessThan(6.7);
  });

  function toggle(seconds: number): SignalDescription {
    return {
      kind: 'machine',
      initial: 'off',
      states: { off: { seconds: [seconds, seconds], next: { on: 1 } }, on: { seconds: [99, 99], next: { off: 1 } } },
    };
  }

  function lag(): SignalDescription {
    return { kind: 'lag', of: 'target', seconds: 2 };
  }

  test('a walk stays around its mean, with the spread it is given', () => {
    const model = new SignalModel({ torque: { kind: 'walk', mean: 50, spread: 2, seconds: 0.5 } }, 3);
    const values = Array.from({ length: 5000 }, () => {
      model.advance(0.1);
      return model.number('torque');
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(50, 0);
    expect(Math.sqrt(variance)).toBeGreaterThan(1.7);
    expect(Math.sqrt(variance)).toBeLessThan(2.3);
  });

  test('a vessel falls with its outflow, is filled at its low mark, and stops at its high mark', () => {
    const model = new SignalModel(
      {
        speed: { kind: 'constant', value: 10 },
        level: { kind: 'vessel', outflow: 'speed', drain: 0.5, fill: 25, low: 20, high: 90, initial: 30 },
      },
      1,
    );
    const levels = Array.from({ length: 400 }, () => {
      model.advance(0.1);
      return model.number('level');
    });
    expect(levels[9]).toBeCloseTo(25, 5);
    expect(Math.min(...levels)).toBeGreaterThan(18);
    expect(Math.max(...levels)).toBe(90);
  });

  test('an integral adds up, a sine swings, a sum sums', () => {
    const values = valuesAfter(
      {
        rate: { kind: 'constant', value: 4 },
        total: { kind: 'integral', perSecond: 'rate', gain: 0.5, initial: 100 },
        wave: { kind: 'sine', mean: 5, amplitude: 2, periodSeconds: 8 },
        both: { kind: 'sum', of: ['rate', 'total'] },
      },
      1,
      10,
    );
    const { total, wave, both } = values;
    expect(total).toBeCloseTo(120, 6);
    expect(wave).toBeCloseTo(7, 6);
    expect(both).toBeCloseTo(124, 6);
  });
});

describe('a model', () => {
  test('lives the same day again with the same seed, and another with another', () => {
    expect(valuesAfter(bottlingLine.signals, 42, 60)).toEqual(valuesAfter(bottlingLine.signals, 42, 60));
    expect(valuesAfter(bottlingLine.signals, 42, 60)).not.toEqual(valuesAfter(bottlingLine.signals, 43, 60));
  });

  test('gives a signal the same values whichever signals there are besides', () => {
    const walk: SignalDescription = { kind: 'walk', mean: 0, spread: 1, seconds: 1 };
    const { a: alone } = valuesAfter({ a: walk }, 5, 3);
    const { a: among } = valuesAfter({ b: walk, a: walk }, 5, 3);
    expect(alone).toBe(among);
  });

  test.each<[string, Signals, string]>([
    [
      'a source that does not exist',
      { a: { kind: 'lag', of: 'b', seconds: 1 } },
      "signal 'a' follows 'b', which does not",
    ],
    [
      'a circle',
      { a: { kind: 'sum', of: ['b'] }, b: { kind: 'sum', of: ['a'] } },
      "signal 'a' follows itself, by way of 'b'",
    ],
    [
      'a state that does not exist',
      { a: { kind: 'machine', initial: 'on', states: { on: { seconds: [1, 2], next: { off: 1 } } } } },
      "signal 'a' has no state 'off'",
    ],
    [
      'arithmetic with states',
      {
        a: { kind: 'machine', initial: 'on', states: { on: { seconds: [1, 2], next: { on: 1 } } } },
        b: { kind: 'lag', of: 'a', seconds: 1 },
      },
      "signal 'a' is a state, where a number is expected",
    ],
  ])('refuses %s', (_, signals, line) => {
    expect(() => new SignalModel(signals, 1)).toThrow(line);
  });
});

describe('the bottling line', () => {
  test('goes through all states, and its speed follows', () => {
    const model = new SignalModel(bottlingLine.signals, 1);
    const speeds = new Map<string, number[]>();
    for (let at = 0; at < 6000; at++) {
      model.advance(0.1);
      const state = model.word('state');
      speeds.set(state, [...(speeds.get(state) ?? []), model.number('speed')]);
    }
    expect([...speeds.keys()].sort()).toEqual(['blocked', 'fault', 'idle', 'producing', 'starting']);
    const mean = (state: string) =>
      (speeds.get(state) ?? []).reduce((sum, speed, _, all) => sum + speed / all.length, 0);
    expect(mean('producing')).toBeGreaterThan(8);
    expect(mean('fault')).toBeLessThan(4);
  });

  test('has every quantity in a plausible range for ten minutes', () => {
    const model = new SignalModel(bottlingLine.signals, 9);
    for (let at = 0; at < 6000; at++) {
      model.advance(0.1);
      expect(model.number('tank.level')).toBeGreaterThan(30);
      expect(model.number('tank.level')).toBeLessThanOrEqual(92);
      expect(model.number('filler.temperature')).toBeGreaterThan(5.8);
      expect(model.number('filler.temperature')).toBeLessThan(8.5);
      expect(model.number('energy.power')).toBeGreaterThan(8);
      expect(model.number('compressor.pressure')).toBeGreaterThan(6);
    }
    expect(model.number('bottles')).toBeGreaterThan(130_000);
  });
});
