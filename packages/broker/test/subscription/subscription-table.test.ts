import assert from 'node:assert/strict';
import { matchesTopicFilter } from '@busbar/protocol';
import { subscriptionTo } from '@busbar/testkit';
import fc from 'fast-check';
import { beforeEach, describe, test } from 'vitest';
import type { StoredSubscription } from '../../src/store/store.ts';
import type { Subscriber } from '../../src/subscription/receiver.ts';
import { SubscriptionTable } from '../../src/subscription/subscription-table.ts';

type Options = Partial<StoredSubscription>;

function subscriber(clientIdentifier: string): Subscriber {
  return {
    clientIdentifier,
    isReady: true,
    isLasting: false,
    mayReceive: () => true,
    canQueue: true,
    inFlight: 0,
    mustRefuse: () => false,
    deliver: () => assert.fail('nobody delivers'),
  };
}

const [ann, bob, eve] = ['ann', 'bob', 'eve'].map(subscriber) as [Subscriber, Subscriber, Subscriber];
let table: SubscriptionTable;

beforeEach(() => {
  table = new SubscriptionTable();
});

function subscription(topicFilter: string, options: Options = {}): StoredSubscription {
  return { ...subscriptionTo(topicFilter), subscriptionIdentifier: undefined, ...options };
}

function set(who: Subscriber, topicFilter: string, options: Options = {}): StoredSubscription | undefined {
  return table.set(who, topicFilter, subscription(topicFilter, options));
}

/** Who receives, with the highest QoS; groups by the names of their members. */
function receivers(topicName: string): string[] {
  const { receivers, groups } = table.match(topicName);
  const shared = groups.map(({ group }) => {
    const names = [...group].map(({ member }) => member.clientIdentifier);
    return names.sort().join('+');
  });
  return [
    ...receivers.map(({ subscriber: { clientIdentifier }, qos }) => `${clientIdentifier} ${qos}`),
    ...shared,
  ].sort();
}

describe('overlapping subscriptions (section 3.3.4)', () => {
  test('bring a message once, with the highest QoS and every Subscription Identifier', () => {
    set(ann, 'a/b', { qos: 1, subscriptionIdentifier: 3 });
    set(ann, 'a/+', { qos: 2, subscriptionIdentifier: 200_000 });
    set(ann, '#', { qos: 0 });
    set(ann, 'x', { qos: 2, subscriptionIdentifier: 9 });
    set(bob, 'a/#', { qos: 0 });
    assert.deepEqual(receivers('a/b'), ['ann 2', 'bob 0']);
    const { receivers: found } = table.match('a/b');
    assert.deepEqual(
      new Set(found.find(({ subscriber }) => subscriber === ann)?.subscriptionIdentifiers),
      new Set([3, 200_000]),
    );
    assert.equal(found.find(({ subscriber }) => subscriber === bob)?.subscriptionIdentifiers, undefined);
  });

  test('Retain As Published holds when one of them sets it', () => {
    set(ann, 'a');
    assert.equal(table.match('a').receivers[0]?.retainAsPublished, false);
    set(ann, '#', { retainAsPublished: true });
    assert.equal(table.match('a').receivers[0]?.retainAsPublished, true);
  });

  test('No Local takes away only the subscriptions that set it [MQTT-3.8.3-3]', () => {
    set(ann, 'a', { qos: 2, noLocal: true, subscriptionIdentifier: 1 });
    assert.equal(table.match('a').receivers[0]?.forOwnMessages(), undefined);
    set(ann, '#', { qos: 1, subscriptionIdentifier: 2 });
    const [receiver] = table.match('a').receivers;
    const own = receiver?.forOwnMessages();
    assert.deepEqual([receiver?.qos, receiver?.subscriptionIdentifiers?.length], [2, 2]);
    assert.deepEqual([own?.qos, own?.subscriptionIdentifiers], [1, [2]]);
  });
});

describe('the same filter again', () => {
  test('replaces the subscription and answers the one before [MQTT-3.8.4-3]', () => {
    assert.equal(set(ann, 'a', { qos: 1 }), undefined);
    assert.equal(set(ann, 'a', { qos: 0 })?.qos, 1);
    assert.deepEqual(receivers('a'), ['ann 0']);
    assert.equal(table.size, 1);
    assert.equal(set(ann, '$share/g/a', { qos: 2 }), undefined);
    assert.equal(set(ann, '$share/g/a', { qos: 1 })?.qos, 2);
    assert.equal(table.size, 2);
  });
});

