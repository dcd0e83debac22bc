import type { AcknowledgementType, ReasonCode } from '@busbar/codec';
import { writeAcknowledgement } from './acknowledgement-writer.ts';
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

  write(type: AcknowledgementType, packetId: number, reasonCode: ReasonCode): void {
    if (this.#isClosed) return; // [MQTT-3.14.4-1]
    writeAcknowledgement(this.#output, this.#isVersion5, type, packetId, reasonCode); // [MQTT-2.2.1-5]
  }

  /** The connection is over, perhaps within a call of its owner's. */
  close(): void {
    this.#isClosed = true;
  }
}
