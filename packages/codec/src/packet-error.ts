import { ReasonCode } from './reason-code.ts';

/** Stable codes of {@link PacketError}, for programs to branch on. */
export type PacketErrorCode =
  | 'malformed-packet'
  | 'protocol-error'
  | 'packet-too-large'
  | 'unsupported-protocol-version'
  | 'topic-name-invalid';

/**
 * The peer broke the wire format (section 4.13). The message says what was expected and what came, never the payload.
 *
 * @example
 * try { decodePacket(frame, 5) } catch (error) {
 *   if (error instanceof PacketError) connection.refuse(error.reasonCode, error.message);
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

/** Bytes that cannot be a Control Packet of this type: Reason Code 0x81. */
export function malformed(message: string, statement?: string): PacketError {
  return new PacketError('malformed-packet', ReasonCode.malformedPacket, message, statement);
}

/** Bytes that can be parsed and hold what the standard forbids here: Reason Code 0x82. */
export function protocolError(message: string, statement?: string): PacketError {
  return new PacketError('protocol-error', ReasonCode.protocolError, message, statement);
}

/** A packet larger than the receiver said it takes: Reason Code 0x95. */
export function packetTooLarge(byteLength: number, maximum: number): PacketError {
  const message = `the packet is ${byteLength} bytes, the Maximum Packet Size is ${maximum}`;
  return new PacketError('packet-too-large', ReasonCode.packetTooLarge, message);
}

/** Our own caller handed over what cannot be sent or asked for what does not exist: a mistake to mend, not to retry. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Stable code, for programs to branch on. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
