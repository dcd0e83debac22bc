import assert from 'node:assert/strict';
import { test } from 'vitest';
import { BackOff } from '../../src/dialer/back-off.ts';

test('waits double up to the maximum, each a random part', () => {
  let random = 1;
  const backOff = new BackOff({ initialDelayMs: 100, maximumDelayMs: 500 }, () => random);
  assert.deepEqual(
    Array.from({ length: 5 }, () => backOff.nextDelayMs()),
    [100, 200, 400, 500, 500],
  );
  random = 0.25;
  assert.equal(backOff.nextDelayMs(), 125);
  random = 0;
  assert.equal(backOff.nextDelayMs(), 0);
});

test('only a connection that stood for a healthy time begins anew', () => {
  const backOff = new BackOff({ initialDelayMs: 100, healthyAfterMs: 1_000 }, () => 1);
  backOff.nextDelayMs();
  backOff.nextDelayMs();
  backOff.handleDisconnected(999);
  assert.equal(backOff.nextDelayMs(), 400);
  backOff.handleDisconnected(1_000);
  assert.equal(backOff.nextDelayMs(), 100);
});

test('thousands of failures do no harm', () => {
  const backOff = new BackOff({}, () => 1);
  for (let i = 0; i < 5_000; i++) backOff.nextDelayMs();
  assert.equal(backOff.nextDelayMs(), 30_000);
});

test.each([{ initialDelayMs: -1 }, { maximumDelayMs: Number.NaN }, { healthyAfterMs: -0.5 }])(
  '%o is refused',
  (options) => {
    assert.throws(() => new BackOff(options, Math.random), { code: 'option-invalid' });
  },
);
