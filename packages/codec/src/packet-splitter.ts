import { malformed, packetTooLarge, UsageError } from './packet-error.ts';
import { variableByteIntegerLength } from './variable-byte-integer.ts';

const NO_BYTES = new Uint8Array(0);
/** First byte, and up to four of the Remaining Length. */
const LONGEST_HEADER = 5;
/** What is kept free at first for a packet that has begun: most packets fit, and a liar's announcement costs no more. */
const FIRST_CAPACITY = 4096;

/**
 * Cuts Control Packets out of a stream of bytes, however the stream is chunked (section 2.1).
 *
 * A packet that lies whole in one chunk is answered as a range of that chunk: nothing is copied, nothing is made. Only a
 * packet that crosses chunks is gathered, in a buffer that grows with what has come and never beyond what was announced.
 * A packet over the maximum is refused when its header is known, before any of its body has come.
 *
 * After {@link next} has answered false, everything of the chunk has been taken in. After it has thrown, the stream is
 * beyond repair and the connection must be closed.
 *
 * @example
 * splitter.push(chunk);
 * while (splitter.next()) {
 *   const { bytes, start, bodyStart, end } = splitter;
 *   handle(decodePacket(bytes[start], bytes, bodyStart, end, version));
 * }
 */
export class PacketSplitter {
  /** Largest packet accepted, fixed header included, in bytes. */
  maximumPacketSize: number;
  /** Where the packet found lies: `bytes[start]` is its first byte, its body goes from `bodyStart` to `end`. */
  bytes: Uint8Array = NO_BYTES;
  start = 0;
  bodyStart = 0;
  end = 0;

  #chunk: Uint8Array = NO_BYTES;
  #offset = 0;
  /** A packet that began in an earlier chunk: its bytes so far. */
  #partial: Uint8Array = NO_BYTES;
  #gathered = 0;
  /** The length of its fixed header and of the whole of it, both 0 while the header is unfinished. */
  #partialHeader = 0;
  #partialSize = 0;

