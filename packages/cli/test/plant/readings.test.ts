import { expect, test } from 'vitest';
import { bottlingLine } from '../../src/plant/bottling-line.ts';
import { Outages } from '../../src/plant/outages.ts';
import { Random } from '../../src/plant/random.ts';
import { type Publication, Readings } from '../../src/plant/readings.ts';
import type { DeviceDescription } from '../../src/plant/scenario.ts';
import { SignalModel } from '../../src/plant/signal-model.ts';

const NOW = new Date('2026-03-01T08:00:00.000Z');

function play(device: DeviceDescription, speed: number, seconds: number): Publication[] {
  const model = new SignalModel(
    {
      speed: { kind: 'constant', value: speed },
      count: { kind: 'integral', perSecond: 'speed' },
      state: { kind: 'machine', initial: 'on', states: { on: { seconds: [1e9, 1e9], next: { on: 1 } } } },
    },
    1,
  );
  const readings = new Readings(device, 'plant', new Random(1));
  const published: Publication[] = [];
  for (let tick = 1; tick <= seconds * 20; tick++) {
    model.advance(0.05);
    published.push(...readings.takeDue(tick / 20, NOW, model));
  }
  return published;
}

test('a reading is published as often as it says', () => {
  const device = { name: 'pump', readings: [{ name: 'speed', signal: 'speed', every: 0.5, decimals: 2 }] };
  const published = play(device, 3, 20);
  expect(published.length).toBeGreaterThanOrEqual(39);
  expect(published.length).toBeLessThanOrEqual(40);
  expect(published[0]).toEqual({ topicName: 'plant/pump/speed', payload: '3.00', qos: 0, retain: false });
});

test('a reading on change is published once for each value', () => {
  const device = {
    name: 'counter',
    readings: [{ name: 'count', signal: 'count', every: 'change', decimals: -1, qos: 1, retain: true }],
  } as const;
  const published = play(device, 1, 4.5);
  expect(published.map(({ payload }) => payload)).toEqual(['0', '1', '2', '3', '4']);
  expect(published[0]).toMatchObject({ qos: 1, retain: true });
});

test('a state is published as a word', () => {
  const device = { name: 'line', readings: [{ name: 'state', signal: 'state', every: 'change' }] } as const;
  expect(play(device, 1, 5).map(({ payload }) => payload)).toEqual(['on']);
});

test('a machine that stands measures nothing', () => {
  const device = { name: 'capper', readings: [{ name: 'torque', signal: 'speed', every: 0.1, while: 'speed' }] };
  expect(play(device, 0, 5)).toEqual([]);
  expect(play(device, 1, 5).length).toBeGreaterThan(45);
});

test('a JSON payload has value, unit, time and a number', () => {
  const device = {
    name: 'tank',
    readings: [{ name: 'level', signal: 'speed', every: 1, unit: '%', payload: 'json' }],
  } as const;
  const [first, second] = play(device, 40.26, 3).map(({ payload }) => JSON.parse(payload));
  expect(first).toEqual({ value: 40.3, unit: '%', time: '2026-03-01T08:00:00.000Z', n: 1 });
  expect(second).toMatchObject({ n: 2 });
});

test('time that was slept through is not made up for', () => {
  const model = new SignalModel({ speed: { kind: 'constant', value: 1 } }, 1);
  const device = { name: 'pump', readings: [{ name: 'speed', signal: 'speed', every: 1 }] };
  const readings = new Readings(device, 'plant', new Random(1));
  const counts = [1, 61, 61.05, 61.1, 61.9, 62].map((at) => readings.takeDue(at, NOW, model).length);
  expect(counts).toEqual([1, 1, 0, 0, 1, 0]);
});

test('a device is off the network when and as long as it says', () => {
  const outages = new Outages({ firstAfter: 6, lasts: [4, 5], pause: [20, 30] }, new Random(1));
  const out = Array.from({ length: 1000 }, (_, tick) => outages.isOutAt(tick / 10));
  const changes = out.flatMap((isOut, tick) => (isOut === (out[tick - 1] ?? false) ? [] : [tick / 10]));
  const [lost = 0, back = 0, lostAgain = 0] = changes;
  expect(lost).toBe(6);
  expect(back - lost).toBeGreaterThanOrEqual(4);
  expect(back - lost).toBeLessThanOrEqual(5.1);
  expect(lostAgain - back).toBeGreaterThanOrEqual(20);
});

test('the bottling line has a dozen devices, and every reading a signal of its own', () => {
  const model = new SignalModel(bottlingLine.signals, 1);
  const readings = bottlingLine.devices.flatMap((device) => device.readings.map((reading) => ({ device, reading })));
  for (const { reading } of readings) expect(model.value(reading.signal)).toBeDefined();
  expect(bottlingLine.devices).toHaveLength(12);
  expect(new Set(readings.map(({ device, reading }) => `${device.name}/${reading.name}`)).size).toBe(readings.length);
  expect(bottlingLine.devices.filter(({ outage }) => outage !== undefined)).toHaveLength(1);
});
