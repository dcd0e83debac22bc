import { PacketType, packetSize, variableByteIntegerLength, writeVariableByteInteger } from '@busbar/codec';
import { copyFromChunk } from './chunk-copy.ts';
import { LARGE_PAYLOAD, type WireForm } from './wire-form.ts';

const PUBLISH = PacketType.publish << 4;
/** Properties with their identifiers. */
const EXPIRY_LENGTH = 5;
const ALIAS_LENGTH = 3;

/** A PUBLISH packet where it lies, and where in it the parts are: offsets from its start, -1 for what it does not have. */
export interface PacketLayout {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly byteLength: number;
  /** The Topic Name, which the packet itself need not spell. */
  readonly topicBytes: Uint8Array;
  /** Behind the Property Length. */
  readonly propertiesOffset: number;
  readonly payloadOffset: number;
  readonly aliasOffset: number;
  readonly expiryOffset: number;
}

/** Encodes a message for receivers whose form is not the packet that came. */
export function encodeForm(packet: PacketLayout, version5: boolean, hasPacketId: boolean): WireForm {
  const { topicBytes, payloadOffset, byteLength } = packet;
  const propertiesLength = version5 ? forwardedLength(packet) : 0;
  const propertyLengthBytes = version5 ? variableByteIntegerLength(propertiesLength) : 0;
  const topicLength = topicBytes.length;
  const payloadLength = byteLength - payloadOffset;
  const headBody = 2 + topicLength + (hasPacketId ? 2 : 0) + propertyLengthBytes + propertiesLength;
  const body = headBody + payloadLength;
  const topicOffset = 1 + variableByteIntegerLength(body);
  const headLength = topicOffset + headBody;
  const isWhole = payloadLength < LARGE_PAYLOAD;
  const bytes = new Uint8Array(isWhole ? headLength + payloadLength : headLength);
  bytes[0] = PUBLISH;
  writeVariableByteInteger(body, bytes, 1);
  bytes[topicOffset] = topicLength >> 8;
  bytes[topicOffset + 1] = topicLength;
  copyFromChunk(topicBytes, 0, topicLength, bytes, topicOffset + 2);
  const packetIdOffset = topicOffset + 2 + topicLength;
  let expiryOffset = -1;
  let propertiesOffset = packetIdOffset + (hasPacketId ? 2 : 0);
  if (version5) {
    propertiesOffset = writeVariableByteInteger(propertiesLength, bytes, propertiesOffset);
    if (packet.expiryOffset >= 0) expiryOffset = propertiesOffset + 1;
    writeForwarded(packet, bytes, propertiesOffset);
  }
  if (isWhole) copyPart(packet, payloadOffset, byteLength, bytes, headLength);
  return {
    bytes,
    start: 0,
    end: bytes.length,
    topicOffset,
    packetIdOffset,
    expiryOffset,
    propertiesOffset,
    headLength,
    isWhole,
    packetSize: packetSize(body),
  };
}

/** Length of the properties that receivers get: all but the Topic Alias [MQTT-3.3.2-20]. */
function forwardedLength({ payloadOffset, propertiesOffset, aliasOffset }: PacketLayout): number {
  return payloadOffset - propertiesOffset - (aliasOffset < 0 ? 0 : ALIAS_LENGTH);
}

/** The Message Expiry Interval first, so that it is found again; then the bytes as they came, in their order [MQTT-3.3.2-18]. */
function writeForwarded(packet: PacketLayout, into: Uint8Array, start: number): void {
  const { propertiesOffset, payloadOffset, aliasOffset, expiryOffset } = packet;
  let at = start;
  if (expiryOffset >= 0) {
    copyPart(packet, expiryOffset, expiryOffset + EXPIRY_LENGTH, into, at);
    at += EXPIRY_LENGTH;
  }
  let from = propertiesOffset;
  while (from < payloadOffset) {
    const to = nextCut(packet, from);
    copyPart(packet, from, to, into, at);
    at += to - from;
    if (to === payloadOffset) break;
    from = to + (to === aliasOffset ? ALIAS_LENGTH : EXPIRY_LENGTH);
  }
}

/** Where the next property begins that is not forwarded from its place, or where the properties end. */
function nextCut({ payloadOffset, aliasOffset, expiryOffset }: PacketLayout, from: number): number {
  const alias = aliasOffset >= from ? aliasOffset : payloadOffset;
  const expiry = expiryOffset >= from ? expiryOffset : payloadOffset;
  return Math.min(alias, expiry);
}

function copyPart({ bytes, start }: PacketLayout, from: number, to: number, into: Uint8Array, at: number): void {
  copyFromChunk(bytes, start + from, start + to, into, at);
}
