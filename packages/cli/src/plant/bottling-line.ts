import type { Scenario } from './scenario.ts';

/**
 * A bottling line for 36,000 bottles an hour and its surroundings: a dozen devices, two dozen signals. Everything follows
 * the state of the line: speed, and with it levels, pressures, power, vibration.
 */
export const bottlingLine: Scenario = {
  name: 'Bottling line 1',
  topicRoot: 'plant/line1',
  stateTopic: 'control/state',
  signals: {
    state: {
      kind: 'machine',
      initial: 'idle',
      states: {
        idle: { seconds: [1, 2], next: { starting: 1 } },
        starting: { seconds: [2, 3], next: { producing: 1 } },
        producing: { seconds: [7, 16], next: { blocked: 3, fault: 2 } },
        blocked: { seconds: [2, 4], next: { producing: 1 } },
        fault: { seconds: [3, 5], next: { idle: 1 } },
      },
    },
    // Bottles a second: 10 are 36,000 an hour.
    'speed.target': { kind: 'by-state', of: 'state', values: { producing: 10, starting: 4 }, otherwise: 0 },
    speed: { kind: 'lag', of: 'speed.target', seconds: 0.9 },
    'speed.hourly': { kind: 'lag', of: 'speed', seconds: 0.1, gain: 3600 },
    bottles: { kind: 'integral', perSecond: 'speed', initial: 128_400 },
    rejects: { kind: 'integral', perSecond: 'speed', gain: 0.012, initial: 311 },
    crates: { kind: 'integral', perSecond: 'speed', gain: 1 / 12, initial: 10_674 },

    'tank.level': { kind: 'vessel', outflow: 'speed', drain: 0.16, fill: 5, low: 35, high: 92, initial: 58 },
    'tank.temperature': { kind: 'walk', mean: 4.2, spread: 0.15, seconds: 60 },

    'filler.temperature.base': { kind: 'lag', of: 'speed', seconds: 12, gain: -0.12, offset: 7.6 },
    'filler.temperature.noise': { kind: 'walk', mean: 0, spread: 0.04, seconds: 2 },
    'filler.temperature': { kind: 'sum', of: ['filler.temperature.base', 'filler.temperature.noise'] },
    'filler.pressure.base': { kind: 'lag', of: 'speed', seconds: 2, gain: 0.07, offset: 2.5 },
    'filler.pressure.noise': { kind: 'walk', mean: 0, spread: 0.02, seconds: 0.6 },
    'filler.pressure': { kind: 'sum', of: ['filler.pressure.base', 'filler.pressure.noise'] },
    'filler.bowl.base': { kind: 'lag', of: 'speed', seconds: 4, gain: -1.9, offset: 82 },
    'filler.bowl.noise': { kind: 'walk', mean: 0, spread: 0.5, seconds: 1.5 },
    'filler.bowl': { kind: 'sum', of: ['filler.bowl.base', 'filler.bowl.noise'] },

    'rinser.pressure': { kind: 'walk', mean: 3.1, spread: 0.06, seconds: 4 },
    'capper.torque': { kind: 'walk', mean: 1.92, spread: 0.07, seconds: 0.4 },
    'labeller.reel': { kind: 'vessel', outflow: 'speed', drain: 0.11, fill: 60, low: 4, high: 100, initial: 41 },
    'checkweigher.weight': { kind: 'walk', mean: 352.4, spread: 0.9, seconds: 0.1 },
    'conveyor.speed': { kind: 'lag', of: 'speed', seconds: 0.5, gain: 0.082 },

    'compressor.pressure': {
      kind: 'vessel',
      outflow: 'speed',
      drain: 0.012,
      fill: 0.3,
      low: 6.2,
      high: 7.4,
      initial: 6.9,
    },
    'energy.power.base': { kind: 'lag', of: 'speed', seconds: 1.5, gain: 3.4, offset: 11.5 },
    'energy.power.noise': { kind: 'walk', mean: 0, spread: 0.5, seconds: 0.8 },
    'energy.power': { kind: 'sum', of: ['energy.power.base', 'energy.power.noise'] },
    'energy.total': { kind: 'integral', perSecond: 'energy.power', gain: 1 / 3600, initial: 80_412.6 },

    'drive.vibration.base': { kind: 'lag', of: 'speed', seconds: 0.8, gain: 0.21, offset: 0.3 },
    'drive.vibration.noise': { kind: 'walk', mean: 0, spread: 0.08, seconds: 0.5 },
    'drive.vibration': { kind: 'sum', of: ['drive.vibration.base', 'drive.vibration.noise'] },
    'drive.temperature': { kind: 'lag', of: 'speed', seconds: 90, gain: 2.1, offset: 31 },
  },
  devices: [
    {
      name: 'control',
      readings: [
        { name: 'state', signal: 'state', every: 'change', qos: 1, retain: true },
        { name: 'speed', signal: 'speed.hourly', every: 0.5, decimals: 0, unit: '1/h', payload: 'json' },
        { name: 'bottles', signal: 'bottles', every: 1, decimals: -1, qos: 1, retain: true },
      ],
    },
    {
      name: 'tank',
      readings: [
        { name: 'level', signal: 'tank.level', every: 1, unit: '%', payload: 'json' },
        { name: 'temperature', signal: 'tank.temperature', every: 2, unit: '°C', payload: 'json' },
      ],
    },
    { name: 'rinser', readings: [{ name: 'pressure', signal: 'rinser.pressure', every: 0.5, decimals: 2 }] },
    {
      name: 'filler',
      readings: [
        { name: 'temperature', signal: 'filler.temperature', every: 0.25, decimals: 2 },
        { name: 'pressure', signal: 'filler.pressure', every: 0.2, decimals: 2 },
        { name: 'level', signal: 'filler.bowl', every: 0.25, unit: '%', payload: 'json' },
      ],
    },
    {
      name: 'capper',
      readings: [{ name: 'torque', signal: 'capper.torque', every: 0.1, while: 'speed', decimals: 2 }],
    },
    {
      name: 'labeller',
      readings: [{ name: 'reel', signal: 'labeller.reel', every: 2, unit: '%', payload: 'json', qos: 1 }],
    },
    {
      name: 'checkweigher',
      readings: [
        { name: 'weight', signal: 'checkweigher.weight', every: 0.1, while: 'speed' },
        { name: 'rejects', signal: 'rejects', every: 'change', decimals: -1, qos: 1, retain: true },
      ],
    },
    { name: 'conveyor', readings: [{ name: 'speed', signal: 'conveyor.speed', every: 0.2, decimals: 2 }] },
    { name: 'packer', readings: [{ name: 'crates', signal: 'crates', every: 'change', decimals: -1, qos: 2 }] },
    {
      name: 'compressor',
      readings: [
        { name: 'pressure', signal: 'compressor.pressure', every: 1, decimals: 2, unit: 'bar', payload: 'json' },
      ],
    },
    {
      name: 'energy',
      readings: [
        { name: 'power', signal: 'energy.power', every: 1, unit: 'kW', payload: 'json' },
        {
          name: 'total',
          signal: 'energy.total',
          every: 5,
          decimals: 2,
          unit: 'kWh',
          payload: 'json',
          qos: 1,
          retain: true,
        },
      ],
    },
    {
      // A battery-powered sensor on the hall's wireless network, where a forklift comes into the way now and then.
      name: 'drive',
      readings: [
        {
          name: 'vibration',
          signal: 'drive.vibration',
          every: 0.5,
          decimals: 2,
          unit: 'mm/s',
          payload: 'json',
          qos: 1,
        },
        { name: 'temperature', signal: 'drive.temperature', every: 2, unit: '°C', payload: 'json', qos: 1 },
      ],
      outage: { firstAfter: 6, lasts: [4, 5.5], pause: [20, 40] },
    },
  ],
};
