import type { Identity, StoredRetained, StoredSubscription, StoredWill } from '@busbar/broker';
import type { QoS } from '@busbar/codec';
import { ApplicationMessage, Delivery } from '@busbar/protocol';
import type { Row, Table } from '../disk/disk.ts';
import { type ChunkEntry, readChunk, writeChunkEntry } from '../format/chunk-format.ts';
import { readGrave, writeGrave } from '../format/grave-format.ts';
import { firstNumberOf, keyOf, keyOfName, keyOfPair, keyOfSessionName, secondNumberOf } from '../format/keys.ts';
import { readMessage, writeMessage } from '../format/message-format.ts';
import { FORMAT_KEY, META_KEY, type Meta, readMeta, writeMeta } from '../format/meta-format.ts';
import { type Flight, readInbound, readOutbound, writeInbound, writeOutbound } from '../format/outbound-format.ts';
import { RecordError, RecordReader } from '../format/record-reader.ts';
import { RecordWriter } from '../format/record-writer.ts';
import { readRetained, writeRetained } from '../format/retained-format.ts';
import {
  contentOf,
  readSession,
  readSubscription,
  type SessionFacts,
  writeSession,
  writeSubscription,
} from '../format/session-format.ts';
import { StoreTime } from '../format/store-time.ts';

/** What the first line of a dump says that it is. */
export const DUMP_NAME = 'busbar-store-dump';
/** What the last line says: a dump that was cut off between two lines has none. */
export const DUMP_END = 'end';

/** Stamps stay as they are in the store. */
const TIME = new StoreTime(undefined, 0, 0);
/** Payloads that people can read are shown, up to so many bytes. */
const LONGEST_TEXT = 256;

/** A message in a dump: `packet` is all that is restored of its content, the rest is for people. */
interface MessageLine {
  readonly topicName: string;
  readonly publisher: string;
  /** Milliseconds of store time; absent for never. */
  readonly expiresAt?: number;
  readonly version5: boolean;
  readonly spellsTopic: boolean;
  readonly text?: string;
  /** Base64. */
  readonly packet: string;
}

interface DeliveryLine {
  readonly sequence: number;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly subscriptionIdentifiers?: readonly number[];
  readonly sharedFilter?: string;
  /** The number of a shared message, or the message. */
  readonly message: number | MessageLine;
}

interface WillLine {
  readonly delaySeconds: number;
  readonly message: MessageLine;
}

/** One row of a store as a line of JSON. */
export type RowLine =
  | ({ readonly kind: 'state' } & Meta)
  | ({ readonly kind: 'session'; readonly session: number; readonly will?: WillLine } & Omit<SessionFacts, 'will'>)
  | ({ readonly kind: 'subscription'; readonly session: number } & StoredSubscription)
  | {
      readonly kind: 'outbound';
      readonly session: number;
      readonly head: number;
      readonly tail: number;
      readonly byteLength: number;
      readonly hasShared: boolean;
      readonly inFlight: readonly Flight[];
    }
  | { readonly kind: 'inbound'; readonly session: number; readonly packetIds: readonly number[] }
  | {
      readonly kind: 'deliveries';
      readonly session: number;
      readonly first: number;
      readonly deliveries: readonly DeliveryLine[];
    }
  | { readonly kind: 'message'; readonly number: number; readonly message: MessageLine }
  | { readonly kind: 'references'; readonly number: number; readonly count: number }
  | { readonly kind: 'retained'; readonly source?: Identity; readonly message: MessageLine }
  | {
      readonly kind: 'grave';
      readonly number: number;
      readonly of: 'chunks' | 'subscriptions';
      readonly session: number;
      readonly from: number;
      readonly to: number;
    };

/** @returns Undefined for the format, which a dump tells in its first line. @throws {RecordError} The row is not one. */
export function lineOf(table: Table, { key, value }: Row): RowLine | undefined {
  switch (table) {
    case 'meta':
      return Buffer.from(key).equals(FORMAT_KEY) ? undefined : { kind: 'state', ...readMeta(value) };
    case 'sessions': {
      const { will, ...facts } = readSession(value, TIME);
      const session = firstNumberOf(key);
      return { kind: 'session', session, ...facts, ...(will === undefined ? {} : { will: willLine(will) }) };
    }
    case 'subscriptions':
      return { kind: 'subscription', session: firstNumberOf(key), ...readSubscription(value) };
    case 'outbound': {
      const { flights: inFlight, ...summary } = readOutbound(value);
      return { kind: 'outbound', session: firstNumberOf(key), ...summary, inFlight };
    }
    case 'inbound':
      return { kind: 'inbound', session: firstNumberOf(key), packetIds: readInbound(value) };
    case 'chunks': {
      const first = secondNumberOf(key);
      const deliveries = readChunk(first, value).map(deliveryLine);
      return { kind: 'deliveries', session: firstNumberOf(key), first, deliveries };
    }
    case 'messages':
      return {
        kind: 'message',
        number: firstNumberOf(key),
        message: messageLine(readMessage(new RecordReader(value), TIME)),
      };
    case 'references':
      return { kind: 'references', number: firstNumberOf(key), count: new RecordReader(value).readCount() };
    case 'retained':
      return retainedLine(readRetained(value, TIME));
    case 'graves': {
      const { kind: of, ...grave } = readGrave(key, value);
      return { kind: 'grave', of, ...grave };
    }
  }
}

