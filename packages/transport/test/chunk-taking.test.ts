import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { test } from 'vitest';
import { takeChunks } from '../src/chunk-taking.ts';

/** Reads when it is told to, as a socket does when the system has something, and no more once it was told to stop. */
class Source extends Readable {
  isReading = false;
  reads = 0;
  #next = 0;

  constructor() {
    super({ highWaterMark: 4 });
  }

  override _read(): void {
    this.isReading = true;
    this.reads++;
  }

  /** @returns The number that was read; undefined when the stream does not want any. */
  arrive(): number | undefined {
    if (!this.isReading) return undefined;
    const number = this.#next++;
    this.isReading = this.push(Uint8Array.of(number));
    return number;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const step = fc.constantFrom('arrive', 'arrive', 'pause', 'resume', 'turn');

test('property: whatever is read comes once and in order, nothing while it is paused, and the stream is read on', async () => {
  const bound = 60;
  const property = fc.asyncProperty(fc.array(step, { maxLength: bound, size: 'max' }), async (steps) => {
    const source = new Source();
    const sent: number[] = [];
    const taken: number[] = [];
    takeChunks(source, ([number]) => {
      assert.ok(!source.isPaused());
      taken.push(number as number);
    });
    await turn();
    for (const each of steps) {
      if (each === 'arrive') {
        const number = source.arrive();
        if (number !== undefined) sent.push(number);
      } else if (each === 'turn') await turn();
      else source[each]();
      assert.ok(sent.length - taken.length <= 4, 'no more is held than the stream may hold');
    }
    source.resume();
    await turn();
    const last = source.arrive();
    assert.notEqual(last, undefined, 'a stream that flows is read');
    assert.deepEqual(taken, [...sent, last]);
    source.push(null);
    await once(source, 'end');
  });
  await fc.assert(property);
});

test('while it flows, a chunk is taken where it is read, and nothing is left to do afterwards', async () => {
  const source = new Source();
  const taken: Uint8Array[] = [];
  takeChunks(source, (bytes) => taken.push(bytes));
  await turn();
  source.arrive();
  assert.equal(taken.length, 1);
  await turn();
  assert.deepEqual([source.reads, source.isReading], [1, true]);
});

test('what was put back comes first', async () => {
  const source = new Source();
  const taken: number[] = [];
  source.unshift(Uint8Array.of(99));
  takeChunks(source, ([number]) => taken.push(number as number));
  source.isReading = true;
  source.arrive();
  await turn();
  assert.deepEqual(taken, [99, 0]);
});

test('a mistake of the taker is thrown where the chunk was read', async () => {
  const source = new Source();
  takeChunks(source, () => {
    throw new Error('mine');
  });
  await turn();
  assert.throws(() => source.arrive(), /mine/);
});
