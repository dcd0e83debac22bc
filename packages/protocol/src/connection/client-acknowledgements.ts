import { type AcknowledgementType, PacketType, ReasonCode } from '@busbar/codec';
import type { OutputBuffer } from './output-buffer.ts';

/** Writes a client's PUBACK, PUBREC, PUBREL and PUBCOMP packets, and none after its DISCONNECT. */
export class ClientAcknowledgements {
  readonly #output: OutputBuffer;
  readonly #isVersion5: boolean;
  #isClosed = false;

  constructor(output: OutputBuffer, isVersion5: boolean) {
    this.#output = output;
    this.#isVersion5 = isVersion5;
  }

  /** Writes the shortest form (section 3.4.2.1): below 5.0 and for success four bytes. */
  write(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode): void {
    if (this.#isClosed) return; // [MQTT-3.14.4-1]
    const hasReason = this.#isVersion5 && reasonCode !== ReasonCode.success;
    const at = this.#output.reserve(hasReason ? 5 : 4);
    const { block } = this.#output;
    block[at] = (type << 4) | (type === PacketType.pubrel ? 0b0010 : 0);
    block[at + 1] = hasReason ? 3 : 2;
    block[at + 2] = packetId >> 8;
    block[at + 3] = packetId; // [MQTT-2.2.1-5]
    if (hasReason) block[at + 4] = reasonCode;
  }

  handleClosed(): void {
    this.#isClosed = true;
  }
}
