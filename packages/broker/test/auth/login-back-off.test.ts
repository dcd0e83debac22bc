import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { BoundedTable } from '../../src/auth/bounded-table.ts';
import { Flapping } from '../../src/auth/flapping.ts';
import { LoginBackOff, networkOf } from '../../src/auth/login-back-off.ts';

describe('LoginBackOff', () => {
  test('a few failures are free, then each doubles the wait up to its bound', () => {
    const backOff = new LoginBackOff({ nameFailures: 3, nameWaitSeconds: 10 });
    const waits: number[] = [];
    for (let now = 0, failure = 0; failure < 9; failure++) {
      backOff.handleFailure(`10.0.0.${failure}`, 'ann', now);
      const wait = backOff.waitMs('10.9.9.9', 'ann', now);
      waits.push(wait);
      now += wait;
    }
    assert.deepEqual(waits, [0, 0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  test('an address that tries many names waits as well, and nobody else does', () => {
    const backOff = new LoginBackOff({ addressFailures: 5 });
    for (let name = 0; name < 12; name++) backOff.handleFailure('10.0.0.1', `user${name}`, 0);
    assert.ok(backOff.waitMs('10.0.0.1', 'somebody', 0) >= 64_000);
    assert.equal(backOff.waitMs('10.0.0.2', 'somebody', 0), 0);
  });

  test('IPv6 is counted by network', () => {
    const backOff = new LoginBackOff({ addressFailures: 2 });
    for (let host = 1; host < 6; host++) backOff.handleFailure(`2001:db8:1:2::${host}`, undefined, 0);
    assert.ok(backOff.waitMs('2001:db8:1:2:ffff::1', undefined, 0) > 0);
    assert.equal(backOff.waitMs('2001:db8:1:3::1', undefined, 0), 0);
    assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
    assert.equal(networkOf('::1'), '0:0:0:0');
  });

  test('the owner of a name that comes in ends its waits; its address keeps its own', () => {
    const backOff = new LoginBackOff({ nameFailures: 1, addressFailures: 1 });
    for (let time = 0; time < 4; time++) backOff.handleFailure('10.0.0.1', 'ann', 0);
    backOff.handleSuccess('ann');
    assert.equal(backOff.waitMs('10.0.0.2', 'ann', 0), 0);
    assert.ok(backOff.waitMs('10.0.0.1', 'ann', 0) > 0);
  });

  test('failures of long ago are forgotten', () => {
    const backOff = new LoginBackOff({ nameFailures: 1 });
    for (let time = 0; time < 4; time++) backOff.handleFailure('10.0.0.1', 'ann', 0);
    backOff.handleFailure('10.0.0.1', 'ann', 16 * 60_000);
    assert.equal(backOff.waitMs('10.0.0.1', 'ann', 16 * 60_000), 0);
  });
});

test('a bounded table never grows over its bound and forgets the oldest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30)), (keys) => {
      const table = new BoundedTable<number>(8);
      const model: number[] = [];
      for (const key of keys) {
        table.set(String(key), key);
        if (model.includes(key)) model.splice(model.indexOf(key), 1);
        model.push(key);
        if (model.length > 8) model.shift();
        assert.equal(table.size, model.length);
      }
      for (let key = 0; key <= 30; key++) assert.equal(table.get(String(key)) !== undefined, model.includes(key));
    }),
  );
});

describe('Flapping', () => {
  test('a client that ends too often within the window is kept out for a while', () => {
    const flapping = new Flapping({ maximumEnds: 3, windowSeconds: 10, banSeconds: 60 });
    for (const now of [0, 1000]) flapping.handleEnd('c', '10.0.0.1', now);
    assert.equal(flapping.bannedMs('c', '10.0.0.1', 1000), 0);
    flapping.handleEnd('c', '10.0.0.1', 2000);
    assert.equal(flapping.bannedMs('c', '10.0.0.1', 2000), 60_000);
    assert.equal(flapping.bannedMs('c', '10.0.0.2', 2000), 0);
    assert.equal(flapping.bannedMs('c', '10.0.0.1', 62_001), 0);
  });

  test('slow ends, and none by default, keep nobody out', () => {
    const flapping = new Flapping({ maximumEnds: 3, windowSeconds: 10 });
    for (let now = 0; now < 100_000; now += 6000) flapping.handleEnd('c', 'a', now);
    assert.equal(flapping.bannedMs('c', 'a', 100_000), 0);
    const off = new Flapping();
    for (let time = 0; time < 1000; time++) off.handleEnd('c', 'a', 0);
    assert.equal(off.bannedMs('c', 'a', 0), 0);
  });
});

test('addresses of this machine do not count: who comes through a proxy on it shares them; names do', () => {
  const backOff = new LoginBackOff({ addressFailures: 1, nameFailures: 1 });
  for (const address of ['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1']) {
    for (let failure = 0; failure < 5; failure++) backOff.handleFailure(address, undefined, 0);
    assert.equal(backOff.waitMs(address, undefined, 0), 0, address);
  }
  for (let failure = 0; failure < 5; failure++) backOff.handleFailure('127.0.0.1', 'ann', 0);
  assert.ok(backOff.waitMs('127.0.0.1', 'ann', 0) > 0);
});
