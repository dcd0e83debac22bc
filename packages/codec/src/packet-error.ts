import { ReasonCode } from './reason-code.ts';

/** Stable codes of {@link PacketError}, for programs to branch on. */
export type PacketErrorCode =
  | 'malformed-packet'
  | 'protocol-error'
  | 'packet-too-large'
  | 'unsupported-protocol-version'
  | 'topic-name-invalid'
  | 'topic-alias-invalid';

/**
 * The peer broke the wire format (sections 1.2 and 4.13). The message says what was expected and what came, never the
 * payload.
 *
 * @example
 * try {
 *   decodePacket(0x30, bytes, bodyStart, end, 5);
 * } catch (error) {
 *   if (error instanceof PacketError) console.error(describeReasonCode(error.reasonCode), error.message);
 * }
 */
export class PacketError extends Error {
  override readonly name = 'PacketError';
  /** Stable code, for programs to branch on. */
  readonly code: PacketErrorCode;
  /** The Reason Code that a 5.0 peer is told (section 4.13). */
  readonly reasonCode: ReasonCode;
  /** Id of the normative statement that was broken, where there is one. */
  readonly statement: string | undefined;

  constructor(code: PacketErrorCode, reasonCode: ReasonCode, message: string, statement?: string) {
    super(statement === undefined ? message : `${message} [${statement}]`);
    this.code = code;
    this.reasonCode = reasonCode;
    this.statement = statement;
  }
}

/** Bytes that cannot be parsed as a Control Packet of this type: Malformed Packet of section 1.2, Reason Code 0x81. */
export function malformed(message: string, statement?: string): PacketError {
  return new PacketError('malformed-packet', ReasonCode.malformedPacket, message, statement);
}

/** A packet that ends within one of its fields, or a set of properties within one of its values: Reason Code 0x81. */
export function cutOff(what: string, byteLength: number, remaining: number): PacketError {
  return malformed(`${what}: expected ${inBytes(byteLength)}, came ${remaining}`);
}

/** A count of bytes in words: `1 byte`, `12 bytes`. */
export function inBytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** Bytes that can be parsed and hold what the standard forbids here: Protocol Error of section 1.2, Reason Code 0x82. */
export function protocolError(message: string, statement?: string): PacketError {
  return new PacketError('protocol-error', ReasonCode.protocolError, message, statement);
}

/** A packet larger than the receiver said it takes: Reason Code 0x95. */
export function packetTooLarge(byteLength: number, maximum: number): PacketError {
  const message = `the packet is ${byteLength} bytes, the Maximum Packet Size is ${maximum}`;
  return new PacketError('packet-too-large', ReasonCode.packetTooLarge, message);
}

/** A Topic Name that is none, because it holds wildcards: Reason Code 0x90. */
export function topicNameInvalid(message: string, statement?: string): PacketError {
  return new PacketError('topic-name-invalid', ReasonCode.topicNameInvalid, message, statement);
}

/** Topic Alias 0, which section 3.3.4 answers with its own Reason Code: 0x94. */
export function topicAliasInvalid(message: string, statement?: string): PacketError {
  return new PacketError('topic-alias-invalid', ReasonCode.topicAliasInvalid, message, statement);
}

/** A Protocol Version or Protocol Name that this codec does not speak: Reason Code 0x84. */
export function unsupportedProtocolVersion(message: string, statement?: string): PacketError {
  return new PacketError('unsupported-protocol-version', ReasonCode.unsupportedProtocolVersion, message, statement);
}

/**
 * Our own caller handed over what cannot be sent or asked for what does not exist: a mistake to mend, not to retry.
 *
 * @example
 * try {
 *   client.subscribe(topicFilter, (message) => show(message.text()));
 * } catch (error) {
 *   if (error instanceof UsageError) console.error(error.code, error.message);
 * }
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Stable code, for programs to branch on. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
