import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WideMap } from '../../src/topic/wide-map.ts';

const KEYS = Array.from({ length: 60 }, (_, n) => `plant/${n % 7}/tag/${n}`);

const change = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('set' as const), key: fc.constantFrom(...KEYS), value: fc.nat() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom(...KEYS), value: fc.nat() }),
  },
);

describe('a wide map', () => {
  test('is a Map, whatever is set and deleted and however small its parts', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), fc.integer({ min: 1, max: 16 }), (changes, partSize) => {
        const wide = new WideMap<number>(partSize);
        const model = new Map<string, number>();
        for (const { kind, key, value } of changes) {
          if (kind === 'set') {
            wide.set(key, value);
            model.set(key, value);
          } else expect(wide.delete(key)).toBe(model.delete(key));
          expect(wide.size).toBe(model.size);
        }
        for (const key of KEYS) {
          expect(wide.get(key)).toBe(model.get(key));
          expect(wide.has(key)).toBe(model.has(key));
        }
        expect(new Map(wide)).toEqual(model);
        expect([...wide].length).toBe(model.size);
        expect([...wide.values()].sort()).toEqual([...model.values()].sort());
      }),
    );
  });

  test('whoever iterates while it changes sees exactly once all that stays', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 120 }),
        fc.integer({ min: 1, max: 8 }),
        fc.infiniteStream(fc.array(change, { maxLength: 6 })),
        (before, partSize, meanwhile) => {
          const wide = new WideMap<number>(partSize);
          const apply = (changes: typeof before): void => {
            for (const { kind, key, value } of changes) {
              if (kind === 'set') wide.set(key, value);
              else wide.delete(key);
            }
          };
          apply(before);
          const stayed = new Set([...wide].map(([key]) => key));
          const seen: string[] = [];
          for (const [key] of wide) {
            seen.push(key);
            const [changes] = meanwhile.take(1);
            if (changes === undefined || seen.length > 500) break;
            apply(changes);
            for (const { kind, key } of changes) if (kind === 'delete') stayed.delete(key);
          }
          for (const key of stayed) expect(seen.filter((other) => other === key)).toEqual([key]);
        },
      ),
    );
  });

  test('keys that differ in one place only are spread evenly', () => {
    const wide = new WideMap<number>(1_000);
    const one = new Map<string, number>();
    for (let n = 0; n < 50_000; n++) {
      wide.set(`plant/line/machine/${n}`, n);
      one.set(`plant/line/machine/${n}`, n);
    }
    expect(wide.size).toBe(one.size);
    for (const [key, value] of one) expect(wide.get(key)).toBe(value);
    for (const key of one.keys()) expect(wide.delete(key)).toBe(true);
    expect([...wide]).toEqual([]);
    wide.set('again', 1).clear();
    expect(wide.size).toBe(0);
  });
});
