import { expect, test } from 'vitest';
import { ServiceSignals } from '../../src/broker/service-signals.ts';

test('a SIGHUP that comes while the broker starts is made up for, once', () => {
  const before = process.listenerCount('SIGHUP');
  const signals = new ServiceSignals({ debug() {}, info() {}, warn() {}, error() {} }, true);
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  let reloads = 0;
  signals.handleHangUpWith(() => reloads++);
  expect(reloads).toBe(1);
  process.emit('SIGHUP');
  expect(reloads).toBe(2);
  signals.ignore();
  expect(process.listenerCount('SIGHUP')).toBe(before);
});
