import { ReasonCode } from '@busbar/codec';

/** The peer broke the rules (section 4.13): a value to report and to answer, not an exception. */
export interface ProtocolFault {
  readonly reasonCode: ReasonCode;
  /** One line for people: what was expected and what came. */
  readonly message: string;
}

/** A Protocol Error: Reason Code 0x82. */
export function protocolFault(message: string): ProtocolFault {
  return { reasonCode: ReasonCode.protocolError, message };
}