  /** @param maximumPacketSize Largest packet accepted, fixed header included, in bytes. */
  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /**
   * How much of an unfinished packet has come: `announced` is the Remaining Length of its header (undefined while the
   * header itself is unfinished), `arrived` the bytes after the header. Undefined between packets.
   */
  get unfinished(): { announced: number | undefined; arrived: number } | undefined {
    if (this.#gathered === 0) return undefined;
    if (this.#partialSize === 0) return { announced: undefined, arrived: 0 };
    return { announced: this.#partialSize - this.#partialHeader, arrived: this.#gathered - this.#partialHeader };
  }

  /** Whether nothing of the last chunk is left behind the packet found. */
  get isEmptied(): boolean {
    return this.#offset >= this.#chunk.length;
  }

  /**
   * Takes the next chunk of the stream.
   *
   * @throws {UsageError} The chunk before has not been emptied with {@link next}, so packets would be lost.
   */
  push(chunk: Uint8Array): void {
    if (!this.isEmptied) throw new UsageError('chunk-not-emptied', 'next() has to answer false first');
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /** Finds the next whole packet. @throws {PacketError} The Remaining Length is malformed, or beyond the maximum. */
  next(): boolean {
    if (this.#gathered > 0) return this.#gather();
    const chunk = this.#chunk;
    const start = this.#offset;
    const available = chunk.length;
    // The header of nearly every packet is two bytes.
    const second = start + 1 < available ? (chunk[start + 1] as number) : 0x80;
    const header = second < 0x80 ? 2 : headerLength(chunk, start, available);
    if (header === 0) return this.#keepRest(0, 0);
    const size = header + (second < 0x80 ? second : remainingLength(chunk, start, start + header));
    if (size > this.maximumPacketSize) throw packetTooLarge(size, this.maximumPacketSize);
    const end = start + size;
    if (end > available) return this.#keepRest(header, size);
    this.bytes = chunk;
    this.start = start;
    this.bodyStart = start + header;
    this.end = end;
    this.#offset = end;
    return true;
  }

  /** Keeps the beginning of a packet until more of it comes; `header` and `size` are 0 while they are not known. */
  #keepRest(header: number, size: number): false {
    const rest = this.#chunk.length - this.#offset;
    if (rest > 0) {
      this.#partial = new Uint8Array(size === 0 ? LONGEST_HEADER : capacityFor(rest, size));
      this.#partial.set(this.#chunk.subarray(this.#offset));
      this.#gathered = rest;
      this.#partialHeader = header;
      this.#partialSize = size;
    }
    return this.#releaseChunk();
  }

  #gather(): boolean {
    if (this.#partialSize === 0 && !this.#gatherHeader()) return this.#releaseChunk();
    const size = this.#partialSize;
    if (size > this.maximumPacketSize) throw packetTooLarge(size, this.maximumPacketSize);
    const take = Math.min(size - this.#gathered, this.#chunk.length - this.#offset);
    this.#makeRoom(this.#gathered + take);
    this.#partial.set(this.#chunk.subarray(this.#offset, this.#offset + take), this.#gathered);
    this.#gathered += take;
    this.#offset += take;
    if (this.#gathered < size) return this.#releaseChunk();
    this.bytes = this.#partial;
    this.start = 0;
    this.bodyStart = this.#partialHeader;
    this.end = size;
    this.#partial = NO_BYTES;
    this.#gathered = 0;
    return true;
  }

  /** Takes bytes until the header is whole; false when the chunk ends before. */
  #gatherHeader(): boolean {
    while (this.#offset < this.#chunk.length) {
      this.#partial[this.#gathered++] = this.#chunk[this.#offset++] as number;
      const header = headerLength(this.#partial, 0, this.#gathered);
      if (header === 0) continue;
      this.#partialHeader = header;
      this.#partialSize = header + remainingLength(this.#partial, 0, header);
      return true;
    }
    return false;
  }

  #makeRoom(byteLength: number): void {
    if (byteLength <= this.#partial.length) return;
    const larger = new Uint8Array(capacityFor(byteLength, this.#partialSize));
    larger.set(this.#partial.subarray(0, this.#gathered));
    this.#partial = larger;
  }

  /** Lets go of what has been read, so that an idle connection keeps no chunk alive. */
  #releaseChunk(): false {
    this.bytes = NO_BYTES;
    this.#chunk = NO_BYTES;
    this.#offset = 0;
    return false;
  }
}

/** Room for what has come of a packet and as much again, but not for more than the packet. */
function capacityFor(byteLength: number, size: number): number {
  return Math.min(size, Math.max(FIRST_CAPACITY, byteLength * 2));
}

/** Length of a fixed header that starts here, 0 when `end` comes before it is whole. */
function headerLength(bytes: Uint8Array, start: number, end: number): number {
  for (let length = 2; length <= LONGEST_HEADER; length++) {
    if (start + length > end) return 0;
    const byte = bytes[start + length - 1] as number;
    if (byte >= 0x80) continue;
    if (byte === 0 && length > 2) {
      throw malformed('the Remaining Length is not in its shortest form', 'MQTT-1.5.5-1');
    }
    return length;
  }
  throw malformed('the Remaining Length is longer than four bytes', 'MQTT-1.5.5-1');
}

function remainingLength(bytes: Uint8Array, start: number, bodyStart: number): number {
  let value = 0;
  for (let at = bodyStart - 1; at > start; at--) value = (value << 7) | ((bytes[at] as number) & 0x7f);
  return value;
}

/**
 * The size of a whole packet with a body of this length, as Maximum Packet Size counts it (section 3.1.2.11.4).
 *
 * @example packetSize(128) // 131: one byte of type and flags, two of Remaining Length
 */
export function packetSize(bodyByteLength: number): number {
  return 1 + variableByteIntegerLength(bodyByteLength) + bodyByteLength;
}
