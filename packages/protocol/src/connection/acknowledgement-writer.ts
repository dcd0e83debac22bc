import { type AcknowledgementType, PacketType, ReasonCode } from '@busbar/codec';
import type { OutputBuffer } from './output-buffer.ts';

/** Writes PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form (section 3.4.2.1): four bytes below 5.0 and for success. */
export function writeAcknowledgement(
  output: OutputBuffer,
  version5: boolean,
  type: AcknowledgementType,
  packetId: number,
  reasonCode: ReasonCode,
): void {
  const withReason = version5 && reasonCode !== ReasonCode.success;
  const at = output.reserve(withReason ? 5 : 4);
  output.packets++;
  const { block } = output;
  block[at] = (type << 4) | (type === PacketType.pubrel ? 0b0010 : 0);
  block[at + 1] = withReason ? 3 : 2;
  block[at + 2] = packetId >> 8;
  block[at + 3] = packetId;
  if (withReason) block[at + 4] = reasonCode;
}
