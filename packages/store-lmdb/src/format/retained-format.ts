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

/** Reads retained messages, of which many have the same source: it is one object for all of them. */
export class RetainedReader {
  readonly #time: StoreTime;
  #text = '';
  #source: Identity | undefined = undefined;

  constructor(time: StoreTime) {
    this.#time = time;
  }

  /** @throws {RecordError} It is not one. */
  read(value: Uint8Array): StoredRetained {
    const reader = new RecordReader(value);
    if (value[0] !== HAS_SOURCE) return { message: readMessage(reader, this.#time) };
    reader.readUint8();
    const text = reader.readText();
    if (text !== this.#text) {
      this.#source = JSON.parse(text);
      this.#text = text;
    }
    return { message: readMessage(reader, this.#time), source: this.#source };
  }
}
