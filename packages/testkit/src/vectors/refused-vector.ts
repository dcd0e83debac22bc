import type { PacketErrorCode, ProtocolVersion } from '@busbar/codec';
import { hex } from '../hex.ts';

/** Bytes of a whole packet that must be refused. */
export interface RefusedVector {
  /** Statement or section that they break, and how. */
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly bytes: Uint8Array;
  readonly code: PacketErrorCode;
}

/** @param rule Id of the normative statement that is broken, or the section where there is no statement. */
export function refused(
  rule: string,
  what: string,
  version: ProtocolVersion,
  notation: string,
  code: PacketErrorCode,
): RefusedVector {
  const bytes = hex(notation);
  return { name: `${rule} ${what} (level ${version}): ${notation.slice(0, 2)}`, version, bytes, code };
}

/** Bytes that cannot be parsed (section 1.2). */
export function malformed(rule: string, what: string, version: ProtocolVersion, notation: string): RefusedVector {
  return refused(rule, what, version, notation, 'malformed-packet');
}

/** Bytes that can be parsed and hold what is forbidden (section 1.2). */
export function protocolError(rule: string, what: string, version: ProtocolVersion, notation: string): RefusedVector {
  return refused(rule, what, version, notation, 'protocol-error');
}

/** A CONNECT of another protocol, or of a version that does not exist. */
export function unsupported(rule: string, what: string, version: ProtocolVersion, notation: string): RefusedVector {
  return refused(rule, what, version, notation, 'unsupported-protocol-version');
}
