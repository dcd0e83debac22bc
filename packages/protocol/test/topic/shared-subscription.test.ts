import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import {
  isSharedSubscription,
  parseSharedSubscription,
  sharedSubscriptionFault,
  subscriptionFilterFault,
} from '../../src/topic/shared-subscription.ts';

describe('a Shared Subscription', () => {
  test('MQTT-4.8.2-1 starts with $share/ and has a ShareName', () => {
    assert.deepEqual(parseSharedSubscription('$share/consumer1/sport/tennis/+'), {
      shareName: 'consumer1',
      topicFilter: 'sport/tennis/+',
    });
    for (const filter of ['$share', '$shared/a/b', '$SHARE/a/b', '/$share/a/b', 'share/a/b', '#']) {
      assert.isFalse(isSharedSubscription(filter), filter);
      assert.isUndefined(parseSharedSubscription(filter), filter);
      assert.isUndefined(sharedSubscriptionFault(filter), filter);
    }
    for (const filter of ['$share/', '$share//', '$share//a']) {
      assert.isUndefined(parseSharedSubscription(filter), filter);
      assert.equal(sharedSubscriptionFault(filter), 'Shared Subscription: expected a ShareName, came none');
    }
  });

  test('MQTT-4.8.2-2 the ShareName has no wildcard character and is followed by / and a Topic Filter', () => {
    for (const filter of ['$share/+/a', '$share/a+/a', '$share/#/a', '$share/a#b/a', '$share/#']) {
      assert.isUndefined(parseSharedSubscription(filter), filter);
      assert.match(
        sharedSubscriptionFault(filter) ?? '',
        /expected no wildcard character in the ShareName, came [+#]$/,
      );
    }
    for (const filter of ['$share/a', '$share/a/']) {
      assert.isUndefined(parseSharedSubscription(filter), filter);
      assert.equal(
        sharedSubscriptionFault(filter),
        'Shared Subscription: expected a Topic Filter behind the ShareName, came none',
      );
    }
  });

  test('MQTT-4.8.2-2 the Topic Filter behind the ShareName may be any, with empty levels too', () => {
    assert.deepEqual(parseSharedSubscription('$share/a//finance'), { shareName: 'a', topicFilter: '/finance' });
    assert.deepEqual(parseSharedSubscription('$share/a//'), { shareName: 'a', topicFilter: '/' });
    assert.deepEqual(parseSharedSubscription('$share/a/#'), { shareName: 'a', topicFilter: '#' });
    assert.deepEqual(parseSharedSubscription('$share/a/$SYS/#'), { shareName: 'a', topicFilter: '$SYS/#' });
    assert.deepEqual(parseSharedSubscription('$share/a/$share/b/c'), { shareName: 'a', topicFilter: '$share/b/c' });
  });

  test('MQTT-4.7.1-1 MQTT-4.7.1-2 MQTT-4.7.3-2 MQTT-4.7.3-3 keeps the rules of its Topic Filter', () => {
    for (const filter of ['$share/a/b+', '$share/a/#/b', '$share/a/\0', '$share/\0/a', '$share/\ud800/a']) {
      assert.isDefined(sharedSubscriptionFault(filter), filter);
    }
    const longest = `$share/a/${'x'.repeat(65_526)}`;
    assert.isUndefined(sharedSubscriptionFault(longest));
    assert.equal(
      sharedSubscriptionFault(`${longest}x`),
      'Shared Subscription: expected at most 65535 bytes, came 65536',
    );
  });

  test('the limit of levels holds for the Topic Filter behind the ShareName', () => {
    assert.isUndefined(sharedSubscriptionFault('$share/a/b/c', { maxLevels: 2 }));
    assert.equal(
      sharedSubscriptionFault('$share/a/b/c/d', { maxLevels: 2 }),
      'Topic Filter: expected at most 2 levels, came 3',
    );
  });

  test('a filter of a SUBSCRIBE packet is judged as what it claims to be', () => {
    assert.isUndefined(subscriptionFilterFault('a/+'));
    assert.isUndefined(subscriptionFilterFault('$share/g/a/+'));
    assert.isUndefined(subscriptionFilterFault('$share'));
    assert.match(subscriptionFilterFault('a+') ?? '', /^Topic Filter/);
    assert.match(subscriptionFilterFault('$share/g') ?? '', /^Shared Subscription/);
  });

  test('comes apart exactly when a faultless one does, and the parts make the whole', () => {
    const text = fc
      .array(fc.constantFrom('$share', 'a', '+', '#', ''), { maxLength: 5 })
      .map((levels) => levels.join('/'));
    fc.assert(
      fc.property(text, (filter) => {
        const parts = parseSharedSubscription(filter);
        if (parts !== undefined) assert.equal(`$share/${parts.shareName}/${parts.topicFilter}`, filter);
        if (isSharedSubscription(filter) && sharedSubscriptionFault(filter) === undefined) assert.isDefined(parts);
      }),
    );
  });
});
