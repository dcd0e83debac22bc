import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { OutputBuffer as BrowserOutputBuffer } from '../../src/connection/output-buffer.browser.ts';
import { BlockPool, type ByteSink, OutputBuffer } from '../../src/connection/output-buffer.ts';

/** Spoils what is given back, so that whoever still reads it shows it; and knows what lies in it. */
class SpoilingPool extends BlockPool {
  readonly inside = new Set<Uint8Array>();

  override takeSmall(): Uint8Array {
    return this.#take(super.takeSmall());
  }

  override takeLarge(): Uint8Array {
    return this.#take(super.takeLarge());
  }

  override giveBack(block: Uint8Array): void {
    assert.ok(!this.inside.has(block), 'a block is given back once');
    this.inside.add(block);
    block.fill(0xee);
    super.giveBack(block);
  }

  #take(block: Uint8Array): Uint8Array {
    this.inside.delete(block);
    return block;
  }
}

/** A transport whose kernel takes everything at once, or nothing before it is drained. */
class Sink implements ByteSink {
  isTaking = true;
  writes = 0;
  readonly #taken: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];

  get bufferedBytes(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  write(bytes: Uint8Array): void {
    this.writeAll([bytes]);
  }

  writeAll(segments: readonly Uint8Array[]): void {
    this.writes++;
    this.#waiting.push(...segments);
    if (this.isTaking) this.drain();
  }

  drain(): void {
    for (const bytes of this.#waiting) this.#taken.push(bytes.slice());
    this.#waiting = [];
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#taken);
  }
}

/** Input as it is read from a socket: ranges of it are passed on. */
const CHUNKS = [0, 1, 2].map((seed) => Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7 + seed * 31) % 251));

const byteLength = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 100 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1_900, max: 2_100 }) },
  { weight: 2, arbitrary: fc.integer({ min: 16_300, max: 16_400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 70_000 }) },
);
const chunk = fc.constantFrom(0, 1, 2);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('range'), byteLength, chunk, goesOn: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('copy'), byteLength, chunk }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reserve'), byteLength, chunk }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('flush'), isTaking: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain') }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

type AnyOutputBuffer = Pick<OutputBuffer, keyof OutputBuffer>;

/** One connection's output beside what it should be. */
class Modelled {
  readonly sink = new Sink();
  readonly output: AnyOutputBuffer;
  readonly #expected: Uint8Array[] = [];
  #unflushed = 0;
  #last = { chunk: 0, end: 0 };

  constructor(output: AnyOutputBuffer) {
    this.output = output;
  }

  apply(operation: Operation): void {
    switch (operation.do) {
      case 'range':
        return this.#range(operation);
      case 'copy': {
        const bytes = CHUNKS[operation.chunk] as Uint8Array;
        const at = this.output.appendCopy(bytes, 0, operation.byteLength);
        const copy = bytes.slice(0, operation.byteLength);
        if (operation.byteLength > 0) copy[0] = this.output.block[at] = 0x99;
        return this.#expect(copy);
      }
      case 'reserve': {
        const bytes = (CHUNKS[operation.chunk] as Uint8Array).slice(0, operation.byteLength).reverse();
        const at = this.output.reserve(operation.byteLength);
        this.output.block.set(bytes, at);
        return this.#expect(bytes);
      }
      case 'flush':
        return this.flush(operation.isTaking);
      default:
        return this.sink.drain();
    }
  }

  flush(isTaking: boolean): void {
    if (isTaking) this.sink.drain(); // a kernel takes bytes in order
    this.sink.isTaking = isTaking;
    this.output.flushTo(this.sink);
    this.#unflushed = 0;
    assert.equal(this.output.byteLength, 0);
  }

