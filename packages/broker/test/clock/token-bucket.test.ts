import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { TokenBucket } from '../../src/clock/token-bucket.ts';

test('as much at once as a second allows, and then as it is earned', () => {
  const bucket = new TokenBucket(0);
  const taken = (now: number) => bucket.tryTake(1, 2, now);
  assert.deepEqual([taken(0), taken(0), taken(0)], [true, true, false]);
  assert.deepEqual([taken(499), taken(500), taken(500)], [false, true, false]);
  assert.deepEqual([taken(60_000), taken(60_000), taken(60_000)], [true, true, false]);
});

test('what is more than a second allows is possible after a quiet second, and has to be earned then', () => {
  const bucket = new TokenBucket(0);
  assert.equal(bucket.tryTake(50, 10, 0), true);
  assert.equal(bucket.tryTake(1, 10, 4_000), false);
  assert.equal(bucket.tryTake(1, 10, 4_200), true);
});

test('what was taken in any case is waited for', () => {
  const bucket = new TokenBucket(0);
  assert.equal(bucket.take(10, 10, 0), 0);
  assert.equal(bucket.take(5, 10, 0), 500);
  assert.equal(bucket.take(5, 10, 500), 500);
  assert.equal(bucket.take(0, 10, 1_000), 0);
});

test('property: whoever waits as told never takes more than the rate, and what a second allows beside', () => {
  const takes = fc.array(fc.record({ amount: fc.integer({ min: 1, max: 1_000 }), pauseMs: fc.nat(500) }), {
    maxLength: 100,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), takes, (rate, all) => {
      const bucket = new TokenBucket(0);
      let now = 0;
      let total = 0;
      for (const { amount, pauseMs } of all) {
        now += pauseMs;
        total += amount;
        now += bucket.take(amount, rate, now);
        assert.ok(total <= (now / 1000) * rate + rate + 1e-6, `${total} in ${now} ms at ${rate} a second`);
      }
    }),
  );
});
