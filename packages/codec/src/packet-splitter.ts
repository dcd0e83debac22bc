import { malformed, type PacketError, packetTooLarge } from './packet-error.ts';
import { variableByteIntegerLength } from './variable-byte-integer.ts';

const NO_BYTES = new Uint8Array(0);
/** First byte, and up to four of the Remaining Length. */
const LONGEST_HEADER = 5;

/**
 * Cuts Control Packets out of a stream of bytes, however the stream is chunked (section 2.1).
 *
 * A packet that lies whole in one chunk is answered as a range of that chunk: nothing is copied. Only a packet that
 * crosses chunks is gathered, once, into a buffer of its own size. A packet over the maximum is refused when its header
 * is known, before any of its body is kept.
 *
 *     splitter.push(chunk);
 *     while (splitter.next()) use(splitter.bytes, splitter.start, splitter.bodyStart, splitter.end);
 *
 * After {@link next} has answered false, everything of the chunk has been taken in. After it has thrown, the stream is
 * beyond repair and the connection must be closed.
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
  /** A packet that began in an earlier chunk: its bytes so far, in a buffer that grows to its size once that is known. */
  #partial: Uint8Array = NO_BYTES;
  #gathered = 0;

  constructor(maximumPacketSize: number) {
    this.maximumPacketSize = maximumPacketSize;
  }

  /**
   * How much of an unfinished packet has come: `announced` is the Remaining Length of its header (undefined while the
   * header itself is unfinished), `arrived` the bytes after the header. Undefined between packets.
   */
  get unfinished(): { announced: number | undefined; arrived: number } | undefined {
    if (this.#gathered === 0) return undefined;
    const header = headerLength(this.#partial, 0, this.#gathered);
    if (header === 0) return { announced: undefined, arrived: 0 };
    return { announced: remainingLength(this.#partial, 0, header), arrived: this.#gathered - header };
  }

  /** Takes the next chunk of the stream; the one before must have been emptied with {@link next}. */
  push(chunk: Uint8Array): void {
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
    const bodyStart = second < 0x80 ? start + 2 : start + headerLength(chunk, start, available);
    if (bodyStart === start) return this.#keepRest(LONGEST_HEADER);
    const end = bodyStart + (second < 0x80 ? second : remainingLength(chunk, start, bodyStart));
    if (end - start > this.maximumPacketSize) throw packetTooLarge(end - start, this.maximumPacketSize);
    if (end > available) return this.#keepRest(end - start);
    this.bytes = chunk;
    this.start = start;
    this.bodyStart = bodyStart;
    this.end = end;
    this.#offset = end;
    return true;
  }

  /** Keeps the beginning of a packet until more of it comes. */
  #keepRest(capacity: number): false {
    const rest = this.#chunk.length - this.#offset;
    if (rest > 0) {
      this.#partial = new Uint8Array(capacity);
      this.#partial.set(this.#chunk.subarray(this.#offset));
      this.#gathered = rest;
    }
    this.#chunk = NO_BYTES;
    this.#offset = 0;
    return false;
  }

  #gather(): boolean {
    let header = headerLength(this.#partial, 0, this.#gathered);
    while (header === 0) {
      if (this.#offset === this.#chunk.length) return this.#chunkTaken();
      this.#partial[this.#gathered++] = this.#chunk[this.#offset++] as number;
      header = headerLength(this.#partial, 0, this.#gathered);
    }
    const size = header + remainingLength(this.#partial, 0, header);
    if (size > this.maximumPacketSize) throw packetTooLarge(size, this.maximumPacketSize);
    this.#growTo(size);
    const take = Math.min(size - this.#gathered, this.#chunk.length - this.#offset);
    this.#partial.set(this.#chunk.subarray(this.#offset, this.#offset + take), this.#gathered);
    this.#gathered += take;
    this.#offset += take;
    if (this.#gathered < size) return this.#chunkTaken();
    this.bytes = this.#partial;
    this.start = 0;
    this.bodyStart = header;
    this.end = size;
    this.#partial = NO_BYTES;
    this.#gathered = 0;
    return true;
  }

  #growTo(size: number): void {
    if (this.#partial.length >= size) return;
    const whole = new Uint8Array(size);
    whole.set(this.#partial.subarray(0, this.#gathered));
    this.#partial = whole;
  }

  #chunkTaken(): false {
    this.#chunk = NO_BYTES;
    this.#offset = 0;
    return false;
  }
}

/** Length of a fixed header that starts here, 0 when `end` comes before it is whole. */
function headerLength(bytes: Uint8Array, start: number, end: number): number {
  for (let length = 2; length <= LONGEST_HEADER; length++) {
    if (start + length > end) return 0;
    const byte = bytes[start + length - 1] as number;
    if (byte >= 0x80) continue;
    if (byte === 0 && length > 2) throw notShortest();
    return length;
  }
  throw malformed('the Remaining Length is longer than four bytes', 'MQTT-1.5.5-1');
}

function notShortest(): PacketError {
  return malformed('the Remaining Length is not in its shortest form', 'MQTT-1.5.5-1');
}

function remainingLength(bytes: Uint8Array, start: number, bodyStart: number): number {
  let value = 0;
  for (let at = bodyStart - 1; at > start; at--) value = (value << 7) | ((bytes[at] as number) & 0x7f);
  return value;
}

/** The size of a whole packet with a body of this length, as Maximum Packet Size counts it (section 3.1.2.11.4). */
export function packetSize(bodyByteLength: number): number {
  return 1 + variableByteIntegerLength(bodyByteLength) + bodyByteLength;
}