  check(): void {
    assert.equal(this.output.byteLength, this.#unflushed);
  }

  finish(): void {
    this.flush(true);
    assert.ok(Buffer.compare(this.sink.bytes, Buffer.concat(this.#expected)) === 0, 'in order and whole');
  }

  #range(range: { byteLength: number; chunk: number; goesOn: boolean }): void {
    const from = range.goesOn ? this.#last : { chunk: range.chunk, end: 0 };
    const bytes = CHUNKS[from.chunk] as Uint8Array;
    const end = Math.min(bytes.length, from.end + range.byteLength);
    this.output.appendRange(bytes, from.end, end);
    this.#last = { chunk: from.chunk, end };
    this.#expect(bytes.slice(from.end, end));
  }

  #expect(bytes: Uint8Array): void {
    this.#expected.push(bytes);
    this.#unflushed += bytes.length;
  }
}

test('property: whatever is appended comes out in order and whole, and blocks of the pool are nobody else’s', () => {
  const operations = fc.array(fc.tuple(fc.constantFrom(0, 1), operation), { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(operations, (all) => {
      const pool = new SpoilingPool();
      const connections = [new Modelled(new OutputBuffer(pool)), new Modelled(new OutputBuffer(pool))];
      for (const [at, operation] of all) {
        connections[at]?.apply(operation);
        for (const connection of connections) connection.check();
      }
      for (const connection of connections) connection.finish();
    }),
    { numRuns: 300 },
  );
});

describe('what bundles for browsers take instead', () => {
  test('property: whatever is appended comes out in order and whole', () => {
    const all = fc.property(fc.array(operation, { maxLength: 40, size: 'max' }), (operations) => {
      const connection = new Modelled(new BrowserOutputBuffer());
      for (const each of operations) {
        connection.apply(each);
        connection.check();
      }
      connection.finish();
    });
    fc.assert(all, { numRuns: 300 });
  });

  test('what was cleared is not written, and neither is nothing', () => {
    const { output, sink } = new Modelled(new BrowserOutputBuffer());
    output.reserve(10);
    output.clear();
    output.flushTo(sink);
    assert.equal(sink.writes, 0);
  });
});

describe('writes', () => {
  test('everything of a turn leaves in one write', () => {
    const { output, sink } = new Modelled(new OutputBuffer(new SpoilingPool()));
    for (let i = 0; i < 1000; i++) output.appendCopy(CHUNKS[0] as Uint8Array, i, i + 100);
    output.appendRange(CHUNKS[1] as Uint8Array, 0, 70_000);
    output.reserve(4);
    output.flushTo(sink);
    assert.equal(sink.writes, 1);
    assert.equal(sink.bytes.length, 170_004);
  });

  test('what passes through in its order is not copied at all', () => {
    const output = new OutputBuffer(new SpoilingPool());
    const input = CHUNKS[0] as Uint8Array;
    for (let at = 0; at < 1000; at += 10) output.appendRange(input, at, at + 10);
    const written: Uint8Array[] = [];
    output.flushTo({ bufferedBytes: 0, write: (bytes) => written.push(bytes), writeAll: () => assert.fail() });
    assert.equal(written.length, 1);
    assert.equal(written[0]?.buffer, input.buffer);
    assert.equal(written[0]?.length, 1000);
  });

  test('nothing is written when there is nothing', () => {
    const { output, sink } = new Modelled(new OutputBuffer(new SpoilingPool()));
    output.flushTo(sink);
    output.appendRange(CHUNKS[0] as Uint8Array, 5, 5);
    output.flushTo(sink);
    assert.equal(sink.writes, 0);
  });
});

describe('blocks', () => {
  test('an idle connection holds none, and the next one gets the same', () => {
    const pool = new SpoilingPool();
    const first = new Modelled(new OutputBuffer(pool));
    first.output.reserve(10);
    const { block } = first.output;
    first.output.flushTo(first.sink);
    assert.equal(first.output.block.length, 0);
    const second = new Modelled(new OutputBuffer(pool));
    second.output.reserve(10);
    assert.equal(second.output.block, block);
  });

  test('a block that the transport still reads does not come back', () => {
    const pool = new SpoilingPool();
    const { output, sink } = new Modelled(new OutputBuffer(pool));
    sink.isTaking = false;
    output.reserve(10);
    output.flushTo(sink);
    assert.equal(pool.inside.size, 0);
  });

  test('clear forgets everything and gives nothing back that may be read', () => {
    const pool = new SpoilingPool();
    const { output, sink } = new Modelled(new OutputBuffer(pool));
    output.reserve(10);
    output.appendRange(CHUNKS[0] as Uint8Array, 0, 60_000);
    output.reserve(10);
    output.clear();
    assert.equal(output.byteLength, 0);
    output.flushTo(sink);
    assert.equal(sink.writes, 0);
    assert.equal(pool.inside.size, 0);
  });

  test('the pool keeps a bounded number of spare blocks', () => {
    let allocated = 0;
    const pool = new BlockPool((byteLength) => {
      allocated++;
      return new Uint8Array(byteLength);
    });
    const blocks = Array.from({ length: 200 }, () => pool.takeLarge());
    for (const block of blocks) pool.giveBack(block);
    for (let i = 0; i < 200; i++) pool.takeLarge();
    assert.equal(allocated, 200 + 136, '64 of 200 were kept');
  });
});