/** The row that a line stands for. Its value is valid until the next call with the same writer. */
export function rowOf(line: RowLine, writer: RecordWriter): Row & { readonly table: Table } {
  writer.reset();
  writer.begin();
  const { table, key } = writeLine(line, writer);
  return { table, key, value: new Uint8Array(writer.end()) };
}

function writeLine(line: RowLine, writer: RecordWriter): { readonly table: Table; readonly key: Uint8Array } {
  const { kind } = line;
  switch (line.kind) {
    case 'state':
      writeMeta(writer, line);
      return { table: 'meta', key: META_KEY };
    case 'session': {
      const { will, ...facts } = line;
      writeSession(writer, { ...facts, will: will === undefined ? undefined : willOf(will) }, TIME);
      return { table: 'sessions', key: keyOf(line.session) };
    }
    case 'subscription':
      writeSubscription(writer, { ...line, subscriptionIdentifier: line.subscriptionIdentifier });
      return { table: 'subscriptions', key: keyOfSessionName(line.session, line.topicFilter) };
    case 'outbound':
      writeOutbound(writer, { ...line, flights: line.inFlight });
      return { table: 'outbound', key: keyOf(line.session) };
    case 'inbound':
      writeInbound(writer, line.packetIds);
      return { table: 'inbound', key: keyOf(line.session) };
    case 'deliveries':
      writeDeliveries(writer, line.first, line.deliveries);
      return { table: 'chunks', key: keyOfPair(line.session, line.first) };
    case 'message':
      writeMessage(writer, messageOf(line.message), TIME);
      return { table: 'messages', key: keyOf(line.number) };
    case 'references':
      writer.writeCount(line.count);
      return { table: 'references', key: keyOf(line.number) };
    case 'retained':
      writeRetained(writer, { message: messageOf(line.message), source: line.source }, TIME);
      return { table: 'retained', key: keyOfName(line.message.topicName) };
    case 'grave':
      writeGrave(writer, { ...line, kind: line.of });
      return { table: 'graves', key: keyOf(line.number) };
    default:
      throw new RecordError(`there is no kind ${String(kind)}`);
  }
}

function retainedLine({ message, source }: StoredRetained): RowLine {
  return { kind: 'retained', ...(source === undefined ? {} : { source }), message: messageLine(message) };
}

function messageLine(message: ApplicationMessage): MessageLine {
  const { packet, version5, spellsTopic, publisher, expiresAt } = message.toRecord();
  const text = readable(message.payload);
  return {
    topicName: message.topicName,
    publisher,
    ...(expiresAt === Number.POSITIVE_INFINITY ? {} : { expiresAt }),
    version5,
    spellsTopic,
    ...(text === undefined ? {} : { text }),
    packet: Buffer.from(packet).toString('base64'),
  };
}

function messageOf({ topicName, publisher, expiresAt, version5, packet }: MessageLine): ApplicationMessage {
  return ApplicationMessage.fromRecord({
    packet: new Uint8Array(Buffer.from(packet, 'base64')),
    version5,
    topicBytes: new Uint8Array(Buffer.from(topicName)),
    publisher,
    expiresAt: expiresAt ?? Number.POSITIVE_INFINITY,
  });
}

/** A payload as text, when it is a short one without control characters. */
function readable(payload: Uint8Array): string | undefined {
  if (payload.length > LONGEST_TEXT) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
    return /^[^\p{Cc}]*$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

function deliveryLine(entry: ChunkEntry): DeliveryLine {
  const { sequence, qos, retain, subscriptionIdentifiers, sharedFilter, messageNumber, record } = entry;
  return {
    sequence,
    qos,
    retain,
    ...(subscriptionIdentifiers === undefined ? {} : { subscriptionIdentifiers }),
    ...(sharedFilter === undefined ? {} : { sharedFilter }),
    message: messageNumber === 0 ? messageLine(readMessage(new RecordReader(record), TIME)) : messageNumber,
  };
}

function writeDeliveries(writer: RecordWriter, first: number, deliveries: readonly DeliveryLine[]): void {
  const scratch = new RecordWriter();
  for (const { sequence, qos, retain, subscriptionIdentifiers, sharedFilter, message } of deliveries) {
    const successor = sharedFilter === undefined ? undefined : { sharedFilter, takeOver() {} };
    const number = typeof message === 'number' ? message : 0;
    // Of a message that is stored elsewhere nothing is written but its number.
    const content = typeof message === 'number' ? NO_MESSAGE : messageOf(message);
    const delivery = new Delivery(content, qos, retain, subscriptionIdentifiers, successor);
    writeChunkEntry(writer, scratch, sequence - first, delivery, number, TIME);
  }
}

const NOTHING = { topicName: '-', payload: new Uint8Array(0), qos: 0, retain: false, properties: {} } as const;
const NO_MESSAGE = ApplicationMessage.of(NOTHING, '', 0);

function willLine({ content, delaySeconds }: StoredWill): WillLine {
  return { delaySeconds, message: messageLine(ApplicationMessage.of(content, '', 0)) };
}

function willOf({ delaySeconds, message }: WillLine): StoredWill {
  const packet = new Uint8Array(Buffer.from(message.packet, 'base64'));
  return { content: contentOf(packet), delaySeconds };
}
