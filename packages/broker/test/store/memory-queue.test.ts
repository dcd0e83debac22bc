import assert from 'node:assert/strict';
import type { Delivery } from '@busbar/protocol';
import fc from 'fast-check';
import { test } from 'vitest';
import { MemoryQueue } from '../../src/store/memory-queue.ts';
import { deliveryOf } from '../deliveries.ts';

const POOL = Array.from({ length: 20 }, (_, number) => deliveryOf({ payload: new Uint8Array(number * 10) }));

test('property: it is a queue, and knows the bytes of what waits', () => {
  const steps = fc.array(
    fc.record({ push: fc.nat({ max: 40 }), shift: fc.nat({ max: 45 }), clear: fc.nat({ max: 15 }) }),
    {
      maxLength: 100,
      size: 'max',
    },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const queue = new MemoryQueue();
      let model: Delivery[] = [];
      let next = 0;
      for (const { push, shift, clear } of all) {
        for (let i = 0; i < push; i++) {
          const delivery = POOL[next++ % POOL.length] as Delivery;
          queue.push(delivery);
          model.push(delivery);
        }
        for (let i = 0; i < shift; i++) {
          assert.equal(queue.peek(), model[0]);
          assert.equal(queue.drop(), model.shift());
        }
        if (clear === 0) {
          queue.clear();
          model = [];
        }
        assert.equal(queue.length, model.length);
        assert.equal(
          queue.byteLength,
          model.reduce((sum, { message }) => sum + message.byteLength, 0),
        );
      }
      for (const delivery of model) assert.equal(queue.drop(), delivery);
      assert.equal(queue.drop(), undefined);
      assert.equal(queue.peek(), undefined);
    }),
    { numRuns: 60 },
  );
});

test('a long queue is emptied as fast as a short one', () => {
  const queue = new MemoryQueue();
  for (let i = 0; i < 200_000; i++) queue.push(POOL[i % POOL.length] as Delivery);
  for (let i = 0; i < 200_000; i++) assert.equal(queue.drop(), POOL[i % POOL.length]);
  assert.equal(queue.byteLength, 0);
});

test('what enters takes memory of its own: no chunk that was read stays alive for it', () => {
  const chunk = new Uint8Array(1_000);
  const delivery = deliveryOf({ payload: new Uint8Array(10), into: chunk });
  new MemoryQueue().push(delivery);
  assert.notEqual(delivery.message.payload.buffer, chunk.buffer);
  assert.equal(delivery.message.payload.buffer.byteLength, delivery.message.byteLength);
});
