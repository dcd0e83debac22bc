import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { matchesTopicFilter } from '../../src/topic/topic-filter.ts';
import type { TopicMatches } from '../../src/topic/topic-matches.ts';
import { TopicTree } from '../../src/topic/topic-tree.ts';
import { operationsOn, topicFilter, topicName } from './arbitraries.ts';

function treeOf(...names: string[]): TopicTree<string> {
  const tree = new TopicTree<string>();
  for (const name of names) tree.set(name, `value of ${name}`);
  return tree;
}

function found(tree: TopicTree<string>, filter: string): string[] {
  return Array.from(tree.matching(filter), ([name]) => name).sort();
}

describe('the topic tree', () => {
  test('keeps one value for each Topic Name', () => {
    const tree = new TopicTree<number>();
    assert.isUndefined(tree.set('a/b', 1));
    assert.isUndefined(tree.set('a', 2));
    assert.equal(tree.set('a/b', 3), 1);
    assert.deepEqual(
      [tree.get('a/b'), tree.get('a'), tree.get('a/'), tree.get('b'), tree.size],
      [3, 2, undefined, undefined, 2],
    );
    assert.equal(tree.delete('a'), 2);
    assert.isUndefined(tree.delete('a'));
    assert.isUndefined(tree.delete('a/b/c'));
    assert.equal(tree.get('a/b'), 3);
    assert.equal(tree.size, 1);
  });

  test('MQTT-4.7.1-1 # finds the parent level and everything beneath', () => {
    const tree = treeOf('sport', 'sport/tennis', 'sport/tennis/player1', 'sports', '/');
    assert.deepEqual(found(tree, 'sport/#'), ['sport', 'sport/tennis', 'sport/tennis/player1']);
    assert.deepEqual(found(tree, 'sport/tennis/player1/#'), ['sport/tennis/player1']);
    assert.deepEqual(found(tree, '#'), ['/', 'sport', 'sport/tennis', 'sport/tennis/player1', 'sports']);
    assert.deepEqual(found(tree, '+/#'), ['/', 'sport', 'sport/tennis', 'sport/tennis/player1', 'sports']);
  });

  test('MQTT-4.7.1-2 + finds exactly one level, an empty one too', () => {
    const tree = treeOf('a', 'a/', 'a/b', '/b', 'a/b/c', 'a//c');
    assert.deepEqual(found(tree, '+'), ['a']);
    assert.deepEqual(found(tree, 'a/+'), ['a/', 'a/b']);
    assert.deepEqual(found(tree, '+/b'), ['/b', 'a/b']);
    assert.deepEqual(found(tree, 'a/+/c'), ['a//c', 'a/b/c']);
  });

  test('MQTT-4.7.2-1 a leading wildcard does not find Topic Names that start with $', () => {
    const tree = treeOf('$SYS/a', '$SYS', '$', 'a/$b', 'a');
    assert.deepEqual(found(tree, '#'), ['a', 'a/$b']);
    assert.deepEqual(found(tree, '+/a'), []);
    assert.deepEqual(found(tree, '+'), ['a']);
    assert.deepEqual(found(tree, '+/+'), ['a/$b']);
    assert.deepEqual(found(tree, '$SYS/#'), ['$SYS', '$SYS/a']);
    assert.deepEqual(found(tree, '$SYS/+'), ['$SYS/a']);
    assert.deepEqual(Array.from(tree, ([name]) => name).sort(), ['$', '$SYS', '$SYS/a', 'a', 'a/$b']);
  });

  test('MQTT-4.7.3-4 levels are compared as they are', () => {
    const tree = treeOf('A', 'e\u0301', 'a/b');
    assert.deepEqual(found(tree, 'a'), []);
    assert.deepEqual(found(tree, '\u00e9'), []);
    assert.deepEqual(found(tree, 'a/b'), ['a/b']);
  });

  test('a level of a very long Topic Name is found like any other', () => {
    const long = `${'l'.repeat(40)}/${'\u{1f37a}'.repeat(1000)}/${'x'.repeat(2000)}`;
    const tree = treeOf(long, `${'l'.repeat(40)}/b`);
    assert.deepEqual(found(tree, long), [long]);
    assert.deepEqual(found(tree, `+/${'\u{1f37a}'.repeat(1000)}/+`), [long]);
    tree.delete(long);
    assert.deepEqual(found(tree, '#'), [`${'l'.repeat(40)}/b`]);
  });

  test('names of tens of thousands of levels cost no stack', () => {
    const deep = '/'.repeat(60_000);
    const tree = treeOf(deep);
    assert.deepEqual(found(tree, '#'), [deep]);
    assert.deepEqual(found(tree, deep.replaceAll('/', '+/').slice(0, -1).concat('/+')), [deep]);
    tree.delete(deep);
    assert.equal(tree.nodeCount, 0);
  });

  test('100,000 names set and deleted leave nothing behind', () => {
    const tree = new TopicTree<number>();
    const names = Array.from(
      { length: 100_000 },
      (_, i) => `plant/line${i % 100}/device${i}${i % 3 === 0 ? '/a/b' : ''}`,
    );
    for (const [i, name] of names.entries()) tree.set(name, i);
    assert.equal(tree.size, 100_000);
    assert.equal(Array.from(tree.matching('plant/+/+')).length, 66_666);

    for (const [i, name] of names.entries()) assert.equal(tree.delete(name), i);
    assert.deepEqual([tree.size, tree.nodeCount], [0, 0]);
    assert.deepEqual([...tree], []);
  });

  test('equals a naive matcher after any operations', () => {
    const filters = fc.array(topicFilter, { minLength: 1, maxLength: 20, size: 'max' });
    fc.assert(
      fc.property(operationsOn(topicName), filters, (operations, filters) => {
        const tree = new TopicTree<number>();
        const model = new Map<string, number>();
        for (const [i, { kind, text: name }] of operations.entries()) {
          assert.equal(tree.get(name), model.get(name));
          if (kind === 'set') {
            assert.equal(tree.set(name, i), model.get(name));
            model.set(name, i);
          } else {
            assert.equal(tree.delete(name), model.get(name));
            model.delete(name);
          }
          assert.equal(tree.size, model.size);
        }

        assert.sameDeepMembers([...tree], [...model]);
        for (const filter of filters) {
          const expected = [...model].filter(([name]) => matchesTopicFilter(filter, name));
          assert.sameDeepMembers([...tree.matching(filter)], expected, filter);
        }

        for (const name of model.keys()) tree.delete(name);
        assert.deepEqual([tree.size, tree.nodeCount], [0, 0]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a search that rests', () => {
  test('goes on where it was, without the entries deleted and added meanwhile', () => {
    const tree = treeOf('a/1', 'a/2', 'b/1', 'b/2');
    const matches = tree.matching('#');
    assert.deepEqual(matches.next().value, ['a/1', 'value of a/1']);
    tree.delete('a/2');
    tree.delete('a/1');
    tree.set('a/2', 'added again');
    tree.set('b/3', 'added');
    tree.set('b/2', 'replaced');
    assert.deepEqual(
      [...matches],
      [
        ['b/1', 'value of b/1'],
        ['b/2', 'replaced'],
      ],
    );
    assert.deepEqual(matches.next(), { done: true, value: undefined });
  });

  test('ends though entries are added faster than it looks', () => {
    const tree = treeOf('a', 'b', 'c');
    const matches = tree.matching('+');
    let steps = 0;
    while (matches.next().done !== true) {
      steps++;
      for (let i = 0; i < 10; i++) tree.set(`${steps}-${i}`, 'added');
    }
    assert.equal(steps, 3);
  });

  test('looks at no more nodes than it is told', () => {
    const tree = new TopicTree<number>();
    for (let i = 0; i < 1000; i++) tree.set(`device${i}/state`, i);
    tree.set('device500/alarm', 500);

    const matches = tree.matching('+/alarm');
    const hits: string[] = [];
    let rests = 0;
    for (;;) {
      const match = matches.nextWithin(10);
      if (match === undefined) rests++;
      else if (match.done === true) break;
      else hits.push(match.value[0]);
    }
    assert.deepEqual(hits, ['device500/alarm']);
    assert.approximately(rests, 100, 2);
  });

  test('can be given up', () => {
    const tree = treeOf('a', 'b', 'c');
    const matches = tree.matching('#');
    for (const [name] of matches) {
      assert.equal(name, 'a');
      break;
    }
    assert.deepEqual(matches.next(), { done: true, value: undefined });
  });

  test('yields every entry that was there all the time exactly once, and none that is not there', () => {
    fc.assert(
      fc.property(
        operationsOn(topicName),
        operationsOn(topicName),
        topicFilter,
        fc.constantFrom(1, 2, 1000),
        (before, during, filter, maxNodes) => {
          const tree = new TopicTree<string>();
          const steady = new Set<string>();
          for (const { kind, text: name } of before) change(tree, kind, name);
          for (const [name] of tree) if (matchesTopicFilter(filter, name)) steady.add(name);

          const matches = tree.matching(filter);
          const yielded: string[] = [];
          for (const { kind, text, extra } of during) {
            // Deletes what was there before as often as what came later.
            const name = extra === 0 ? ([...steady][text.length] ?? text) : text;
            if (extra === 1) advance(tree, matches, maxNodes, yielded);
            change(tree, kind, name);
            if (kind === 'delete' && !yielded.includes(name)) steady.delete(name);
          }
          while (advance(tree, matches, maxNodes, yielded)) {}

          assert.sameMembers(yielded, [...steady]);
        },
      ),
      { numRuns: 2000 },
    );
  });

  function change(tree: TopicTree<string>, kind: 'set' | 'delete', name: string): void {
    if (kind === 'delete') tree.delete(name);
    else tree.set(name, tree.get(name) === undefined ? `value of ${name}` : `newer value of ${name}`);
  }

  function advance(
    tree: TopicTree<string>,
    matches: TopicMatches<string>,
    maxNodes: number,
    yielded: string[],
  ): boolean {
    const match = matches.nextWithin(maxNodes);
    if (match?.done === true) return false;
    if (match === undefined) return true;
    const [name, value] = match.value;
    assert.equal(tree.get(name), value, 'what is yielded is there now');
    yielded.push(name);
    return true;
  }
});
