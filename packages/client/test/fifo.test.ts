import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { Fifo } from '../src/fifo.ts';

test('property: it behaves like an array, however it grows and shrinks', () => {
  const step = fc.constantFrom('push', 'push', 'push many', 'shift', 'shift many', 'unshift', 'take', 'clear');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), (steps, seed) => {
      const fifo = new Fifo<number>();
      let model: number[] = [];
      let next = 0;
      for (const kind of steps) {
        if (kind === 'push' || kind === 'push many') {
          for (let i = 0; i < (kind === 'push' ? 1 : 2000); i++) {
            fifo.push(next);
            model.push(next++);
          }
        } else if (kind === 'shift' || kind === 'shift many') {
          for (let i = 0; i < (kind === 'shift' ? 1 : 1500); i++) assert.equal(fifo.shift(), model.shift());
        } else if (kind === 'unshift') {
          fifo.unshift([-1, -2]);
          model.unshift(-1, -2);
        } else if (kind === 'take') {
          const wanted = model[seed % Math.max(model.length, 1)];
          const at = wanted === undefined ? -1 : model.indexOf(wanted);
          assert.equal(
            fifo.take((item) => item === wanted),
            wanted,
          );
          if (at >= 0) model.splice(at, 1);
        } else {
          assert.deepEqual(fifo.clear(), model);
          model = [];
        }
        assert.equal(fifo.length, model.length);
        assert.equal(fifo.peek(), model[0]);
        assert.equal(fifo.at(model.length - 1), model.at(-1));
        assert.equal(fifo.at(3), model[3]);
      }
    }),
    { numRuns: 200 },
  );
});

test('puts back more than a call can have arguments', () => {
  const fifo = new Fifo<number>();
  fifo.push(0);
  fifo.unshift(new Array<number>(500_000).fill(1));
  assert.deepEqual([fifo.length, fifo.peek(), fifo.at(500_000)], [500_001, 1, 0]);
});
