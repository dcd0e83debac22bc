import type { ByteReader } from '../byte-reader.ts';
import { type ByteWriter, expectWholeNumber } from '../byte-writer.ts';
import { malformed, protocolError, UsageError, unsupportedProtocolVersion } from '../packet-error.ts';
import { PacketType, type ProtocolVersion, type QoS } from '../packet-type.ts';
import { type Properties, WILL_PROPERTIES } from '../property.ts';
import { readProperties, writeProperties } from '../property-set.ts';

export type ConnectProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumPacketSize'
  | 'topicAliasMaximum'
  | 'requestResponseInformation'
  | 'requestProblemInformation'
  | 'userProperties'
  | 'authenticationMethod'
  | 'authenticationData'
>;

/** What a Will Message can say of itself, and how long it waits (section 3.1.3.2). */
export type WillProperties = Pick<
  Properties,
  | 'willDelayInterval'
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'contentType'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
>;

/** What the server publishes for a client that goes without a DISCONNECT (section 3.1.2.5). */
export interface WillMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Empty below 5.0. */
  readonly properties: Readonly<WillProperties>;
}

/**
 * CONNECT (section 3.1): the first packet of a client. `cleanStart` is Clean Session in 3.1.1 and 3.1.
 *
 *     name | version | flags | Keep Alive | properties | Client Identifier | will | User Name | Password
 */
export interface ConnectPacket {
  readonly type: typeof PacketType.connect;
  readonly protocolVersion: ProtocolVersion;
  /** The highest bit of the protocol version byte, by which bridges of other brokers mark themselves. */
  readonly bridge: boolean;
  readonly cleanStart: boolean;
  /** Seconds; 0 turns it off. */
  readonly keepAlive: number;
  /** `''` asks the server to choose one. */
  readonly clientIdentifier: string;
  readonly will: WillMessage | undefined;
  readonly userName: string | undefined;
  readonly password: Uint8Array | undefined;
  /** Empty below 5.0. */
  readonly properties: Readonly<ConnectProperties>;
}

const RESERVED = 0x01;
const CLEAN_START = 0x02;
const WILL = 0x04;
const WILL_QOS = 0x18;
const WILL_RETAIN = 0x20;
const PASSWORD = 0x40;
const USER_NAME = 0x80;
const BRIDGE = 0x80;

/**
 * Decodes what follows the fixed header of a CONNECT packet, which tells its own version. Whether Client Identifier and
 * Will Topic are acceptable is the connection's to say: that needs a CONNACK, which needs the version.
 *
 * @throws {PacketError} The bytes are not a CONNECT packet.
 */
export function decodeConnect(reader: ByteReader): ConnectPacket {
  const { protocolVersion, bridge } = readProtocol(reader);
  const flags = reader.readByte('the Connect Flags');
  expectFlags(flags, protocolVersion);
  const keepAlive = reader.readTwoByteInteger('the Keep Alive');
  const properties = readProperties(reader, PacketType.connect, protocolVersion);
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('CONNECT has Authentication Data without an Authentication Method');
  }
  const clientIdentifier = reader.readUtf8String('the Client Identifier');
  const will = (flags & WILL) === 0 ? undefined : readWill(reader, flags, protocolVersion);
  const userName = hasField(reader, flags & USER_NAME, protocolVersion)
    ? reader.readUtf8String('the User Name')
    : undefined;
  const password = hasField(reader, flags & PASSWORD, protocolVersion)
    ? reader.readBinaryData('the Password')
    : undefined;
  reader.expectEnd('CONNECT');
  return {
    type: PacketType.connect,
    protocolVersion,
    bridge,
    cleanStart: (flags & CLEAN_START) !== 0,
    keepAlive,
    clientIdentifier,
    will,
    userName,
    password,
    properties,
  };
}

function readProtocol(reader: ByteReader): { protocolVersion: ProtocolVersion; bridge: boolean } {
  const name = reader.readUtf8String('the Protocol Name');
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    throw unsupportedProtocolVersion(`the Protocol Name must be 'MQTT' or 'MQIsdp'`, 'MQTT-3.1.2-1');
  }
  const byte = reader.readByte('the Protocol Version');
  const level = byte & ~BRIDGE;
  const known = name === 'MQTT' ? level === 4 || level === 5 : level === 3;
  if (!known) {
    const expected = name === 'MQTT' ? '4 (3.1.1) or 5 (5.0)' : '3 (3.1)';
    throw unsupportedProtocolVersion(
      `the Protocol Version of ${name} must be ${expected}, not ${byte}`,
      'MQTT-3.1.2-2',
    );
  }
  return { protocolVersion: level as ProtocolVersion, bridge: byte !== level };
}

