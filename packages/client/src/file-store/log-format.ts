import { crc32 } from 'node:zlib';
import { ClientError } from '../errors.ts';
import type { StoreChange } from '../store/record-store.ts';

/** What every file begins with; the last character is the format's version. */
export const MAGIC = Buffer.from('busbar-client-1\n');
/** Before each group: its length, its checksum, and the checksum of these two. */
const HEADER_LENGTH = 12;
const CHANGE_LENGTH = 6;
/** The length that stands for a key that ends. */
const DELETED = 0xffff_ffff;

/** Changes that are all there or not at all: length and checksums of what follows, then key and value of each. */
export function encodeGroup(changes: readonly StoreChange[]): Buffer {
  let bodyLength = 0;
  for (const { key, value } of changes) bodyLength += CHANGE_LENGTH + Buffer.byteLength(key) + (value?.length ?? 0);
  const group = Buffer.allocUnsafe(HEADER_LENGTH + bodyLength);
  let at = HEADER_LENGTH;
  for (const { key, value } of changes) {
    const keyLength = group.write(key, at + CHANGE_LENGTH);
    at = group.writeUInt16BE(keyLength, at);
    at = group.writeUInt32BE(value === undefined ? DELETED : value.length, at) + keyLength;
    if (value === undefined) continue;
    group.set(value, at);
    at += value.length;
  }
  group.writeUInt32BE(bodyLength, 0);
  group.writeUInt32BE(crc32(group.subarray(HEADER_LENGTH)), 4);
  group.writeUInt32BE(crc32(group.subarray(0, 8)), 8);
  return group;
}

/** What a log holds, and how much of it is whole. */
export interface LogContents {
  readonly records: Map<string, Buffer>;
  /** Bytes up to the end of the last whole group; what comes after was cut off by a crash. */
  readonly byteLength: number;
}

/**
 * Reads a log. What a crash has left of the last group is passed over: it was not promised to anybody.
 *
 * @throws {ClientError} `store-damaged`: a group before the last one is not whole; `store-mismatch`: it is no such log.
 */
export function readLog(bytes: Buffer): LogContents {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC.subarray(0, bytes.length))) {
    throw new ClientError('store-mismatch', 'the file is not the store of a client');
  }
  const records = new Map<string, Buffer>();
  let at = MAGIC.length;
  while (at < bytes.length) {
    const body = bodyAt(bytes, at);
    if (body === undefined) {
      if (isTornAt(bytes, at)) break;
      throw new ClientError('store-damaged', `the store is damaged at byte ${at} of ${bytes.length}`);
    }
    apply(body, records);
    at += HEADER_LENGTH + body.length;
  }
  return { records, byteLength: Math.min(at, bytes.length) };
}

/** @returns Undefined when there is no whole group here. */
function bodyAt(bytes: Buffer, at: number): Buffer | undefined {
  if (!hasHeader(bytes, at)) return undefined;
  const end = endOf(bytes, at);
  if (end > bytes.length) return undefined;
  const body = bytes.subarray(at + HEADER_LENGTH, end);
  return crc32(body) === bytes.readUInt32BE(at + 4) ? body : undefined;
}

/**
 * Only the last group may have been cut off, since the next one is written when it is on the disk. The file ends with it
 * then; or the file system had made room for it, and zeros stand where its header should be.
 */
function isTornAt(bytes: Buffer, at: number): boolean {
  if (at + HEADER_LENGTH > bytes.length) return true;
  if (hasHeader(bytes, at)) return endOf(bytes, at) >= bytes.length;
  return bytes.subarray(at, at + HEADER_LENGTH).every((byte) => byte === 0);
}

function hasHeader(bytes: Buffer, at: number): boolean {
  return at + HEADER_LENGTH <= bytes.length && crc32(bytes.subarray(at, at + 8)) === bytes.readUInt32BE(at + 8);
}

function endOf(bytes: Buffer, at: number): number {
  return at + HEADER_LENGTH + bytes.readUInt32BE(at);
}

function apply(body: Buffer, records: Map<string, Buffer>): void {
  let at = 0;
  while (at < body.length) {
    const keyLength = body.readUInt16BE(at);
    const valueLength = body.readUInt32BE(at + 2);
    at += CHANGE_LENGTH;
    const key = body.toString('utf8', at, at + keyLength);
    at += keyLength;
    if (valueLength === DELETED) {
      records.delete(key);
      continue;
    }
    records.set(key, Buffer.from(body.subarray(at, at + valueLength)));
    at += valueLength;
  }
}
