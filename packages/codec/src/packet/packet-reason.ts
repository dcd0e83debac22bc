import type { ByteReader } from '../byte-reader.ts';
import type { ByteWriter } from '../byte-writer.ts';
import { protocolError, UsageError } from '../packet-error.ts';
import { PacketType, type ProtocolVersion, packetTypeName } from '../packet-type.ts';
import { NO_PROPERTIES, type Properties } from '../property.ts';
import { hasProperties, readProperties, writeProperties } from '../property-set.ts';
import { hexOf, ReasonCode } from '../reason-code.ts';

interface ReasonCodeRule {
  /** The normative statement that says: one of these, and no other. */
  readonly statement: string;
  readonly codes: ReadonlySet<number>;
}

const publishReceived = new Set([0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]);
const published = new Set([0x00, 0x92]);

/** Which Reason Codes a packet may carry (the sections of the packets, and table 2-6 for what they leave out). */
const RULES: Readonly<Partial<Record<PacketType, ReasonCodeRule>>> = {
  [PacketType.connack]: {
    statement: 'MQTT-3.2.2-8',
    codes: new Set([
      0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b,
      0x9c, 0x9d, 0x9f,
    ]),
  },
  [PacketType.puback]: { statement: 'MQTT-3.4.2-1', codes: publishReceived },
  [PacketType.pubrec]: { statement: 'MQTT-3.5.2-1', codes: publishReceived },
  [PacketType.pubrel]: { statement: 'MQTT-3.6.2-1', codes: published },
  [PacketType.pubcomp]: { statement: 'MQTT-3.7.2-1', codes: published },
  [PacketType.suback]: {
    statement: 'MQTT-3.9.3-2',
    codes: new Set([0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]),
  },
  [PacketType.unsuback]: {
    statement: 'MQTT-3.11.3-2',
    codes: new Set([0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]),
  },
  [PacketType.disconnect]: {
    statement: 'MQTT-3.14.2-1',
    // 0x8c stands in table 2-6 alone: a re-authentication that changes the method needs it.
    codes: new Set([
      0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97,
      0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
    ]),
  },
  [PacketType.auth]: { statement: 'MQTT-3.15.2-1', codes: new Set([0x00, 0x18, 0x19]) },
};

/**
 * Whether a packet of 5.0 may carry this Reason Code (section 2.4): what a hook or an application answers is to be
 * asked this before it is sent.
 *
 * @example isReasonCodeOf(PacketType.puback, 0x97) // true
 * @example isReasonCodeOf(PacketType.puback, 0x8b) // false: only DISCONNECT tells that the server is shutting down
 */
export function isReasonCodeOf(type: PacketType, code: number): code is ReasonCode {
  return RULES[type]?.codes.has(code) === true;
}

/** Reads a Reason Code that this packet may carry. @throws {PacketError} The standard knows none such here. */
export function readReasonCode(reader: ByteReader, type: PacketType): ReasonCode {
  const code = reader.readByte('the Reason Code');
  if (isReasonCodeOf(type, code)) return code;
  throw protocolError(notAllowed(type, code), RULES[type]?.statement);
}

/** Writes a Reason Code that this packet may carry. @throws {UsageError} The standard knows none such here. */
export function writeReasonCode(writer: ByteWriter, type: PacketType, code: number): void {
  if (!isReasonCodeOf(type, code)) throw new UsageError('reason-code-not-allowed', notAllowed(type, code));
  writer.writeByte(code);
}

/** How an acknowledgement, DISCONNECT or AUTH ends: below 5.0 it says neither. */
export interface Reason {
  readonly reasonCode: ReasonCode;
  readonly properties: Readonly<Properties>;
}

/**
 * Reads the last part of a packet that may leave out its properties, or its Reason Code too, which is 0 then (sections
 * 3.4.2.1 and 3.14.2.1).
 */
export function readReason(reader: ByteReader, type: PacketType, version: ProtocolVersion): Reason {
  let reasonCode: ReasonCode = ReasonCode.success;
  let properties: Properties = NO_PROPERTIES;
  if (version === 5 && reader.remaining > 0) {
    reasonCode = readReasonCode(reader, type);
    if (reader.remaining > 0) properties = readProperties(reader, type, version);
  }
  reader.expectEnd(packetTypeName(type));
  return { reasonCode, properties };
}

/** Writes the last part of such a packet in the shortest form. @throws {UsageError} Values that MQTT cannot carry. */
export function writeReason(
  writer: ByteWriter,
  { type, reasonCode, properties }: Reason & { readonly type: PacketType },
  version: ProtocolVersion,
): void {
  const withProperties = hasProperties(properties);
  if (version !== 5 || (reasonCode === ReasonCode.success && !withProperties)) return;
  writeReasonCode(writer, type, reasonCode);
  if (withProperties) writeProperties(writer, type, properties, version);
}

function notAllowed(type: PacketType, code: number): string {
  return `${packetTypeName(type)} has Reason Code ${hexOf(code)}, which is not one of its own`;
}
