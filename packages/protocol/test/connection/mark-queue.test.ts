import assert from 'node:assert/strict';
import { queryObjects } from 'node:v8';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { MarkQueue } from '../../src/connection/mark-queue.ts';

interface Entry {
  readonly mark: number;
  readonly name: number;
}

function takeAll(queue: MarkQueue<Entry>, keptMark: number): number[] {
  const names: number[] = [];
  for (let next = queue.take(keptMark); next !== undefined; next = queue.take(keptMark)) names.push(next.name);
  return names;
}

describe('what waits until everything up to its mark is kept', () => {
  test('property: leaves in its order, none before its mark, and nothing passes what waits before it', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ kept: fc.integer({ min: 0, max: 20 }) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const queue = new MarkQueue<Entry>();
        let expected: Entry[] = [];
        let name = 0;
        for (const each of steps) {
          if ('push' in each) {
            const entry = { mark: each.push, name: name++ };
            queue.push(entry);
            expected.push(entry);
          } else {
            const waiting = expected.findIndex(({ mark }) => mark > each.kept);
            const due = expected.slice(0, waiting < 0 ? expected.length : waiting);
            expected = expected.slice(due.length);
            assert.deepEqual(
              takeAll(queue, each.kept),
              due.map((entry) => entry.name),
            );
          }
          assert.equal(queue.isEmpty, expected.length === 0);
          assert.deepEqual(queue.first, expected[0]);
        }
      }),
    );
  });

  test('what one has been given is not the business of another', () => {
    const [one, other] = [new MarkQueue<Entry>(), new MarkQueue<Entry>()];
    one.push({ mark: 1, name: 1 });
    assert.ok(other.isEmpty);
    assert.deepEqual(takeAll(one, 1), [1]);
    other.push({ mark: 1, name: 2 });
    assert.ok(one.isEmpty);
    assert.deepEqual(takeAll(other, Number.POSITIVE_INFINITY), [2]);
  });

  test('what has left is let go, also while there is always one that waits', () => {
    class Counted {
      readonly mark: number;
      constructor(mark: number) {
        this.mark = mark;
      }
    }
    const queue = new MarkQueue<Counted>();
    queue.push(new Counted(0));
    for (let mark = 1; mark <= 10_000; mark++) {
      queue.push(new Counted(mark));
      assert.equal(queue.take(mark - 1)?.mark, mark - 1);
      assert.equal(queue.isEmpty, false);
    }
    assert.ok(queryObjects(Counted, { format: 'count' }) < 1_000);
    assert.equal(queue.first?.mark, 10_000);
  });
});
