import type { ByteReader } from '../byte-reader.ts';
import { type ByteWriter, expectWholeNumber } from '../byte-writer.ts';
import { protocolError } from '../packet-error.ts';

/** Reads a Packet Identifier (section 2.2.1). @throws {PacketError} It is 0, which no packet may have. */
export function readPacketId(reader: ByteReader, packetName: string): number {
  const packetId = reader.readTwoByteInteger('the Packet Identifier');
  if (packetId === 0) throw protocolError(`${packetName} has Packet Identifier 0`, 'MQTT-2.2.1-3');
  return packetId;
}

/** Writes a Packet Identifier. @throws {UsageError} It is not a whole number from 1 to 65,535. */
export function writePacketId(writer: ByteWriter, packetId: number): void {
  expectWholeNumber(packetId, 0xffff, 'the Packet Identifier', 1); // [MQTT-2.2.1-3]
  writer.writeTwoByteInteger(packetId, 'the Packet Identifier');
}
