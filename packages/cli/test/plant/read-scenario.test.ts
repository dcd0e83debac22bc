import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Random } from '../../src/plant/random.ts';
import { readScenario } from '../../src/plant/read-scenario.ts';
import { Readings } from '../../src/plant/readings.ts';
import { SignalModel } from '../../src/plant/signal-model.ts';

const MINIMAL = {
  devices: [{ name: 'd', readings: [{ name: 'r', signal: 's', every: 1 }] }],
  signals: { s: { kind: 'constant', value: 1 } },
};

test('the example: ten pumps with signals of their own', () => {
  const scenario = readScenario(
    parse(readFileSync(new URL('../../../../examples/shell/pumps.yaml', import.meta.url), 'utf8')),
  );
  expect(scenario.devices.map(({ name }) => name)).toEqual(
    ['a', 'b'].flatMap((hall) => [1, 2, 3, 4, 5].map((n) => `hall-${hall}/pump-${n}`)),
  );
  const model = new SignalModel(scenario.signals, 1);
  model.advance(5);
  expect(model.number('hall-a/pump-1.speed')).not.toBe(model.number('hall-a/pump-2.speed'));
  expect(Math.abs(model.number('supply') - 230)).toBeLessThanOrEqual(3);
});

test('step and counter', () => {
  const model = new SignalModel(
    { levels: { kind: 'step', values: [1, 5], seconds: 10 }, count: { kind: 'counter', perSecond: 2, wrapAt: 30 } },
    1,
  );
  const seen = [0, 1, 2, 3].map(() => {
    const now = [model.number('levels'), Math.round(model.number('count'))];
    model.advance(9.9);
    return now;
  });
  expect(seen).toEqual([
    [1, 0],
    [1, 20],
    [5, 10],
    [1, 29],
  ]);
});

test('a burst is so many readings at once', () => {
  const model = new SignalModel({ s: { kind: 'constant', value: 1 } }, 1);
  const device = { name: 'd', readings: [{ name: 'r', signal: 's', every: 1, burst: 3, payload: 'json' as const }] };
  const due = new Readings(device, 'root', new Random(1)).takeDue(5, new Date(0), model);
  expect(due.map(({ payload }) => (JSON.parse(payload) as { n: number }).n)).toEqual([1, 2, 3]);
});

describe('what is wrong is told with its place', () => {
  test.each([
    [{}, 'devices: expected a list that is not empty'],
    [
      { ...MINIMAL, signals: { s: { kind: 'sinus' } } },
      "signals.s.kind: expected constant, walk, sine, step, counter, lag, sum, integral, vessel, machine, by-state, not 'sinus'",
    ],
    [
      { ...MINIMAL, signals: { s: { kind: 'sine', mean: 1, amplitude: 2 } } },
      'signals.s.periodSeconds: expected a number',
    ],
    [
      { ...MINIMAL, signals: { s: { kind: 'constant', value: 1, unit: 'C' } } },
      "signals.s: a constant has value, no 'unit'",
    ],
    [{ ...MINIMAL, signals: {} }, "devices[0].readings[0].signal: there is no signal 's'"],
    [
      { ...MINIMAL, devices: [{ ...MINIMAL.devices[0], count: 2 }] },
      "two devices are called 'd': use {n} or a parameter",
    ],
    [{ ...MINIMAL, devices: [{ ...MINIMAL.devices[0], name: 'd{x}' }] }, "devices[0].name: there is no parameter 'x'"],
    [
      { ...MINIMAL, devices: [{ name: 'd', readings: [{ name: 'r', signal: 's' }] }] },
      'devices[0].readings[0].every: expected a number',
    ],
  ])('%j', (scenario, message) => {
    expect(() => readScenario(scenario)).toThrow(message);
  });
});
