import { Violation } from '../run/violation.ts';
import { BodyReader } from './body-reader.ts';
import { hex } from './bytes.ts';
import type { Frame } from './frame-reader.ts';
import type { AcknowledgementName, QoS, Version } from './packet-writer.ts';
import type { Properties } from './property.ts';
import { CONNACK_RETURN_CODES, code, SERVER_REASON_CODES, SUBACK_RETURN_CODES } from './reason-codes.ts';

interface Received {
  readonly byteLength: number;
  /** Empty below 5.0. */
  readonly properties: Properties;
}

export interface ReceivedConnack extends Received {
  readonly name: 'CONNACK';
  readonly sessionPresent: boolean;
  /** The return code below 5.0. */
  readonly reasonCode: number;
}

export interface ReceivedPublish extends Received {
  readonly name: 'PUBLISH';
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly topic: string;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly payload: Uint8Array;
}

export interface ReceivedAcknowledgement extends Received {
  readonly name: AcknowledgementName;
  readonly packetId: number;
  readonly reasonCode: number;
}

export interface ReceivedSuback extends Received {
  readonly name: 'SUBACK' | 'UNSUBACK';
  readonly packetId: number;
  /** None in the UNSUBACK of 3.1.1 and 3.1. */
  readonly reasonCodes: readonly number[];
}

export interface ReceivedPingresp extends Received {
  readonly name: 'PINGRESP';
}

export interface ReceivedDisconnect extends Received {
  readonly name: 'DISCONNECT' | 'AUTH';
  readonly reasonCode: number;
}

/** A packet that a server may send. */
export type ReceivedPacket =
  | ReceivedConnack
  | ReceivedPublish
  | ReceivedAcknowledgement
  | ReceivedSuback
  | ReceivedPingresp
  | ReceivedDisconnect;

const NONE: Properties = {};
const NAMES: Readonly<Record<number, ReceivedPacket['name']>> = {
  2: 'CONNACK',
  3: 'PUBLISH',
  4: 'PUBACK',
  5: 'PUBREC',
  6: 'PUBREL',
  7: 'PUBCOMP',
  9: 'SUBACK',
  11: 'UNSUBACK',
  13: 'PINGRESP',
  14: 'DISCONNECT',
  15: 'AUTH',
};

/** Reads what a server sent. @throws {Violation} It may not send that: wrong type, flags, form, property or Reason Code. */
export function readPacket(frame: Frame, version: Version): ReceivedPacket {
  const name = NAMES[frame.firstByte >> 4];
  const isBelow5 = version < 5;
  if (name === undefined || (isBelow5 && (name === 'DISCONNECT' || name === 'AUTH'))) {
    throw new Violation('a packet that a server may send', packetText(frame));
  }
  expectFlags(name, frame, version);
  const reader = new BodyReader('server', name, frame.body);
  const read = readBody(name, reader, frame, version);
  reader.expectEnd();
  return { byteLength: frame.byteLength, ...read };
}

type Body = ReceivedPacket extends infer P ? (P extends Received ? Omit<P, 'byteLength'> : never) : never;

function readBody(name: ReceivedPacket['name'], reader: BodyReader, frame: Frame, version: Version): Body {
  switch (name) {
    case 'CONNACK':
      return readConnack(reader, version);
    case 'PUBLISH':
      return readPublish(reader, frame.firstByte, version);
    case 'SUBACK':
    case 'UNSUBACK':
      return readSuback(name, reader, version);
    case 'PINGRESP':
      return { name, properties: NONE };
    case 'DISCONNECT':
    case 'AUTH': {
      const reasonCode = reader.left > 0 ? readReasonCode(name, reader) : 0;
      return { name, reasonCode, properties: reader.left > 0 ? reader.properties() : NONE };
    }
    default: {
      const packetId = readPacketId(reader);
      const reasonCode = version === 5 && reader.left > 0 ? readReasonCode(name, reader) : 0;
      return { name, packetId, reasonCode, properties: version === 5 && reader.left > 0 ? reader.properties() : NONE };
    }
  }
}

