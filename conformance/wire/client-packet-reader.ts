import { Violation } from '../run/violation.ts';
import { BodyReader } from './body-reader.ts';
import { hex } from './bytes.ts';
import type { Frame } from './frame-reader.ts';
import type { AcknowledgementName, QoS, Version } from './packet-writer.ts';
import type { Properties } from './property.ts';
import { CLIENT_REASON_CODES, code } from './reason-codes.ts';

interface Sent {
  readonly byteLength: number;
  /** Empty below 5.0. */
  readonly properties: Properties;
}

export interface SentWill {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Properties;
}

export interface SentConnect extends Sent {
  readonly name: 'CONNECT';
  readonly clientId: string;
  readonly cleanStart: boolean;
  readonly keepAlive: number;
  readonly will: SentWill | undefined;
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
}

export interface SentPublish extends Sent {
  readonly name: 'PUBLISH';
  readonly dup: boolean;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Empty where a Topic Alias stands for it. */
  readonly topic: string;
  readonly packetId: number;
  readonly payload: Uint8Array;
}

export interface SentAcknowledgement extends Sent {
  readonly name: AcknowledgementName;
  readonly packetId: number;
  readonly reasonCode: number;
}

export interface SentSubscribe extends Sent {
  readonly name: 'SUBSCRIBE';
  readonly packetId: number;
  readonly subscriptions: readonly { readonly filter: string; readonly options: number }[];
}

export interface SentUnsubscribe extends Sent {
  readonly name: 'UNSUBSCRIBE';
  readonly packetId: number;
  readonly filters: readonly string[];
}

export interface SentPingreq extends Sent {
  readonly name: 'PINGREQ';
}

export interface SentDisconnect extends Sent {
  readonly name: 'DISCONNECT' | 'AUTH';
  readonly reasonCode: number;
}

/** A packet that a client may send. */
export type SentPacket =
  | SentConnect
  | SentPublish
  | SentAcknowledgement
  | SentSubscribe
  | SentUnsubscribe
  | SentPingreq
  | SentDisconnect;

type Body = SentPacket extends infer P ? (P extends Sent ? Omit<P, 'byteLength'> : never) : never;

const NONE: Properties = {};
const PROTOCOL_NAME: Readonly<Record<Version, string>> = { 3: 'MQIsdp', 4: 'MQTT', 5: 'MQTT' };
const NAMES: Readonly<Record<number, SentPacket['name']>> = {
  1: 'CONNECT',
  3: 'PUBLISH',
  4: 'PUBACK',
  5: 'PUBREC',
  6: 'PUBREL',
  7: 'PUBCOMP',
  8: 'SUBSCRIBE',
  10: 'UNSUBSCRIBE',
  12: 'PINGREQ',
  14: 'DISCONNECT',
  15: 'AUTH',
};

/** Reads what a client sent. @throws {Violation} It may not send that. */
export function readClientPacket(frame: Frame, version: Version): SentPacket {
  const name = NAMES[frame.firstByte >> 4];
  const came = `a packet ${hex(Uint8Array.of(frame.firstByte))} with the body ${hex(frame.body)}`;
  if (name === undefined || (name === 'AUTH' && version < 5)) {
    throw new Violation('a packet that a client may send', came);
  }
  const expectedFlags = ['PUBREL', 'SUBSCRIBE', 'UNSUBSCRIBE'].includes(name) ? 2 : 0;
  if (name !== 'PUBLISH' && (frame.firstByte & 0x0f) !== expectedFlags) {
    throw new Violation(`${name} with flags ${expectedFlags} [MQTT-2.1.3-1]`, came);
  }
  const reader = new BodyReader('client', name, frame.body);
  const read = readBody(name, reader, frame.firstByte, version);
  reader.expectEnd();
  return { byteLength: frame.byteLength, ...read };
}

function readBody(name: SentPacket['name'], reader: BodyReader, firstByte: number, version: Version): Body {
  switch (name) {
    case 'CONNECT':
      return readConnect(reader, version);
    case 'PUBLISH':
      return readPublish(reader, firstByte, version);
    case 'SUBSCRIBE':
      return readSubscribe(reader, version);
    case 'UNSUBSCRIBE':
      return readUnsubscribe(reader, version);
    case 'PINGREQ':
      return { name, properties: NONE };
    case 'DISCONNECT':
    case 'AUTH': {
      const reasonCode = version === 5 && reader.left > 0 ? readReasonCode(name, reader) : 0;
      return { name, reasonCode, properties: version === 5 && reader.left > 0 ? reader.properties() : NONE };
    }
    default: {
      const packetId = readPacketId(reader);
      const reasonCode = version === 5 && reader.left > 0 ? readReasonCode(name, reader) : 0;
      return { name, packetId, reasonCode, properties: version === 5 && reader.left > 0 ? reader.properties() : NONE };
    }
  }
}

