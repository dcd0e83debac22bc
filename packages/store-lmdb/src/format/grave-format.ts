import type { Grave } from '../batch/grave.ts';
import { firstNumberOf } from './keys.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';

const KINDS = ['chunks', 'subscriptions'] as const;

export function writeGrave(writer: RecordWriter, { kind, session, from, to }: Grave): void {
  writer.writeUint8(KINDS.indexOf(kind));
  writer.writeUint48(session);
  writer.writeUint48(from);
  writer.writeUint48(to);
}

/** @throws {RecordError} It is not one. */
export function readGrave(key: Uint8Array, value: Uint8Array): Grave {
  const reader = new RecordReader(value);
  const kind = KINDS[reader.readUint8()] ?? 'chunks';
  return {
    number: firstNumberOf(key),
    kind,
    session: reader.readUint48(),
    from: reader.readUint48(),
    to: reader.readUint48(),
  };
}
