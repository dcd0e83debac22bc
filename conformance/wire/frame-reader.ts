import { Violation } from '../run/violation.ts';
import { hex } from './bytes.ts';

/** A whole Control Packet as it came. */
export interface Frame {
  readonly firstByte: number;
  readonly body: Uint8Array;
  /** Of the whole packet, fixed header included: what Maximum Packet Size counts. */
  readonly byteLength: number;
}

/** Cuts what a server sends into Control Packets (section 2.1), and holds the Remaining Length against section 1.5.5. */
export class FrameReader {
  #bytes: Uint8Array = new Uint8Array(0);

  /** @returns The packets that are whole with this chunk. @throws {Violation} A Remaining Length that cannot be. */
  push(chunk: Uint8Array): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  /** What has come of a packet that is not whole. */
  get rest(): Uint8Array {
    return this.#bytes;
  }

  #next(): Frame | undefined {
    const bytes = this.#bytes;
    let remaining = 0;
    for (let at = 1; at < 5; at++) {
      const byte = bytes[at];
      if (byte === undefined) return undefined;
      remaining += (byte & 0x7f) * 128 ** (at - 1);
      if (byte >= 0x80) continue;
      if (byte === 0 && at > 1)
        throw new Violation('a Remaining Length in its shortest form [MQTT-1.5.5-1]', hex(bytes));
      const byteLength = at + 1 + remaining;
      if (bytes.length < byteLength) return undefined;
      this.#bytes = bytes.subarray(byteLength);
      return { firstByte: bytes[0] ?? 0, body: bytes.subarray(at + 1, byteLength), byteLength };
    }
    throw new Violation('a Remaining Length of at most four bytes', hex(bytes));
  }
}