function readConnack(reader: BodyReader, version: Version): Body {
  const flags = reader.byte();
  // 3.1 reserves the whole byte and gives it no value.
  if (version > 3 && flags > 1) reader.fail('Connect Acknowledge Flags 0 or 1 [MQTT-3.2.2-1]');
  const reasonCode = version === 5 ? readReasonCode('CONNACK', reader) : reader.byte();
  if (version < 5 && !CONNACK_RETURN_CODES.includes(reasonCode)) reader.fail('a return code from 0 to 5');
  const sessionPresent = flags === 1;
  if (sessionPresent && reasonCode !== 0) reader.fail('Session Present 0 beside a failure [MQTT-3.2.2-6]');
  return { name: 'CONNACK', sessionPresent, reasonCode, properties: version === 5 ? reader.properties() : NONE };
}

function readPublish(reader: BodyReader, firstByte: number, version: Version): Body {
  const qos = (firstByte >> 1) & 3;
  const dup = (firstByte & 8) !== 0;
  if (qos === 3) reader.fail('a QoS of 0, 1 or 2 [MQTT-3.3.1-4]');
  if (dup && qos === 0) reader.fail('DUP 0 at QoS 0 [MQTT-3.3.1-2]');
  const topic = reader.text();
  if (/[+#]/.test(topic)) reader.fail('no wildcard in a Topic Name [MQTT-3.3.2-2]');
  const packetId = qos > 0 ? readPacketId(reader) : 0;
  const properties = version === 5 ? reader.properties() : NONE;
  const retain = (firstByte & 1) !== 0;
  return { name: 'PUBLISH', dup, qos: qos as QoS, retain, topic, packetId, properties, payload: reader.rest() };
}

function readSuback(name: 'SUBACK' | 'UNSUBACK', reader: BodyReader, version: Version): Body {
  const packetId = readPacketId(reader);
  const properties = version === 5 ? reader.properties() : NONE;
  const reasonCodes: number[] = [];
  while (reader.left > 0 && (version === 5 || name === 'SUBACK')) {
    if (version === 5) reasonCodes.push(readReasonCode(name, reader));
    else reasonCodes.push(reader.byte());
  }
  const strange = version < 5 && reasonCodes.find((each) => !SUBACK_RETURN_CODES.includes(each));
  if (strange) reader.fail(`a return code of 0, 1, 2 or 0x80, not ${code(strange)},`);
  return { name, packetId, reasonCodes, properties };
}

function readPacketId(reader: BodyReader): number {
  const packetId = reader.u16();
  if (packetId === 0) reader.fail('a Packet Identifier other than 0 [MQTT-2.2.1-4]');
  return packetId;
}

function readReasonCode(name: string, reader: BodyReader): number {
  const reasonCode = reader.byte();
  if (!SERVER_REASON_CODES[name]?.includes(reasonCode))
    reader.fail(`a Reason Code of its own, not ${code(reasonCode)},`);
  return reasonCode;
}

function expectFlags(name: ReceivedPacket['name'], frame: Frame, version: Version): void {
  // 3.1 leaves the bits of other packets unused, but for DUP in a PUBREL that is sent again.
  if (name === 'PUBLISH' || version === 3) return;
  const expected = name === 'PUBREL' ? 2 : 0;
  const flags = frame.firstByte & 0x0f;
  if (flags !== expected) throw new Violation(`${name} with flags ${expected} [MQTT-2.1.3-1]`, packetText(frame));
}

function packetText({ firstByte, body }: Frame): string {
  return `a packet ${hex(Uint8Array.of(firstByte))} with the body ${hex(body)}`;
}

/** A packet in one line, for reports. */
export function describe(packet: ReceivedPacket): string {
  switch (packet.name) {
    case 'PUBLISH': {
      const { topic, qos, retain, dup, payload } = packet;
      const shown = Buffer.from(payload.subarray(0, 24))
        .toString('latin1')
        .replaceAll(/[^ -~]/g, '.');
      return `PUBLISH ${topic} QoS ${qos}${retain ? ' RETAIN' : ''}${dup ? ' DUP' : ''} "${shown}"`;
    }
    case 'CONNACK':
      return `CONNACK ${code(packet.reasonCode)}${packet.sessionPresent ? ' with Session Present' : ''}`;
    case 'SUBACK':
    case 'UNSUBACK':
      return `${packet.name} ${packet.packetId} [${packet.reasonCodes.map(code).join(', ')}]`;
    case 'PINGRESP':
      return 'PINGRESP';
    case 'DISCONNECT':
    case 'AUTH':
      return `${packet.name} ${code(packet.reasonCode)}`;
    default:
      return `${packet.name} ${packet.packetId} ${code(packet.reasonCode)}`;
  }
}
