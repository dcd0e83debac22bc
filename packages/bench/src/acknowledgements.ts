import type { ByteTransport } from '@busbar/transport';

const CAPACITY = 4096;
const PUBREL_FLAGS = 0b0010;

/** Acknowledgements for one connection, gathered while a chunk is read and sent in one write. */
export class Acknowledgements {
  readonly #transport: ByteTransport;
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;

  constructor(transport: ByteTransport) {
    this.#transport = transport;
  }

  /** Adds a packet of this type, without Reason Code: success. */
  add(type: number, packetId: number): void {
    if (this.#length + 4 > this.#bytes.length) {
      this.flush();
      if (this.#bytes.length === 0) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY);
    }
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = (type << 4) | (type === 6 ? PUBREL_FLAGS : 0);
    bytes[at++] = 2;
    bytes[at++] = packetId >> 8;
    bytes[at++] = packetId;
    this.#length = at;
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#transport.write(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    // What the socket has not taken must not be written over.
    if (this.#transport.bufferedBytes > 0) this.#bytes = Buffer.allocUnsafeSlow(CAPACITY);
  }
}
