import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SequenceProof } from '../src/sequence-proof.ts';

function proofOf(sequence: readonly number[]): SequenceProof {
  const proof = new SequenceProof();
  for (const number of sequence) proof.accept(number);
  return proof;
}

function verdictOf(sequence: readonly number[], sent: number) {
  const proof = proofOf(sequence);
  return { lost: proof.lostOf(sent), duplicates: proof.duplicates, reordered: proof.reordered };
}

const CLEAN = { lost: 0, duplicates: 0, reordered: 0 };

describe('SequenceProof', () => {
  test.each([
    ['all in order', [0, 1, 2, 3], 4, CLEAN],
    ['nothing came', [], 3, { ...CLEAN, lost: 3 }],
    ['one lost in the middle', [0, 1, 3], 4, { ...CLEAN, lost: 1 }],
    ['the first lost', [1, 2], 3, { ...CLEAN, lost: 1 }],
    ['the last lost', [0, 1], 3, { ...CLEAN, lost: 1 }],
    ['one twice in a row', [0, 1, 1, 2], 3, { ...CLEAN, duplicates: 1 }],
    ['one twice, much later', [0, 1, 2, 3, 1], 4, { ...CLEAN, duplicates: 1 }],
    ['two changed places', [0, 2, 1, 3], 4, { ...CLEAN, reordered: 1 }],
    ['one late, and then again', [0, 2, 1, 1], 3, { ...CLEAN, reordered: 1, duplicates: 1 }],
    ['a gap filled from its middle', [0, 5, 3, 2, 4, 1], 6, { ...CLEAN, reordered: 4 }],
    ['a loss hidden by a duplicate', [0, 1, 1], 3, { ...CLEAN, lost: 1, duplicates: 1 }],
  ])('%s', (_, sequence, sent, expected) => {
    expect(verdictOf(sequence, sent)).toEqual(expected);
  });

  test('agrees with a set and a maximum, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), (sequence) => {
        const seen = new Set<number>();
        let highest = -1;
        const expected = { lost: 0, duplicates: 0, reordered: 0 };
        for (const number of sequence) {
          if (seen.has(number)) expected.duplicates++;
          else if (number < highest) expected.reordered++;
          seen.add(number);
          highest = Math.max(highest, number);
        }
        expect(verdictOf(sequence, 41)).toEqual({ ...expected, lost: 41 - seen.size });
      }),
    );
  });

  test('what it says to wait for no longer adds up to the highest number', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), (sequence) => {
        const proof = new SequenceProof();
        const sum = sequence.reduce((total, number) => total + proof.accept(number), 0);
        expect(sum).toBe(Math.max(0, ...sequence.map((number) => number + 1)));
      }),
    );
  });

  test('every second of a million lost: the oldest gaps are forgotten, the count stays right', () => {
    const proof = new SequenceProof();
    for (let number = 0; number < 1_000_000; number += 2) proof.accept(number);
    expect(proof.lostOf(1_000_000)).toBe(500_000);
    expect(proof.accept(999_997)).toBe(0);
    expect(proof.reordered).toBe(1);
    expect(proof.lostOf(1_000_000)).toBe(499_999);
  });
});
