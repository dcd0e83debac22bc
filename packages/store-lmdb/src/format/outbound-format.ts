import type { Stage } from '@busbar/protocol';
import { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';

/** A delivery in flight: where it stands, and which entry of the session's queue it was. */
export interface Flight {
  readonly packetId: number;
  readonly sequence: number;
  readonly stage: Stage;
}

/** A session's queue in numbers: all entries from `head` on wait, those in flight are before it, all others are gone. */
export interface OutboundSummary {
  readonly head: number;
  readonly tail: number;
  /** Bytes of the messages that wait. */
  readonly byteLength: number;
  /** Whether one that waits may be another's to take over. */
  readonly hasShared: boolean;
  /** In the order of their first sending. */
  readonly flights: readonly Flight[];
}

/**
 * Flights mostly follow each other in all three numbers, so that they are written as runs: how many, the first one's
 * Packet Identifier, sequence number, stage.
 */
export function writeOutbound(
  writer: RecordWriter,
  { head, tail, byteLength, hasShared, flights }: Omit<OutboundSummary, 'flights'> & { flights: Iterable<Flight> },
): void {
  writer.writeUint48(head);
  writer.writeUint48(tail);
  writer.writeUint48(byteLength);
  writer.writeUint8(hasShared ? 1 : 0);
  let packetId = 0;
  let sequence = 0;
  let stage: Stage = 1;
  let count = 0;
  for (const flight of flights) {
    const follows =
      flight.packetId === packetId + count && flight.sequence === sequence + count && flight.stage === stage;
    if (count > 0 && follows) {
      count++;
      continue;
    }
    if (count > 0) writeRun(writer, count, packetId, sequence, stage);
    ({ packetId, sequence, stage } = flight);
    count = 1;
  }
  if (count > 0) writeRun(writer, count, packetId, sequence, stage);
}

function writeRun(writer: RecordWriter, count: number, packetId: number, sequence: number, stage: Stage): void {
  writer.writeCount(count);
  writer.writeUint16(packetId);
  writer.writeUint48(sequence);
  writer.writeUint8(stage);
}

/** @throws {RecordError} It is not one. */
export function readOutbound(value: Uint8Array): OutboundSummary {
  const reader = new RecordReader(value);
  const head = reader.readUint48();
  const tail = reader.readUint48();
  const byteLength = reader.readUint48();
  const hasShared = reader.readUint8() !== 0;
  const flights: Flight[] = [];
  while (!reader.isAtEnd) {
    const count = reader.readCount();
    const packetId = reader.readUint16();
    const sequence = reader.readUint48();
    const stage = reader.readUint8() as Stage;
    for (let i = 0; i < count; i++) flights.push({ packetId: packetId + i, sequence: sequence + i, stage });
  }
  return { head, tail, byteLength, hasShared, flights };
}

/** Packet Identifiers of accepted QoS 2 messages, as runs: the first one, how many follow it. */
export function writeInbound(writer: RecordWriter, accepted: Iterable<number>): void {
  let first = 0;
  let count = 0;
  for (const packetId of accepted) {
    if (count > 0 && packetId === first + count) {
      count++;
      continue;
    }
    if (count > 0) writePacketIds(writer, first, count);
    first = packetId;
    count = 1;
  }
  if (count > 0) writePacketIds(writer, first, count);
}

function writePacketIds(writer: RecordWriter, first: number, count: number): void {
  writer.writeUint16(first);
  writer.writeCount(count);
}

/** @throws {RecordError} It is not one. */
export function readInbound(value: Uint8Array): number[] {
  const reader = new RecordReader(value);
  const accepted: number[] = [];
  while (!reader.isAtEnd) {
    const first = reader.readUint16();
    const count = reader.readCount();
    for (let i = 0; i < count; i++) accepted.push(first + i);
  }
  return accepted;
}
