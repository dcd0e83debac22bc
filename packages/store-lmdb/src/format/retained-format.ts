import type { Identity, StoredRetained } from '@busbar/broker';
import { readMessage, writeMessage } from './message-format.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';
import type { StoreTime } from './store-time.ts';

/** The first byte of a record that names its source; that of a message, which stands first otherwise, is below. */
const HAS_SOURCE = 16;

/** Whose it is where somebody asks, and the message to the end of the record. */
export function writeRetained(writer: RecordWriter, { message, source }: StoredRetained, time: StoreTime): void {
  if (source !== undefined) {
    writer.writeUint8(HAS_SOURCE);
    writer.writeText(JSON.stringify(source));
  }
  writeMessage(writer, message, time);
}

/** @param sourceOf Reads the text that a source is kept as. @throws {RecordError} It is not one. */
export function readRetained(
  value: Uint8Array,
  time: StoreTime,
  sourceOf: (text: string) => Identity = JSON.parse,
): StoredRetained {
  const reader = new RecordReader(value);
  if (value[0] !== HAS_SOURCE) return { message: readMessage(reader, time) };
  reader.readUint8();
  const source = sourceOf(reader.readText());
  return { message: readMessage(reader, time), source };
}
