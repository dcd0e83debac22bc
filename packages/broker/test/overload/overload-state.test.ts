import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { OverloadState } from '../../src/overload/overload-state.ts';

const LAG_MS = 200;

/** A state that is told ten times a second, in virtual time. */
class Told {
  readonly state = new OverloadState();
  now = 0;

  /** @returns The levels after each sample, those that are the same as before left out. */
  samples(count: number, lagMs: number, memoryShare = 0.5): string[] {
    const levels: string[] = [];
    for (let n = 0; n < count; n++) {
      this.now += 100;
      this.state.handleSample({ lagMs, memoryShare }, LAG_MS, this.now);
      if (levels.at(-1) !== this.state.level) levels.push(this.state.level);
    }
    return levels;
  }
}

describe('the event loop is late', () => {
  test('a little: nothing happens, however long', () => {
    assert.deepEqual(new Told().samples(10_000, LAG_MS - 1), ['none']);
  });

  test('once, for as long as a machine may sleep: clients are slowed for a moment, and nobody is refused', () => {
    const told = new Told();
    assert.deepEqual(told.samples(1, 3_600_000), ['slowed']);
    assert.deepEqual(told.samples(50, 0), ['slowed', 'none']);
  });

  test('for a while: slowed, then refusing, then slowed, then over', () => {
    const told = new Told();
    assert.deepEqual(told.samples(30, 5_000), ['slowed', 'refusing']);
    assert.deepEqual(told.samples(100, 0), ['refusing', 'slowed', 'none']);
  });

  test('a level holds until it is half as late: no change of mind around the bound', () => {
    const told = new Told();
    told.samples(50, LAG_MS + 10);
    assert.deepEqual(told.samples(1_000, LAG_MS - 50), ['slowed']);
    assert.deepEqual(told.samples(100, LAG_MS / 2 - 10), ['slowed', 'none']);
  });

  test('and nobody minds, when that is turned off', () => {
    const state = new OverloadState();
    for (let n = 1; n < 100; n++) state.handleSample({ lagMs: 10_000, memoryShare: 0 }, 0, n * 100);
    assert.equal(state.level, 'none');
  });
});

test('memory: slowed when it is scarce, refusing when it is out, over when a tenth is free', () => {
  const told = new Told();
  assert.deepEqual(told.samples(1, 0, 0.94), ['none']);
  assert.deepEqual(told.samples(1, 0, 0.95), ['slowed']);
  assert.equal(told.state.isOutOfMemory, false);
  assert.deepEqual(told.samples(1, 0, 1), ['refusing']);
  assert.equal(told.state.isOutOfMemory, true);
  assert.deepEqual(told.samples(10, 0, 0.91), ['refusing']);
  assert.deepEqual(told.samples(1, 0, 0.89), ['none']);
  assert.equal(told.state.isOutOfMemory, false);
});

test('whatever is measured, it ends as soon as nothing is wrong any more, within four seconds', () => {
  const sample = fc.record({ lagMs: fc.nat(100_000), memoryShare: fc.double({ min: 0, max: 2, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
      const told = new Told();
      for (const { lagMs, memoryShare } of samples) told.samples(1, lagMs, memoryShare);
      told.samples(40, 0, 0);
      assert.deepEqual([told.state.level, told.state.isOutOfMemory], ['none', false]);
    }),
  );
});
