import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { LEAST_IN_FLIGHT_SAMPLE, SharedGroup, type SharedStrategy } from '../../src/topic/shared-group.ts';

const always = (): boolean => true;
const never = (): boolean => false;
const qos1 = { qos: 1 };

function groupOf(
  members: readonly string[],
  strategy?: SharedStrategy<string>,
): SharedGroup<string, { readonly qos: number }> {
  const group = new SharedGroup<string, { readonly qos: number }>(strategy);
  for (const member of members) group.set(member, qos1);
  return group;
}

/** A small generator with a seed, so that the tests are the same every time. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function countChoices(times: number, choose: () => { readonly member: string } | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < times; i++) {
    const member = choose()?.member ?? 'nobody';
    counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  return counts;
}

describe('the members of a shared group', () => {
  test('join once, keep their latest subscription, and leave with it', () => {
    const group = groupOf(['a', 'b']);
    assert.isUndefined(group.set('c', { qos: 0 }));
    assert.deepEqual(group.set('c', { qos: 2 }), { qos: 0 });
    assert.equal(group.size, 3);
    assert.deepEqual(group.get('c'), { qos: 2 });
    assert.deepEqual([...group].map(({ member }) => member).sort(), ['a', 'b', 'c']);

    assert.deepEqual(group.delete('c'), { qos: 2 });
    assert.isUndefined(group.delete('c'));
    assert.isUndefined(group.get('c'));
    assert.equal(group.size, 2);
  });

  test('MQTT-4.8.2-3 are chosen with the subscription that says the granted QoS', () => {
    const group = groupOf(['a']);
    assert.deepInclude(group.choose(always, always), { member: 'a', subscription: qos1 });
  });

  test('nobody is chosen from an empty group or when nobody can', () => {
    for (const name of ['roundRobin', 'sticky', 'hash'] as const) {
      assert.isUndefined(groupOf([], { name }).choose(always, always, 'key'));
      assert.isUndefined(groupOf(['a', 'b'], { name }).choose(never, never, 'key'));
    }
    assert.isUndefined(groupOf([], { name: 'random', random: () => 0.5 }).choose(always, always));
    assert.isUndefined(groupOf([], { name: 'leastInFlight', measure: () => 0 }).choose(always, always));
  });

  test('who can only queue is chosen when nobody can take it now, by every strategy', () => {
    const strategies: SharedStrategy<string>[] = [
      { name: 'roundRobin' },
      { name: 'sticky' },
      { name: 'hash' },
      { name: 'random', random: seededRandom(1) },
      { name: 'leastInFlight', measure: () => 0 },
    ];
    for (const strategy of strategies) {
      const group = groupOf(['offline', 'online', 'gone'], strategy);
      for (let i = 0; i < 10; i++) {
        assert.equal(group.choose((member) => member === 'online', always)?.member, 'online');
        assert.equal(group.choose(never, (member) => member === 'offline')?.member, 'offline');
      }
    }
  });
});

describe('round robin', () => {
  test('gives each in turn', () => {
    const group = groupOf(['a', 'b', 'c']);
    const turns = Array.from({ length: 7 }, () => group.choose(always, never)?.member);
    assert.deepEqual(turns, ['a', 'b', 'c', 'a', 'b', 'c', 'a']);
  });

  test('passes over who cannot, and does not load its neighbour twice', () => {
    const group = groupOf(['a', 'b', 'c', 'd']);
    const counts = countChoices(300, () => group.choose((member) => member !== 'b', never));
    assert.deepEqual(Object.fromEntries(counts), { a: 100, c: 100, d: 100 });
  });

  test('a replaced subscription keeps its turn', () => {
    const group = groupOf(['a', 'b']);
    group.choose(always, never);
    group.set('b', { qos: 2 });
    assert.equal(group.choose(always, never)?.member, 'b');
  });

  test('in any round no member has two turns before all others had one, whoever joins and leaves', () => {
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.constant({ kind: 'choose' as const, member: 0 }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), member: fc.nat(7) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), member: fc.nat(7) }) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100, size: 'max' }), (operations) => {
        const group = new SharedGroup<number, object>();
        const waiting = new Set<number>();
        const present = new Set<number>();
        for (const { kind, member } of operations) {
          if (kind === 'join') {
            group.set(member, qos1);
            if (!present.has(member)) waiting.add(member);
            present.add(member);
          } else if (kind === 'leave') {
            group.delete(member);
            present.delete(member);
            waiting.delete(member);
          } else if (present.size === 0) {
            assert.isUndefined(group.choose(always, always));
          } else {
            if (waiting.size === 0) for (const each of present) waiting.add(each);
            const chosen = group.choose(always, always)?.member ?? -1;
            assert.isTrue(waiting.delete(chosen), `${chosen} had its turn in this round`);
          }
          // A round that ends by somebody leaving begins anew.
          if (waiting.size === 0) for (const each of present) waiting.add(each);
          assert.equal(group.size, present.size);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('random', () => {
  test('chooses all that can with the same probability', () => {
    const group = groupOf(['a', 'b', 'c', 'd', 'e'], { name: 'random', random: seededRandom(7) });
    const counts = countChoices(9000, () => group.choose((member) => member !== 'b' && member !== 'c', never));
    assert.equal(counts.size, 3);
    for (const [member, count] of counts) assert.approximately(count, 3000, 200, member);
  });

  test('members still join and leave rightly after the draws have mixed them', () => {
    const group = groupOf(['a', 'b', 'c', 'd'], { name: 'random', random: seededRandom(3) });
    for (let i = 0; i < 20; i++) group.choose(always, never);
    group.delete('a');
    group.delete('c');
    group.set('e', qos1);
    assert.deepEqual([...group].map(({ member }) => member).sort(), ['b', 'd', 'e']);
    assert.deepEqual([...countChoices(200, () => group.choose(always, never)).keys()].sort(), ['b', 'd', 'e']);
  });
});

describe('sticky', () => {
  test('stays with one until it cannot, then with the next', () => {
    const group = groupOf(['a', 'b', 'c'], { name: 'sticky' });
    assert.deepEqual(Object.fromEntries(countChoices(10, () => group.choose(always, never))), { a: 10 });
    assert.equal(group.choose((member) => member !== 'a', never)?.member, 'b');
    assert.deepEqual(Object.fromEntries(countChoices(10, () => group.choose(always, never))), { b: 10 });
  });

  test('goes on with another when the one leaves', () => {
    const group = groupOf(['a', 'b', 'c'], { name: 'sticky' });
    group.choose(always, never);
    group.delete('a');
    const next = group.choose(always, never)?.member;
    assert.oneOf(next, ['b', 'c']);
    group.set('d', qos1);
    assert.equal(group.choose(always, never)?.member, next);
  });
});

describe('least in flight', () => {
  test('chooses the smallest measure among those that can', () => {
    const inFlight = new Map([
      ['a', 3],
      ['b', 1],
      ['c', 0],
      ['d', 2],
    ]);
    const group = groupOf([...inFlight.keys()], { name: 'leastInFlight', measure: (m) => inFlight.get(m) ?? 0 });
    assert.equal(group.choose(always, never)?.member, 'c');
    assert.equal(group.choose((member) => member !== 'c', never)?.member, 'b');
    inFlight.set('c', 9);
    inFlight.set('b', 9);
    assert.equal(group.choose(always, never)?.member, 'd');
  });

  test('gives equals in turn', () => {
    const group = groupOf(['a', 'b', 'c'], { name: 'leastInFlight', measure: () => 0 });
    assert.deepEqual(Object.fromEntries(countChoices(30, () => group.choose(always, never))), { a: 10, b: 10, c: 10 });
  });

  test('levels the load of a large group though it measures only a few', () => {
    const members = Array.from({ length: 200 }, (_, i) => `m${i}`);
    const inFlight = new Map(members.map((member) => [member, 0]));
    let measured = 0;
    const group = groupOf(members, {
      name: 'leastInFlight',
      measure: (member) => {
        measured++;
        return inFlight.get(member) ?? 0;
      },
    });
    for (let i = 0; i < 2000; i++) {
      const member = group.choose(always, never)?.member ?? '';
      inFlight.set(member, (inFlight.get(member) ?? 0) + 1);
    }
    assert.isAtMost(measured, 2000 * LEAST_IN_FLIGHT_SAMPLE);
    assert.isAtMost(Math.max(...inFlight.values()) - Math.min(...inFlight.values()), 2);
  });
});

describe('hash', () => {
  const members = Array.from({ length: 8 }, (_, i) => `m${i}`);
  const keys = Array.from({ length: 4000 }, (_, i) => `plant/line${i % 40}/device${i}`);
  const placesOf = (group: SharedGroup<string, { readonly qos: number }>): (string | undefined)[] =>
    keys.map((key) => group.choose(always, never, key)?.member);

  test('chooses the same for the same key, and spreads the keys', () => {
    const group = groupOf(members, { name: 'hash' });
    const places = placesOf(group);
    assert.deepEqual(placesOf(group), places);
    for (const member of members) {
      assert.approximately(places.filter((place) => place === member).length, 500, 100, member);
    }
  });

  test('moves only the keys that a joining member takes over', () => {
    const group = groupOf(members, { name: 'hash' });
    const before = placesOf(group);
    group.set('new', qos1);
    const after = placesOf(group);
    for (const [i, place] of after.entries()) if (place !== 'new') assert.equal(place, before[i]);
    assert.approximately(after.filter((place) => place === 'new').length, 444, 100);
  });

  test('moves only the keys of a leaving member and of the latest one', () => {
    for (const leaving of members) {
      const group = groupOf(members, { name: 'hash' });
      const before = placesOf(group);
      group.delete(leaving);
      for (const [i, place] of placesOf(group).entries()) {
        if (before[i] !== leaving && before[i] !== 'm7') assert.equal(place, before[i]);
      }
    }
  });
});
