import { assert, test } from 'vitest';
import { CodecFuzz } from '../../../fuzz/codec-fuzz.ts';

test('changed packets and noise give packets or PacketErrors, and packets encode to themselves', () => {
  const fuzz = new CodecFuzz(20_261_122);
  fuzz.run(15_000);
  const { streams, packets, refusals } = fuzz.figures;
  assert.equal(streams, 15_000);
  assert.isAbove(packets, 3_000);
  assert.containsAllKeys(refusals, [
    'malformed-packet',
    'protocol-error',
    'packet-too-large',
    'topic-name-invalid',
    'unsupported-protocol-version',
  ]);
});

test('the same seed makes the same streams', () => {
  const [first, second, other] = [7, 7, 8].map((seed) => {
    const fuzz = new CodecFuzz(seed);
    fuzz.run(300);
    return fuzz.figures;
  });
  assert.deepEqual(first, second);
  assert.notDeepEqual(first, other);
});
