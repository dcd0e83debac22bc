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
  const bodyStart = bodyStartOf(packet);
  const topicBytes = aliased ?? topicOf(packet, bodyStart);
  const version5 = (flags & VERSION_5) !== 0;
  return ApplicationMessage.fromRecord({ packet, version5, topicBytes, publisher, expiresAt });
}

/** Where the body of a packet begins. @throws {RecordError} The packet is not as long as it says. */
function bodyStartOf(packet: Uint8Array): number {
  let remaining = 0;
  let at = 1;
  for (let factor = 1; ; factor *= MORE_LENGTH_BYTES) {
    const byte = packet[at++] ?? 0;
    remaining += (byte % MORE_LENGTH_BYTES) * factor;
    if (byte < MORE_LENGTH_BYTES) break;
  }
  if (packet.length === at + remaining) return at;
  throw new RecordError(`a packet of ${at + remaining} bytes should be there, there are ${packet.length}`);
}

/** A view of the Topic Name in a PUBLISH packet. */
function topicOf(packet: Uint8Array, bodyStart: number): Uint8Array {
  const length = ((packet[bodyStart] ?? 0) << 8) | (packet[bodyStart + 1] ?? 0);
  const start = bodyStart + 2;
  if (packet.length < start + length) throw new RecordError('a message is not a PUBLISH packet');
  return packet.subarray(start, start + length);
}
