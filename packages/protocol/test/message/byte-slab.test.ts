import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { copyBytes } from '../../src/message/byte-copy.ts';
import { ByteSlab } from '../../src/message/byte-slab.ts';
import { copyFromChunk } from '../../src/message/chunk-copy.ts';

const SOURCE = Uint8Array.from({ length: 4_000 }, (_, at) => (at * 13) % 251);
const range = fc
  .tuple(
    fc.integer({ min: 0, max: 4_000 }),
    fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3_000 })),
  )
  .map(([start, byteLength]) => ({ start, end: Math.min(4_000, start + byteLength) }));

test('property: copies stay what they were, however many follow', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 60, size: 'max' }), (ranges) => {
      const slab = new ByteSlab();
      const copies = ranges.map(({ start, end }) => {
        slab.copy(SOURCE, start, end);
        return { bytes: slab.bytes, at: slab.start, start, end };
      });
      for (const { bytes, at, start, end } of copies) {
        assert.deepEqual(bytes.slice(at, at + end - start), SOURCE.slice(start, end));
      }
    }),
  );
});

test('small copies share a slab, large ones have their own memory', () => {
  const slab = new ByteSlab();
  slab.copy(SOURCE, 0, 10);
  const { buffer } = slab.bytes;
  slab.copy(SOURCE, 0, 2_000);
  assert.equal(slab.bytes.buffer, buffer);
  slab.copy(SOURCE, 0, 3_000);
  assert.notEqual(slab.bytes.buffer, buffer);
  assert.equal(slab.bytes.length, 3_000);
});

/** Chunks that lie somewhere in their memory, as a Buffer does. */
const CHUNKS = [SOURCE, Buffer.from(SOURCE), Buffer.concat([Buffer.alloc(77), SOURCE]).subarray(77)];

test.each([copyBytes, copyFromChunk])('property: a range is copied to its place and nowhere else: %o', (copy) => {
  fc.assert(
    fc.property(range, fc.constantFrom(...CHUNKS), fc.integer({ min: 0, max: 20 }), ({ start, end }, chunk, at) => {
      const target = new Uint8Array(4_100).fill(0xaa);
      copy(chunk, start, end, target, at);
      assert.deepEqual(target.slice(at, at + end - start), SOURCE.slice(start, end));
      assert.ok(target.subarray(0, at).every((byte) => byte === 0xaa));
      assert.ok(target.subarray(at + end - start).every((byte) => byte === 0xaa));
    }),
  );
});