describe('Shared Subscriptions (section 4.8.2)', () => {
  test('a group of one share name and filter gets a message once, beside ordinary subscriptions', () => {
    set(ann, '$share/g/a/+');
    set(bob, '$share/g/a/+');
    set(eve, '$share/h/a/+');
    set(eve, '$share/g/a/b');
    set(ann, 'a/b', { qos: 1 });
    assert.deepEqual(receivers('a/b'), ['ann 1', 'ann+bob', 'eve', 'eve']);
    assert.deepEqual([table.size, table.sharedSize], [5, 4]);
  });

  test('a group disappears with its last member', () => {
    set(ann, '$share/g/a');
    set(bob, '$share/g/a');
    assert.notEqual(table.delete(ann, '$share/g/a'), undefined);
    assert.equal(table.delete(ann, '$share/g/a'), undefined);
    assert.deepEqual(receivers('a'), ['bob']);
    table.delete(bob, '$share/g/a');
    assert.deepEqual(receivers('a'), []);
    assert.deepEqual([table.size, table.sharedSize], [0, 0]);
    set(eve, '$share/g/a');
    assert.deepEqual(receivers('a'), ['eve']);
  });

  test('a topic that begins with $ is matched by the filter behind the share name alone [MQTT-4.7.2-1]', () => {
    set(ann, '$share/g/#');
    set(bob, '$share/g/$SYS/#');
    assert.deepEqual(receivers('$SYS/uptime'), ['bob']);
    assert.deepEqual(receivers('g/a'), ['ann']);
  });

  test('a strategy chooses among the members', () => {
    table = new SubscriptionTable({ name: 'sticky' });
    set(ann, '$share/g/a');
    set(bob, '$share/g/a');
    const group = table.match('a').groups[0]?.group;
    const chosen = [1, 2, 3].map(
      () =>
        group?.choose(
          () => true,
          () => true,
        )?.member.clientIdentifier,
    );
    assert.equal(new Set(chosen).size, 1);
  });
});

test('property: who receives, is told anew by the epoch, and matches what a naive table says', () => {
  const filter = fc.constantFrom('a', 'a/b', 'a/+', '+/b', '#', 'a/#', '$share/g/a/+', '$share/h/#', '$share/g/a');
  const step = fc.record({ who: fc.nat({ max: 2 }), filter, isSet: fc.boolean(), qos: fc.constantFrom(0, 1, 2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      table = new SubscriptionTable();
      const model = new Map<string, number>();
      for (const { who, filter: topicFilter, isSet, qos } of steps) {
        const before = ['a', 'a/b', 'b'].map(receivers);
        const { epoch } = table;
        const member = [ann, bob, eve][who] ?? ann;
        const key = `${member.clientIdentifier} ${topicFilter}`;
        const previous = isSet ? set(member, topicFilter, { qos }) : table.delete(member, topicFilter);
        assert.equal(previous?.qos, model.get(key));
        if (isSet) model.set(key, qos);
        else model.delete(key);
        assert.equal(table.size, model.size);
        assert.ok(table.epoch >= epoch);
        // Members of a group may change without a new epoch: a route holds the group, not its members.
        const isShared = topicFilter.startsWith('$share/');
        if (table.epoch === epoch && !isShared) assert.deepEqual(['a', 'a/b', 'b'].map(receivers), before);
      }
      for (const topicName of ['a', 'a/b', 'b']) assert.deepEqual(receivers(topicName), naive(model, topicName));
    }),
  );
});

function naive(model: ReadonlyMap<string, number>, topicName: string): string[] {
  const ordinary = new Map<string, number>();
  const groups = new Map<string, string[]>();
  for (const [key, qos] of model) {
    const [who = '', topicFilter = ''] = key.split(' ');
    const shared = /^\$share\/[^/]+\/(.*)$/.exec(topicFilter);
    if (!matchesTopicFilter(shared?.[1] ?? topicFilter, topicName)) continue;
    if (shared === null) ordinary.set(who, Math.max(ordinary.get(who) ?? 0, qos));
    else groups.set(topicFilter, [...(groups.get(topicFilter) ?? []), who]);
  }
  const members = [...groups.values()].map((names) => names.sort().join('+'));
  return [...[...ordinary].map(([who, qos]) => `${who} ${qos}`), ...members].sort();
}
