import { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';
import type { TimeMark } from './store-time.ts';

/** What every batch writes. */
export interface Meta extends TimeMark {
  /** The batch's number. */
  readonly batch: number;
  readonly nextSession: number;
  readonly nextMessage: number;
  readonly nextGrave: number;
}

export const META_KEY: Uint8Array = Buffer.from('state');
export const FORMAT_KEY: Uint8Array = Buffer.from('format');

/** Counts up with every change that a former version would misread. 2: a retained message may name its source. */
export const FORMAT_VERSION = 2;
/** Rows of all versions from this one on are read; the store becomes one of this version when it is opened for writing. */
export const OLDEST_VERSION = 1;
const FORMAT_NAME = 'busbar-store';

export const NEW_META: Meta = { batch: 0, storeTime: 0, wallTime: 0, nextSession: 1, nextMessage: 1, nextGrave: 1 };

export function writeMeta(writer: RecordWriter, meta: Meta): void {
  writer.writeUint48(meta.batch);
  writer.writeFloat64(meta.storeTime);
  writer.writeFloat64(meta.wallTime);
  writer.writeUint48(meta.nextSession);
  writer.writeUint48(meta.nextMessage);
  writer.writeUint48(meta.nextGrave);
}

/** @throws {RecordError} It is not one. */
export function readMeta(value: Uint8Array): Meta {
  const reader = new RecordReader(value);
  return {
    batch: reader.readUint48(),
    storeTime: reader.readFloat64(),
    wallTime: reader.readFloat64(),
    nextSession: reader.readUint48(),
    nextMessage: reader.readUint48(),
    nextGrave: reader.readUint48(),
  };
}

/** For people as well: `{"format":"busbar-store","version":1}`. */
export function encodeFormat(): Uint8Array {
  return Buffer.from(JSON.stringify({ format: FORMAT_NAME, version: FORMAT_VERSION }));
}

/** Why a store with this format cannot be read; undefined when it can. */
export function formatFault(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return 'it does not say that it is a store of Busbar';
  const text = Buffer.from(value).toString();
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return 'it does not say that it is a store of Busbar';
  }
  const { format, version } = (said ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT_NAME) return 'it does not say that it is a store of Busbar';
  return isReadable(version) ? undefined : `its format is version ${version}, this program reads ${READABLE}`;
}

/** For people: which versions this program reads. */
export const READABLE: string = `${OLDEST_VERSION} to ${FORMAT_VERSION}`;

/** Whether rows of a version of the format can be read. */
export function isReadable(version: unknown): boolean {
  return Number.isInteger(version) && Number(version) >= OLDEST_VERSION && Number(version) <= FORMAT_VERSION;
}
