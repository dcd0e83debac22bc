import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { Route } from '../../src/router/route.ts';
import { hashBytes, RouteCache } from '../../src/router/route-cache.ts';

function routeOf(topicName: string, hash?: number): Route {
  const bytes = Buffer.from(topicName);
  return new Route(topicName, bytes, hash ?? hashBytes(bytes, 0, bytes.length), undefined, undefined);
}

function find(cache: RouteCache, topicName: string, hash?: number): Route | undefined {
  const bytes = Buffer.from(`..${topicName}..`);
  return cache.find(hash ?? hashBytes(bytes, 2, bytes.length - 2), bytes, 2, bytes.length - 2);
}

test('a route is found by the bytes of its Topic Name, wherever they lie', () => {
  const cache = new RouteCache(100);
  const routes = ['a', 'b', 'ab', 'ba', 'plant/line 1/temperature', 'plant/line 2/temperature', 'ä'].map((name) =>
    routeOf(name),
  );
  for (const route of routes) cache.add(route);
  for (const route of routes) assert.equal(find(cache, route.topicName), route);
  for (const stranger of ['', 'c', 'aa', 'plant/line 3/temperature']) assert.equal(find(cache, stranger), undefined);
});

describe('equal hashes', () => {
  test('are told apart, in both generations', () => {
    const cache = new RouteCache(8);
    const routes = ['a', 'b', 'c', 'd'].map((name) => routeOf(name, 7));
    for (const route of routes) cache.add(route);
    cache.add(routeOf('e', 7)); // the others are the old generation now
    for (const name of ['c', 'a', 'd', 'b', 'a', 'c']) assert.equal(find(cache, name, 7)?.topicName, name);
    assert.equal(find(cache, 'f', 7), undefined);
  });
});

test('property: of what is used twice it remembers at least the half of its bound that was used last', () => {
  const bound = 16;
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 60 }), { maxLength: 200, size: 'max' }),
      fc.integer({ min: 1, max: 64 }),
      (uses, hashes) => {
        const cache = new RouteCache(bound);
        const last: number[] = [];
        for (const number of uses) {
          const hash = number % hashes;
          const known = find(cache, `${number}`, hash);
          const recent = [...new Set(last.toReversed())].slice(0, bound / 2);
          if (recent.includes(number)) assert.equal(known?.topicName, `${number}`, 'half of the bound is always kept');
          if (known === undefined) cache.add(routeOf(`${number}`, hash));
          else assert.equal(known.topicName, `${number}`);
          if (find(cache, `${number}`, hash) === undefined) cache.add(routeOf(`${number}`, hash));
          last.push(number);
        }
      },
    ),
  );
});

describe('more topics than it may remember', () => {
  const remembered = (cache: RouteCache, count: number): number[] =>
    Array.from({ length: count }, (_, number) => number).filter((number) => find(cache, `${number}`));

  test('used twice: what is not used for two generations is let go', () => {
    const cache = new RouteCache(100);
    for (let number = 0; number < 1_000; number++) {
      for (let use = 0; use < 2; use++) {
        if (find(cache, `${number}`) === undefined) cache.add(routeOf(`${number}`));
      }
    }
    const found = remembered(cache, 1_000);
    assert.ok(found.length >= 50 && found.length <= 100, `${found.length} found`);
    assert.ok(found.every((number) => number >= 900));
  });

  test('used once: they do not push out what was there before', () => {
    const cache = new RouteCache(100);
    for (let number = 0; number < 1_000; number++) cache.add(routeOf(`${number}`));
    const found = remembered(cache, 1_000);
    assert.ok(found.length >= 50 && found.length <= 100, `${found.length} found`);
    assert.ok(found.every((number) => number < 100));
  });

  test('a route that was not let in does not count with what it weighs', () => {
    const cache = new RouteCache(16);
    for (let number = 0; number < 16; number++) cache.add(routeOf(`${number}`));
    const passing = routeOf('passing');
    cache.add(passing);
    cache.handleWeight(passing, 1_000_000);
    cache.add(passing);
    assert.equal(find(cache, 'passing'), passing);
    assert.ok(remembered(cache, 16).length >= 8, 'a generation is not over before it is full');
  });
});