function expectFlags(flags: number, version: ProtocolVersion): void {
  const hasWill = (flags & WILL) !== 0;
  if (hasWill && (flags & WILL_QOS) === WILL_QOS) throw malformed('Will QoS is 3', 'MQTT-3.1.2-12');
  if (version !== 5 && (flags & PASSWORD) !== 0 && (flags & USER_NAME) === 0) {
    throw malformed('CONNECT has a Password without a User Name', 'MQTT311-3.1.2-22');
  }
  // 3.1 does not use the lowest bit, and disregards Will QoS and Will Retain where there is no will (its section 3.1).
  if (version === 3) return;
  if ((flags & RESERVED) !== 0) throw malformed('the reserved Connect Flag is set', 'MQTT-3.1.2-3');
  if (hasWill) return;
  if ((flags & WILL_QOS) !== 0) throw malformed('Will QoS is set without the Will Flag', 'MQTT-3.1.2-11');
  if ((flags & WILL_RETAIN) !== 0) throw malformed('Will Retain is set without the Will Flag', 'MQTT-3.1.2-13');
}

/** Whether a field that has a flag is there: in 3.1 the end of the packet takes precedence over the flag (its section 3.1). */
function hasField(reader: ByteReader, flag: number, version: ProtocolVersion): boolean {
  return flag !== 0 && (version !== 3 || reader.remaining > 0);
}

function readWill(reader: ByteReader, flags: number, version: ProtocolVersion): WillMessage {
  const properties = readProperties(reader, WILL_PROPERTIES, version);
  const topicName = reader.readUtf8String('the Will Topic');
  const payload = reader.readBinaryData('the Will Payload');
  return { topicName, payload, qos: ((flags & WILL_QOS) >> 3) as QoS, retain: (flags & WILL_RETAIN) !== 0, properties };
}

/** Encodes what follows the fixed header of a CONNECT packet. @throws {UsageError} Values that MQTT cannot carry. */
export function encodeConnect(writer: ByteWriter, packet: ConnectPacket): void {
  const { protocolVersion: version, will } = packet;
  if (version !== 5 && packet.password !== undefined && packet.userName === undefined) {
    throw new UsageError('password-without-user-name', 'a password needs a user name below MQTT 5.0'); // [MQTT311-3.1.2-22]
  }
  if (will !== undefined) expectWholeNumber(will.qos, 2, 'Will QoS');
  writer.writeUtf8String(version === 3 ? 'MQIsdp' : 'MQTT', 'the Protocol Name');
  writer.writeByte(version | (packet.bridge ? BRIDGE : 0));
  writer.writeByte(flagsOf(packet));
  writer.writeTwoByteInteger(packet.keepAlive, 'the Keep Alive');
  if (version === 5) writeConnectProperties(writer, packet.properties);
  writer.writeUtf8String(packet.clientIdentifier, 'the Client Identifier');
  if (will !== undefined) {
    writeProperties(writer, WILL_PROPERTIES, will.properties, version);
    writer.writeUtf8String(will.topicName, 'the Will Topic');
    writer.writeBinaryData(will.payload, 'the Will Payload');
  }
  if (packet.userName !== undefined) writer.writeUtf8String(packet.userName, 'the User Name');
  if (packet.password !== undefined) writer.writeBinaryData(packet.password, 'the Password');
}

function writeConnectProperties(writer: ByteWriter, properties: Readonly<ConnectProperties>): void {
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new UsageError('no-authentication-method', 'Authentication Data needs an Authentication Method');
  }
  writeProperties(writer, PacketType.connect, properties, 5);
}

function flagsOf(packet: ConnectPacket): number {
  let flags = packet.cleanStart ? CLEAN_START : 0;
  if (packet.will !== undefined) flags |= WILL | (packet.will.qos << 3) | (packet.will.retain ? WILL_RETAIN : 0);
  if (packet.userName !== undefined) flags |= USER_NAME;
  if (packet.password !== undefined) flags |= PASSWORD;
  return flags;
}
