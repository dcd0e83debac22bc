import assert from 'node:assert/strict';
import { test } from 'vitest';
import { LossLedger } from '../../src/observe/loss-ledger.ts';

test('counts by reason; what was never lost is not named', () => {
  const ledger = new LossLedger();
  assert.deepEqual([ledger.total, ledger.toPlain()], [0, {}]);
  ledger.count('expired');
  ledger.count('queue-full', 3);
  ledger.count('queue-full');
  ledger.count('refused', 0);
  assert.deepEqual(ledger.toPlain(), { expired: 1, 'queue-full': 4 });
  assert.equal(ledger.total, 5);
});
