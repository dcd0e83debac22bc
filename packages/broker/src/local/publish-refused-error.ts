import { describeReasonCode, type ReasonCode } from '@busbar/codec';

/** A message of the broker's own program was not taken in; what a client would be told is its Reason Code. */
export class PublishRefusedError extends Error {
  override readonly name = 'PublishRefusedError';
  readonly code = 'publish-refused';
  readonly reasonCode: ReasonCode;

  constructor(reasonCode: ReasonCode, message: string) {
    super(`${message} (${describeReasonCode(reasonCode)})`);
    this.reasonCode = reasonCode;
  }
}
