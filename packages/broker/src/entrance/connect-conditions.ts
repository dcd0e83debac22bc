import { type ConnectPacket, type ProtocolVersion, ReasonCode } from '@busbar/codec';
import type { Refusal } from './admission.ts';

/** What a listener asks of the CONNECT packets of its clients, beside what the broker asks of all. */
export interface ConnectConditions {
  /** Versions that are spoken: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0; others are refused with 0x84. Default: all. */
  readonly protocolVersions?: readonly ProtocolVersion[] | undefined;
  /** Whether a client may leave its Client Identifier to the broker. Default: true, as the standard has it. */
  readonly allowEmptyClientIdentifier?: boolean | undefined;
  /** Whether the user name is the Client Identifier, whatever CONNECT says; who has none is refused with 0x87. Default: false. */
  readonly useUserNameAsClientIdentifier?: boolean | undefined;
  /** What the identifiers begin with that the broker makes for clients without one. Default: `auto-`. */
  readonly assignedIdentifierPrefix?: string | undefined;
}

export const NO_CONDITIONS: ConnectConditions = {};

/** The packet with the Client Identifier that counts. */
export function namedBy(
  packet: ConnectPacket,
  ownUserName: string | undefined,
  { useUserNameAsClientIdentifier = false }: ConnectConditions,
): ConnectPacket {
  const userName = ownUserName ?? packet.userName;
  const counts = useUserNameAsClientIdentifier && userName !== undefined;
  return counts ? { ...packet, clientIdentifier: userName } : packet;
}

/** Why the listener does not take a CONNECT; undefined when it does. */
export function conditionRefusalOf(
  packet: ConnectPacket,
  ownUserName: string | undefined,
  { protocolVersions, allowEmptyClientIdentifier = true, useUserNameAsClientIdentifier = false }: ConnectConditions,
): Refusal | undefined {
  if (protocolVersions?.includes(packet.protocolVersion) === false) {
    const message = `this listener does not speak version ${packet.protocolVersion} of the protocol`;
    return { reasonCode: ReasonCode.unsupportedProtocolVersion, message };
  }
  if (useUserNameAsClientIdentifier && (ownUserName ?? packet.userName) === undefined) {
    return {
      reasonCode: ReasonCode.notAuthorized,
      message: 'expected a user name, which is the Client Identifier here',
    };
  }
  if (packet.clientIdentifier !== '' || allowEmptyClientIdentifier) return undefined;
  const reasonCode = packet.protocolVersion === 5 ? ReasonCode.unspecifiedError : ReasonCode.clientIdentifierNotValid;
  return { reasonCode, message: 'expected a Client Identifier, this listener assigns none' };
}
