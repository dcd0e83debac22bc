import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputLines } from '../../src/pub/input-lines.ts';

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]) {
  let start = 0;
  for (let at = 0; start < bytes.length; at++) {
    const size = Math.max(1, sizes[at % sizes.length] ?? 1);
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function linesOf(bytes: Uint8Array, sizes: readonly number[] = [bytes.length]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of inputLines(chunksOf(bytes, sizes))) lines.push(Buffer.from(line).toString('latin1'));
  return lines;
}

test.each([
  ['', []],
  ['one', ['one']],
  ['one\n', ['one']],
  ['one\n\ntwo\r\nthree', ['one', '', 'two\r', 'three']],
  ['\n', ['']],
  ['\xff\x00\n\xfe', ['\xff\x00', '\xfe']],
])('%j', async (text, lines) => {
  expect(await linesOf(Buffer.from(text, 'latin1'))).toEqual(lines);
});

test('however the stream is cut, the lines are the same', async () => {
  const bytesWithLineFeeds = fc.array(fc.constantFrom(0x0a, 0x0d, 0x41, 0xc3), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(bytesWithLineFeeds, fc.array(fc.nat(7), { minLength: 1 }), async (bytes, sizes) => {
      const whole = Uint8Array.from(bytes);
      expect(await linesOf(whole, sizes)).toEqual(await linesOf(whole));
    }),
  );
});
