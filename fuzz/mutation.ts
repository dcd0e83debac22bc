import type { SeededRandom } from './random.ts';

/** Bytes at which formats break: limits of lengths, of UTF-8 sequences and of signs, wildcards, property identifiers. */
const INTERESTING = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x1f, 0x23, 0x26, 0x2b, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc2,
  0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf8, 0xfe, 0xff,
];

type Mutation = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

const flipBit: Mutation = (bytes, random) => {
  const flipped = bytes.slice();
  const at = random.below(bytes.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  return flipped;
};

const setByte: Mutation = (bytes, random) => {
  const set = bytes.slice();
  set[random.below(bytes.length)] = random.pick(INTERESTING);
  return set;
};

const insertBytes: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const inserted = random.oneIn(2) ? random.bytes(1 + random.below(4)) : Uint8Array.of(random.pick(INTERESTING));
  return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at));
};

const removeBytes: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.below(4)));
};

const repeatBytes: Mutation = (bytes, random) => {
  const start = random.below(bytes.length);
  const end = start + 1 + random.below(12);
  return Uint8Array.of(...bytes.subarray(0, end), ...bytes.subarray(start));
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length));

/** The beginning of one packet and the end of another. */
const splice: Mutation = (bytes, random, other) =>
  Uint8Array.of(
    ...bytes.subarray(0, random.below(bytes.length + 1)),
    ...other.subarray(random.below(other.length + 1)),
  );

/** Enough of the same for a length of two bytes. */
const swell: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  const more = new Uint8Array(100 + random.below(60)).fill(bytes[at] ?? 0);
  return Uint8Array.of(...bytes.subarray(0, at), ...more, ...bytes.subarray(at));
};

/** Makes one of the packet's lengths a little too large or too small, or right again. */
const editLength: Mutation = (bytes, random) => {
  const edited = bytes.slice();
  const at = random.below(bytes.length);
  const step = random.pick([-2, -1, 1, 2, bytes.length - at - 1]);
  edited[at] = (edited[at] ?? 0) + step;
  return edited;
};

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setByte,
  setByte,
  insertBytes,
  removeBytes,
  repeatBytes,
  truncate,
  splice,
  swell,
  editLength,
  editLength,
];

/** A body with one thing changed in it, or up to four. @param other Another body, for what comes of two. */
export function mutate(body: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  let mutated = body;
  for (let left = random.oneIn(3) ? 1 + random.below(4) : 1; left > 0; left--) {
    mutated = mutated.length === 0 ? random.bytes(random.below(6)) : random.pick(MUTATIONS)(mutated, random, other);
  }
  return mutated;
}
