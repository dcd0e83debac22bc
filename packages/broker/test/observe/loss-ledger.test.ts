import assert from 'node:assert/strict';
import { test } from 'vitest';
import { LossLedger } from '../../src/observe/loss-ledger.ts';

test('counts by reason; what was never lost is not named', () => {
  const ledger = new LossLedger();
  assert.deepEqual([ledger.total, ledger.toPlain()], [0, {}]);
  ledger.count('expired', 'a', 't');
  ledger.count('queue-full', 'a', 't', 3);
  ledger.count('queue-full', 'b', 't');
  ledger.count('refused', 'a', 't', 0);
  assert.deepEqual(ledger.toPlain(), { expired: 1, 'queue-full': 4 });
  assert.equal(ledger.total, 5);
});

test('tells sessions apart, the latest last, with the topic of their latest loss', () => {
  const ledger = new LossLedger();
  ledger.count('expired', 'a', 't/1');
  ledger.count('expired', 'b', 't/2');
  ledger.count('queue-full', 'a', 't/3', 2);
  ledger.count('session-ended', 'a', '');
  assert.deepEqual(ledger.report().sessions, [
    { clientIdentifier: 'b', losses: { expired: 1 }, latestTopic: 't/2' },
    { clientIdentifier: 'a', losses: { expired: 1, 'queue-full': 2, 'session-ended': 1 }, latestTopic: 't/3' },
  ]);
});

test('messages that were refused and whose publishers could not be told are no losses of a session', () => {
  const ledger = new LossLedger();
  ledger.countRefusal('retained-full', 't');
  assert.equal(ledger.total, 0);
  const { losses, refusals, topics, sessions } = ledger.report();
  assert.deepEqual([losses, refusals, topics, sessions], [{}, { 'retained-full': 1 }, { 'retained-full': ['t'] }, []]);
});

test('whatever is lost, it does not grow beyond its bounds, and counts everything', () => {
  const ledger = new LossLedger();
  for (let n = 0; n < 5_000; n++) ledger.count('queue-full', `client-${n % 2_500}`, `topic/${n}`);
  const { losses, sessions, elsewhere, topics } = ledger.report();
  assert.deepEqual(losses, { 'queue-full': 5_000 });
  assert.equal(sessions.length, 1_000);
  const counted = sessions.reduce((sum, each) => sum + (each.losses['queue-full'] ?? 0), elsewhere);
  assert.equal(counted, 5_000);
  assert.equal(sessions.at(-1)?.clientIdentifier, 'client-2499');
  assert.deepEqual(topics['queue-full']?.length, 8);
  assert.equal(topics['queue-full']?.at(-1), 'topic/4999');
});
