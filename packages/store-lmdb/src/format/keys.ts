import { createHash } from 'node:crypto';
import { RecordReader } from './record-reader.ts';

const HIGH_WORD = 0x1_0000_0000;
const NUMBER_LENGTH = 6;
/** LMDB takes keys of 1,978 bytes; names of MQTT have up to 65,535. */
const LONGEST_NAME = 1024;
const HASHED = 1;
const PLAIN = 0;

/** The highest number that a key holds. */
export const LAST = 2 ** 48 - 1;

export function keyOf(number: number): Uint8Array {
  const key = Buffer.allocUnsafe(NUMBER_LENGTH);
  writeNumber(key, number, 0);
  return key;
}

export function keyOfPair(first: number, second: number): Uint8Array {
  const key = Buffer.allocUnsafe(2 * NUMBER_LENGTH);
  writeNumber(key, first, 0);
  writeNumber(key, second, NUMBER_LENGTH);
  return key;
}

/** A name of any length: itself, or its hash when that is shorter; the record holds it then. */
export function keyOfName(name: string): Uint8Array {
  const bytes = Buffer.from(name);
  if (bytes.length <= LONGEST_NAME) return Buffer.concat([Buffer.of(PLAIN), bytes]);
  return Buffer.concat([Buffer.of(HASHED), createHash('sha256').update(bytes).digest()]);
}

export function keyOfSessionName(session: number, name: string): Uint8Array {
  return Buffer.concat([keyOf(session), keyOfName(name)]);
}

/** The number that a key begins with. */
export function firstNumberOf(key: Uint8Array): number {
  return new RecordReader(key).readUint48();
}

export function secondNumberOf(key: Uint8Array): number {
  return new RecordReader(key.subarray(NUMBER_LENGTH)).readUint48();
}

function writeNumber(key: Buffer, number: number, at: number): void {
  key.writeUInt16BE(Math.floor(number / HIGH_WORD), at);
  key.writeUInt32BE(number % HIGH_WORD, at + 2);
}
