import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { PacketIdMap as BrowserPacketIdMap } from '../../src/session/packet-id-map.browser.ts';
import { PacketIdMap } from '../../src/session/packet-id-map.ts';

type AnyPacketIdMap = Pick<PacketIdMap<number>, 'size' | 'packetIds' | 'values'>;

const same = (map: AnyPacketIdMap, model: ReadonlyMap<number, number>): void => {
  const byNumber = (one: number, other: number): number => one - other;
  assert.equal(map.size, model.size);
  assert.deepEqual([...map.packetIds()].sort(byNumber), [...model.keys()].sort(byNumber));
  assert.deepEqual([...map.values()].sort(byNumber), [...model.values()].sort(byNumber));
};

/** Few of them, many that share a place in any small table, and those at both ends. */
const packetId = fc.oneof(
  fc.integer({ min: 1, max: 24 }),
  fc.integer({ min: 0, max: 40 }).map((at) => 1 + at * 512),
  fc.integer({ min: 65_500, max: 65_535 }),
);

test.each([
  ['it', PacketIdMap],
  ['that of bundles for browsers', BrowserPacketIdMap],
])('property: %s is a Map whose keys are Packet Identifiers', (_, Kind) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), packetId }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), packetId }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), packetId }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const map = new Kind<number>();
      const model = new Map<number, number>();
      for (const [value, { kind, packetId }] of steps.entries()) {
        if (kind === 'set') {
          map.set(packetId, value);
          model.set(packetId, value);
        } else if (kind === 'delete') {
          assert.equal(map.delete(packetId), model.delete(packetId));
        } else {
          map.clear();
          model.clear();
        }
        assert.equal(map.has(packetId), model.has(packetId));
        for (const key of model.keys()) assert.equal(map.get(key), model.get(key));
      }
      same(map, model);
    }),
    { numRuns: 2000 },
  );
});

test('all Packet Identifiers that there are find their places, and leave them', () => {
  const map = new PacketIdMap<number>();
  const model = new Map<number, number>();
  for (let packetId = 65_535; packetId > 0; packetId--) {
    map.set(packetId, -packetId);
    model.set(packetId, -packetId);
  }
  same(map, model);
  for (let packetId = 1; packetId <= 65_535; packetId += 2) {
    assert.equal(map.delete(packetId), true);
    model.delete(packetId);
  }
  same(map, model);
  for (const [packetId, value] of model) assert.equal(map.get(packetId), value);
});

test('0 is none', () => {
  const map = new PacketIdMap<number>();
  assert.deepEqual([map.has(0), map.get(0), map.delete(0)], [false, undefined, false]);
  map.set(8, 1);
  assert.deepEqual([map.has(0), map.get(0), map.delete(0), map.size], [false, undefined, false, 1]);
});
