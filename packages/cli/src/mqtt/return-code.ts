import { ReasonCode } from '@busbar/codec';

/** The return codes of 3.1.1's CONNACK (section 3.2.2.3), by the Reason Codes that mean the same. */
const RETURN_CODES: ReadonlyMap<number, number> = new Map([
  [ReasonCode.success, 0],
  [ReasonCode.unsupportedProtocolVersion, 1],
  [ReasonCode.clientIdentifierNotValid, 2],
  [ReasonCode.serverUnavailable, 3],
  [ReasonCode.badUserNameOrPassword, 4],
  [ReasonCode.notAuthorized, 5],
]);

/** What a CONNACK said on the wire: the Reason Code in 5.0, the return code below; undefined where 3.1.1 has none. */
export function connackCode(reasonCode: number, protocolVersion: number): number | undefined {
  return protocolVersion === 5 ? reasonCode : RETURN_CODES.get(reasonCode);
}
