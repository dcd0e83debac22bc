import { ApplicationMessage, type MessageRecord } from '@busbar/protocol';
import { RecordError, type RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';
import type { StoreTime } from './store-time.ts';

const VERSION_5 = 1;
const SPELLS_TOPIC = 2;
const EXPIRES = 4;
const HAS_PUBLISHER = 8;
const MORE_LENGTH_BYTES = 0x80;

/** Flags, when it expires, who sent it, its topic where the packet does not spell it, the packet: to the end of the record. */
export function writeMessage(writer: RecordWriter, message: ApplicationMessage, time: StoreTime): void {
  writeMessageRecord(writer, message.toRecord(), time);
}

function writeMessageRecord(writer: RecordWriter, record: MessageRecord, time: StoreTime): void {
  const { packet, version5, topicBytes, spellsTopic, publisher, expiresAt } = record;
  const expires = expiresAt !== Number.POSITIVE_INFINITY;
  const flags =
    (version5 ? VERSION_5 : 0) |
    (spellsTopic ? SPELLS_TOPIC : 0) |
    (expires ? EXPIRES : 0) |
    (publisher === '' ? 0 : HAS_PUBLISHER);
  writer.writeUint8(flags);
  if (expires) writer.writeFloat64(time.toStore(expiresAt));
  if (publisher !== '') writer.writeText(publisher);
  if (!spellsTopic) writer.writeSizedBytes(topicBytes);
  writer.writeBytes(packet);
}

/** Reads a message to the end of the record. Its memory is its own. */
export function readMessage(reader: RecordReader, time: StoreTime): ApplicationMessage {
  const flags = reader.readUint8();
  const expiresAt = (flags & EXPIRES) === 0 ? Number.POSITIVE_INFINITY : time.toBroker(reader.readFloat64());
  const publisher = (flags & HAS_PUBLISHER) === 0 ? '' : reader.readText();
  const spellsTopic = (flags & SPELLS_TOPIC) !== 0;
  const aliased = spellsTopic ? undefined : new Uint8Array(reader.readSizedBytes());
  const packet = new Uint8Array(reader.readRest());
  const topicBytes = aliased ?? topicOf(packet);
  const version5 = (flags & VERSION_5) !== 0;
  return ApplicationMessage.fromRecord({ packet, version5, topicBytes, spellsTopic, publisher, expiresAt });
}

/** A view of the Topic Name in a PUBLISH packet. */
function topicOf(packet: Uint8Array): Uint8Array {
  let at = 1;
  while ((packet[at] ?? 0) >= MORE_LENGTH_BYTES) at++;
  at++;
  const length = ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
  if (packet.length < at + 2 + length) throw new RecordError('a message is not a PUBLISH packet');
  return packet.subarray(at + 2, at + 2 + length);
}