/** Every flag of CONNECT against the payload that it announces; what is not announced is left over, and found at the end. */
function readConnect(reader: BodyReader, version: Version): Body {
  if (reader.text() !== PROTOCOL_NAME[version])
    reader.fail(`the protocol name ${PROTOCOL_NAME[version]} [MQTT-3.1.2-1]`);
  if (reader.byte() !== version) reader.fail(`the protocol version ${version}`);
  const flags = reader.byte();
  if ((flags & 1) !== 0) reader.fail('the reserved flag 0 [MQTT-3.1.2-3]');
  const hasWill = (flags & 4) !== 0;
  const willQos = (flags >> 3) & 3;
  if (!hasWill && (flags & 0x38) !== 0) reader.fail('Will QoS and Will Retain 0 without Will [MQTT-3.1.2-11]');
  if (willQos === 3) reader.fail('a Will QoS of 0, 1 or 2 [MQTT-3.1.2-12]');
  if (version < 5 && (flags & 0xc0) === 0x40) reader.fail('no Password without User Name [MQTT311-3.1.2-22]');
  const keepAlive = reader.u16();
  const properties = version === 5 ? reader.properties() : NONE;
  const clientId = reader.text();
  const will = hasWill ? readWill(reader, willQos as QoS, (flags & 0x20) !== 0, version) : undefined;
  const userName = (flags & 0x80) !== 0 ? reader.text() : undefined;
  const password = (flags & 0x40) !== 0 ? reader.binary() : undefined;
  const cleanStart = (flags & 2) !== 0;
  if (version === 4 && clientId === '' && !cleanStart) reader.fail('CleanSession without Client Identifier');
  return { name: 'CONNECT', clientId, cleanStart, keepAlive, properties, will, userName, password };
}

function readWill(reader: BodyReader, qos: QoS, retain: boolean, version: Version): SentWill {
  const properties = version === 5 ? reader.properties('WILL') : NONE;
  return { qos, retain, properties, topic: readTopicName(reader), payload: reader.binary() };
}

function readPublish(reader: BodyReader, firstByte: number, version: Version): Body {
  const qos = (firstByte >> 1) & 3;
  const dup = (firstByte & 8) !== 0;
  if (qos === 3) reader.fail('a QoS of 0, 1 or 2 [MQTT-3.3.1-4]');
  if (dup && qos === 0) reader.fail('DUP 0 at QoS 0 [MQTT-3.3.1-2]');
  const topic = readTopicName(reader);
  const packetId = qos > 0 ? readPacketId(reader) : 0;
  const properties = version === 5 ? reader.properties() : NONE;
  if (topic === '' && properties.topicAlias === undefined) reader.fail('a Topic Name [MQTT-4.7.3-1]');
  const retain = (firstByte & 1) !== 0;
  return { name: 'PUBLISH', dup, qos: qos as QoS, retain, topic, packetId, properties, payload: reader.rest() };
}

function readSubscribe(reader: BodyReader, version: Version): Body {
  const packetId = readPacketId(reader);
  const properties = version === 5 ? reader.properties() : NONE;
  const subscriptions: { filter: string; options: number }[] = [];
  while (reader.left > 0) {
    const filter = reader.text();
    const options = reader.byte();
    if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0 || (options & 3) === 3)
      reader.fail('options without reserved bits');
    subscriptions.push({ filter, options });
  }
  if (subscriptions.length === 0) reader.fail('at least one Topic Filter [MQTT-3.8.3-2]');
  return { name: 'SUBSCRIBE', packetId, properties, subscriptions };
}

function readUnsubscribe(reader: BodyReader, version: Version): Body {
  const packetId = readPacketId(reader);
  const properties = version === 5 ? reader.properties() : NONE;
  const filters: string[] = [];
  while (reader.left > 0) filters.push(reader.text());
  if (filters.length === 0) reader.fail('at least one Topic Filter [MQTT-3.10.3-2]');
  return { name: 'UNSUBSCRIBE', packetId, properties, filters };
}

function readTopicName(reader: BodyReader): string {
  const topic = reader.text();
  if (/[+#]/.test(topic)) reader.fail('no wildcard in a Topic Name [MQTT-3.3.2-2]');
  return topic;
}

function readPacketId(reader: BodyReader): number {
  const packetId = reader.u16();
  if (packetId === 0) reader.fail('a Packet Identifier other than 0 [MQTT-2.2.1-3]');
  return packetId;
}

function readReasonCode(name: string, reader: BodyReader): number {
  const reasonCode = reader.byte();
  if (!CLIENT_REASON_CODES[name]?.includes(reasonCode))
    reader.fail(`a Reason Code of its own, not ${code(reasonCode)},`);
  return reasonCode;
}

/** A packet in one line, for reports. */
export function describeSent(packet: SentPacket): string {
  switch (packet.name) {
    case 'PUBLISH':
      return `PUBLISH ${packet.topic} QoS ${packet.qos}${packet.dup ? ' DUP' : ''} ${packet.packetId}`;
    case 'SUBSCRIBE':
      return `SUBSCRIBE ${packet.packetId} ${packet.subscriptions.map(({ filter }) => filter).join(' ')}`;
    case 'UNSUBSCRIBE':
      return `UNSUBSCRIBE ${packet.packetId} ${packet.filters.join(' ')}`;
    case 'CONNECT':
    case 'PINGREQ':
      return packet.name;
    case 'DISCONNECT':
    case 'AUTH':
      return `${packet.name} ${code(packet.reasonCode)}`;
    default:
      return `${packet.name} ${packet.packetId} ${code(packet.reasonCode)}`;
  }
}
