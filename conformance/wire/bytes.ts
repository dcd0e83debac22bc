/** What packets are put together from: one byte, or a run of them. */
export type Part = number | readonly number[] | Uint8Array;

/** Joins parts into bytes. */
export function bytesOf(...parts: readonly Part[]): Uint8Array {
  const length = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? 1 : part.length), 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') bytes[at++] = part;
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** Two Byte Integer (section 1.5.2). */
export function u16(value: number): Uint8Array {
  return bytesOf(value >>> 8, value & 0xff);
}

/** Four Byte Integer (section 1.5.3). */
export function u32(value: number): Uint8Array {
  return bytesOf(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** Variable Byte Integer in its shortest form (section 1.5.5). */
export function variableByteInteger(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** Binary Data, or the bytes of a string whatever they are: a two-byte length and the bytes (section 1.5.6). */
export function binary(bytes: Part): Uint8Array {
  const content = bytesOf(bytes);
  return bytesOf(u16(content.length), content);
}

/** UTF-8 Encoded String (section 1.5.4). */
export function text(value: string): Uint8Array {
  return binary(utf8(value));
}

/** The bytes of a text, without a length. */
export function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A Control Packet: its first byte, its Remaining Length, its body. */
export function packet(firstByte: number, ...body: readonly Part[]): Uint8Array {
  const content = bytesOf(...body);
  return bytesOf(firstByte, variableByteInteger(content.length), content);
}

/** Bytes as people compare them: `10 03 00 04`, cut after 48. */
export function hex(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, 48)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 48 ? `${shown} ... (${bytes.length} bytes)` : shown;
}
