import assert from 'node:assert/strict';
import { test } from 'vitest';
import { NONE } from '../../src/session/none.ts';

test('nobody can put anything into the array that everybody shares', () => {
  const shared: string[] = NONE;
  assert.throws(() => shared.push('mine'), TypeError);
  assert.deepEqual(shared, []);
});
