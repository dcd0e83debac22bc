import {
  type ConnackProperties,
  encodePacket,
  NO_PROPERTIES,
  type PacketError,
  type PacketSplitter,
  PacketType,
  packetTypeName,
  ReasonCode,
} from '@busbar/codec';
import type { ServerConnectionLimits } from './server-connection-owner.ts';

const TLS_HANDSHAKE = 0x16;
const TLS_MAJOR_VERSION = 0x03;
const SPACE = 0x20;
const LONGEST_HTTP_METHOD = 7;
const M = 0x4d;
const Q = 0x51;
/** Offset of the protocol version behind `MQTT` and its length. */
const VERSION_OFFSET = 6;
const LENGTH_OF_MQISDP = 6;
const BRIDGE = 0x80;
/** The largest packet that MQTT can express: a limit from here on need not be announced. */
const LARGEST_PACKET = 268_435_460;
const LARGEST_RECEIVE_MAXIMUM = 65_535;

/**
 * What begins a stream that does not begin with CONNECT, as people call it; undefined when it may be a CONNECT. Known from the
 * first bytes: a stranger's Remaining Length would have to be waited for.
 */
export function strangerIn(bytes: Uint8Array): string | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first === TLS_HANDSHAKE && bytes[1] === TLS_MAJOR_VERSION) return 'a TLS handshake';
  if (first >> 4 === PacketType.connect) return undefined;
  return isHttpMethod(bytes) ? 'an HTTP request' : packetTypeName(first >> 4);
}

/** Whether the bytes begin with a few capital letters and a space. */
function isHttpMethod(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(SPACE);
  if (end < 1 || end > LONGEST_HTTP_METHOD) return false;
  return bytes.subarray(0, end).every((byte) => byte >= 0x41 && byte <= 0x5a);
}

/**
 * What a client is told whose CONNECT packet could not be read, as far as can be known what it speaks (sections 3.1.2.1,
 * 3.1.2.2 and 4.13.1): a version that does not exist is answered in the nearest form; a 5.0 client hears the Reason Code; a
 * 3.1.1 client hears nothing, because its standard has no code for it.
 */
export function refusalOfMalformedConnect(
  bytes: Uint8Array,
  start: number,
  end: number,
  { reasonCode }: PacketError,
): Uint8Array | undefined {
  const version = claimedVersion(bytes, start, end);
  if (version === undefined) return undefined;
  if (reasonCode === ReasonCode.unsupportedProtocolVersion) return refusal(reasonCode, version > 5 ? 5 : 4); // [MQTT-3.1.2-2]
  return version === 5 ? refusal(reasonCode, 5) : undefined;
}

function refusal(reasonCode: ReasonCode, version: 4 | 5): Uint8Array {
  const type = PacketType.connack;
  return encodePacket({ type, sessionPresent: false, reasonCode, properties: NO_PROPERTIES }, version);
}

/** The version that something that begins like a CONNECT packet of MQTT claims to have. */
function claimedVersion(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (bytes[start + 2] !== M || bytes[start + 3] !== Q) return undefined;
  const at = start + (bytes[start + 1] === LENGTH_OF_MQISDP ? VERSION_OFFSET + 2 : VERSION_OFFSET);
  return at < end ? (bytes[at] as number) & ~BRIDGE : undefined;
}

/**
 * What a 5.0 client must know of this side's limits because they are tighter than the standard's (section 3.2.2.3), and what it is
 * told besides. Any order will do for MQTT; this is Mosquitto's, for there are programs that compare CONNACKs byte by byte.
 */
export function connackProperties(limits: ServerConnectionLimits, properties: ConnackProperties): ConnackProperties {
  const { receiveMaximum, topicAliasMaximum, maximumPacketSize } = limits;
  const { serverKeepAlive, assignedClientIdentifier, retainAvailable, maximumQoS, ...others } = properties;
  const told: ConnackProperties = {};
  if (serverKeepAlive !== undefined) told.serverKeepAlive = serverKeepAlive;
  if (topicAliasMaximum > 0) told.topicAliasMaximum = topicAliasMaximum;
  if (assignedClientIdentifier !== undefined) told.assignedClientIdentifier = assignedClientIdentifier;
  if (retainAvailable !== undefined) told.retainAvailable = retainAvailable;
  if (maximumPacketSize < LARGEST_PACKET) told.maximumPacketSize = maximumPacketSize;
  if (receiveMaximum < LARGEST_RECEIVE_MAXIMUM) told.receiveMaximum = receiveMaximum;
  if (maximumQoS !== undefined) told.maximumQoS = maximumQoS;
  return Object.assign(told, others);
}

/** Why a CONNECT did not come in time: what was announced and what came. */
export function connectTimeoutMessage(unfinished: PacketSplitter['unfinished'], timeoutMs: number): string {
  const within = `within ${timeoutMs / 1000} s`;
  if (unfinished === undefined) return `no CONNECT came ${within}`;
  const { announced, arrived } = unfinished;
  if (announced === undefined) return `no CONNECT came ${within}, only part of a fixed header`;
  return `no whole CONNECT came ${within}: its Remaining Length says ${announced} bytes, ${arrived} came`;
}
