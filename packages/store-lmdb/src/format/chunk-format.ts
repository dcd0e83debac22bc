import type { QoS } from '@busbar/codec';
import { type ApplicationMessage, Delivery, type Successor } from '@busbar/protocol';
import { readMessage, writeMessage } from './message-format.ts';
import { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';
import type { StoreTime } from './store-time.ts';

const QOS = 0b11;
const RETAIN = 4;
const HAS_IDENTIFIERS = 8;
const HAS_SUCCESSOR = 16;
/** The message has a record of its own, which others share. */
const BY_NUMBER = 32;

/** A delivery as a chunk holds it: with its message, or with the number that the message has among the shared ones. */
export interface ChunkEntry {
  readonly sequence: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[] | undefined;
  readonly sharedFilter: string | undefined;
  /** 0 for a message of its own. */
  readonly messageNumber: number;
  /** The message's record, when it is its own. */
  readonly record: Uint8Array;
}

/**
 * Appends a delivery to a chunk, which is one value: deliveries that entered one queue in one batch.
 *
 * @param offset Its sequence number, from the chunk's first.
 * @param messageNumber 0 writes the message itself.
 */
export function writeChunkEntry(
  writer: RecordWriter,
  scratch: RecordWriter,
  offset: number,
  delivery: Delivery,
  messageNumber: number,
  time: StoreTime,
): void {
  const { qos, retain, subscriptionIdentifiers: identifiers, successor, message } = delivery;
  const flags =
    qos |
    (retain ? RETAIN : 0) |
    (identifiers === undefined ? 0 : HAS_IDENTIFIERS) |
    (successor === undefined ? 0 : HAS_SUCCESSOR) |
    (messageNumber === 0 ? 0 : BY_NUMBER);
  writer.writeCount(offset);
  writer.writeUint8(flags);
  if (identifiers !== undefined) {
    writer.writeCount(identifiers.length);
    for (const identifier of identifiers) writer.writeCount(identifier);
  }
  if (successor !== undefined) writer.writeText(successor.sharedFilter);
  if (messageNumber !== 0) {
    writer.writeUint48(messageNumber);
    return;
  }
  scratch.reset();
  scratch.begin();
  writeMessage(scratch, message, time);
  writer.writeSizedBytes(scratch.end());
}

/** The deliveries of a chunk, in order; views of its value. @throws {RecordError} It is not one. */
export function readChunk(firstSequence: number, value: Uint8Array): ChunkEntry[] {
  const reader = new RecordReader(value);
  const entries: ChunkEntry[] = [];
  while (!reader.isAtEnd) entries.push(readChunkEntry(firstSequence, reader));
  return entries;
}

function readChunkEntry(firstSequence: number, reader: RecordReader): ChunkEntry {
  const sequence = firstSequence + reader.readCount();
  const flags = reader.readUint8();
  const subscriptionIdentifiers = (flags & HAS_IDENTIFIERS) === 0 ? undefined : readIdentifiers(reader);
  const sharedFilter = (flags & HAS_SUCCESSOR) === 0 ? undefined : reader.readText();
  const messageNumber = (flags & BY_NUMBER) === 0 ? 0 : reader.readUint48();
  const record = messageNumber === 0 ? reader.readSizedBytes() : new Uint8Array(0);
  const qos = (flags & QOS) as QoS;
  return {
    sequence,
    qos,
    retain: (flags & RETAIN) !== 0,
    subscriptionIdentifiers,
    sharedFilter,
    messageNumber,
    record,
  };
}

function readIdentifiers(reader: RecordReader): number[] {
  return Array.from({ length: reader.readCount() }, () => reader.readCount());
}

/** @param message The one that the entry refers to, when it is not its own. @throws {RecordError} The message is not one. */
export function deliveryOf(
  entry: ChunkEntry,
  message: ApplicationMessage | undefined,
  time: StoreTime,
  successorOf: (sharedFilter: string) => Successor,
): Delivery {
  const { qos, retain, subscriptionIdentifiers, sharedFilter, record } = entry;
  const successor = sharedFilter === undefined ? undefined : successorOf(sharedFilter);
  const content = message ?? readMessage(new RecordReader(record), time);
  return new Delivery(content, qos, retain, subscriptionIdentifiers, successor);
}
