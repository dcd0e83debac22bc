import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { SubscriptionTree } from '../../src/topic/subscription-tree.ts';
import { matchesTopicFilter } from '../../src/topic/topic-filter.ts';
import { operationsOn, topicFilter, topicName } from './arbitraries.ts';

type Tree = SubscriptionTree<string, object>;

function treeOf(...filters: string[]): Tree {
  const tree: Tree = new SubscriptionTree();
  for (const filter of filters) tree.set(filter, filter, {});
  return tree;
}

function matched(tree: Tree, name: string): string[] {
  const subscribers: string[] = [];
  tree.match(name, (subscriber) => subscribers.push(subscriber));
  return subscribers.sort();
}

describe('the subscription tree', () => {
  test('MQTT-4.7.1-1 # matches the parent level and everything beneath', () => {
    const tree = treeOf('sport/#', 'sport/tennis/#', '#', '+/#');
    assert.deepEqual(matched(tree, 'sport'), ['#', '+/#', 'sport/#']);
    assert.deepEqual(matched(tree, 'sport/tennis/a/b'), ['#', '+/#', 'sport/#', 'sport/tennis/#']);
    assert.deepEqual(matched(tree, 'sports'), ['#', '+/#']);
  });

  test('MQTT-4.7.1-2 + matches exactly one level, an empty one too', () => {
    const tree = treeOf('+', '+/+', '/+', 'sport/+', '+/+/+');
    assert.deepEqual(matched(tree, 'a'), ['+']);
    assert.deepEqual(matched(tree, '/finance'), ['+/+', '/+']);
    assert.deepEqual(matched(tree, 'sport/'), ['+/+', 'sport/+']);
    assert.deepEqual(matched(tree, '//'), ['+/+/+']);
  });

  test('MQTT-4.7.2-1 a leading wildcard does not match Topic Names that start with $', () => {
    const tree = treeOf('#', '+', '+/#', '+/a', '$SYS/#', '$SYS/+', '$SYS/a', '$/#');
    assert.deepEqual(matched(tree, '$SYS/a'), ['$SYS/#', '$SYS/+', '$SYS/a']);
    assert.deepEqual(matched(tree, '$SYS'), ['$SYS/#']);
    assert.deepEqual(matched(tree, '$'), ['$/#']);
    assert.deepEqual(matched(tree, 'b/$a'), ['#', '+/#']);
  });

  test('MQTT-4.7.3-4 levels are compared as they are, empty ones included', () => {
    const tree = treeOf('a//b', 'a/+/b', 'a/b', 'A/b', '/a/b', 'a/b/');
    assert.deepEqual(matched(tree, 'a//b'), ['a/+/b', 'a//b']);
    assert.deepEqual(matched(tree, 'a/b'), ['a/b']);
  });

  test('MQTT-3.8.4-3 a subscription to the same filter replaces the one before', () => {
    const tree: Tree = new SubscriptionTree();
    const [first, second] = [{ qos: 0 }, { qos: 1 }];
    assert.isUndefined(tree.set('a/+', 'client', first));
    assert.equal(tree.set('a/+', 'client', second), first);
    assert.equal(tree.size, 1);
    const seen: object[] = [];
    tree.match('a/b', (_, subscription) => seen.push(subscription));
    assert.deepEqual(seen, [second]);
  });

  test('MQTT-3.10.4-1 a subscription is deleted by exactly its filter', () => {
    const tree = treeOf('a/+', 'a/b', '#');
    assert.isUndefined(tree.delete('a/#', 'a/b'));
    assert.isUndefined(tree.delete('a/+', 'a/b'));
    assert.isDefined(tree.delete('a/+', 'a/+'));
    assert.isUndefined(tree.delete('a/+', 'a/+'));
    assert.deepEqual(matched(tree, 'a/b'), ['#', 'a/b']);
  });

  test('a subscriber with several matching filters is visited once for each', () => {
    const tree: Tree = new SubscriptionTree();
    for (const filter of ['a/b', 'a/+', 'a/#', '#', 'c']) tree.set(filter, 'client', {});
    assert.deepEqual(matched(tree, 'a/b'), ['client', 'client', 'client', 'client']);
  });

  test('the epoch grows with every change and only then', () => {
    const tree: Tree = new SubscriptionTree();
    const subscription = {};
    const epochs = [tree.epoch];
    const change = (operation: () => void): void => {
      operation();
      epochs.push(tree.epoch);
    };
    change(() => tree.set('a', 'x', subscription));
    change(() => tree.set('a', 'x', {}));
    change(() => tree.set('a/+', 'x', subscription));
    change(() => tree.set('a/+', 'y', subscription));
    change(() => tree.delete('a/+', 'y'));
    for (let i = 1; i < epochs.length; i++) assert.isAbove(epochs[i] ?? 0, epochs[i - 1] ?? 0);

    const before = tree.epoch;
    tree.set('a/+', 'x', subscription);
    tree.delete('a/+', 'nobody');
    tree.delete('b', 'x');
    tree.match('a', () => {});
    assert.equal(tree.epoch, before);
  });

  test('a visitor may ask the same tree another question', () => {
    const tree = treeOf('+/a', '+/b', '#');
    const inner: string[][] = [];
    tree.match('x/a', () => inner.push(matched(tree, 'x/b')));
    assert.deepEqual(inner, [
      ['#', '+/b'],
      ['#', '+/b'],
    ]);
  });

  test('filters and names of tens of thousands of levels cost no stack', () => {
    const deep = Array.from({ length: 30_000 }, () => '+').join('/');
    const tree = treeOf(deep, `${deep}/#`);
    assert.deepEqual(matched(tree, deep.replaceAll('+', 'a')), [deep, `${deep}/#`]);
    tree.delete(deep, deep);
    tree.delete(`${deep}/#`, `${deep}/#`);
    assert.equal(tree.nodeCount, 0);
  });

  test('100,000 filters set and deleted leave nothing behind', () => {
    const tree: SubscriptionTree<number, object> = new SubscriptionTree();
    const subscription = {};
    const filters = Array.from({ length: 100_000 }, (_, i) => {
      const device = `plant/line${i % 100}/device${i}`;
      return (
        [device, `${device}/+`, `${device}/#`, `+/line${i % 100}/device${i}`, `plant/+/device${i}/a/b`][i % 5] ?? ''
      );
    });
    for (const [i, filter] of filters.entries()) {
      tree.set(filter, i, subscription);
      tree.set(filter, -1, subscription);
    }
    assert.equal(tree.size, 200_000);
    assert.equal(tree.filterCount, 100_000);
    assert.isAbove(tree.nodeCount, 100_000);

    for (const [i, filter] of filters.entries()) {
      assert.equal(tree.delete(filter, -1), subscription);
      assert.equal(tree.delete(filter, i), subscription);
    }
    assert.deepEqual([tree.size, tree.filterCount, tree.nodeCount], [0, 0, 0]);
    assert.deepEqual([...tree], []);
    tree.match('plant/line1/device1', () => assert.fail('nobody is left'));
  });

  test('equals a naive matcher after any operations', () => {
    const names = fc.array(topicName, { minLength: 1, maxLength: 20, size: 'max' });
    fc.assert(
      fc.property(operationsOn(topicFilter), names, (operations, names) => {
        const tree: Tree = new SubscriptionTree();
        const model = new Map<string, { filter: string; subscriber: string; subscription: object }>();
        for (const { kind, text: filter, extra } of operations) {
          const subscriber = `client${extra}`;
          const key = `${subscriber} ${filter}`;
          const previous = model.get(key)?.subscription;
          assert.equal(tree.get(filter, subscriber), previous);
          if (kind === 'set') {
            const subscription = { key };
            assert.equal(tree.set(filter, subscriber, subscription), previous);
            model.set(key, { filter, subscriber, subscription });
          } else {
            assert.equal(tree.delete(filter, subscriber), previous);
            model.delete(key);
          }
          assert.equal(tree.size, model.size);
        }

        const all = [...model.values()];
        assert.sameDeepMembers(
          [...tree],
          all.map(({ filter, subscriber, subscription }) => [filter, subscriber, subscription]),
        );
        for (const name of names) {
          const expected = all.filter(({ filter }) => matchesTopicFilter(filter, name));
          const found: object[] = [];
          tree.match(name, (_, subscription) => found.push(subscription));
          assert.sameMembers(
            found,
            expected.map(({ subscription }) => subscription),
            name,
          );
        }

        for (const { filter, subscriber } of all) tree.delete(filter, subscriber);
        assert.deepEqual([tree.size, tree.filterCount, tree.nodeCount], [0, 0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});
