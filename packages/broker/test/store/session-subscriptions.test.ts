import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { SessionSubscriptions, type StoredSubscription } from '../../src/store/session-subscriptions.ts';

function subscriptionTo(topicFilter: string): StoredSubscription {
  const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { topicFilter, qos: 1, ...options, subscriptionIdentifier: undefined };
}

test('property: subscriptions are kept as a Map would keep them', () => {
  const filter = fc.constantFrom('a', 'b/+', 'c/#');
  const step = fc.record({ isSet: fc.boolean(), filter });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const subscriptions = new SessionSubscriptions();
      const model = new Map<string, StoredSubscription>();
      for (const { isSet, filter: topicFilter } of steps) {
        const subscription = subscriptionTo(topicFilter);
        if (isSet) {
          subscriptions.set(topicFilter, subscription);
          model.set(topicFilter, subscription);
        } else assert.equal(subscriptions.delete(topicFilter), model.delete(topicFilter));
        assert.equal(subscriptions.size, model.size);
        assert.equal(subscriptions.has('a'), model.has('a'));
        assert.equal(subscriptions.get('a'), model.get('a'));
        assert.deepEqual([...subscriptions], [...model]);
        assert.deepEqual([...subscriptions.keys()], [...model.keys()]);
        assert.deepEqual([...subscriptions.values()], [...model.values()]);
      }
    }),
  );
});
