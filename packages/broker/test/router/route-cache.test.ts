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

test('property: it remembers at least the half of its bound that was used last', () => {
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
          last.push(number);
        }
      },
    ),
  );
});

test('never keeps more than it may: what is not used for two generations is let go', () => {
  const cache = new RouteCache(100);
  for (let number = 0; number < 1_000; number++) {
    cache.add(routeOf(`${number}`));
  }
  const found = Array.from({ length: 1_000 }, (_, number) => number).filter((number) => find(cache, `${number}`));
  assert.ok(found.length >= 50 && found.length <= 100, `${found.length} found`);
  assert.ok(found.every((number) => number >= 900));
});
