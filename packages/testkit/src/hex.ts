/**
 * Bytes from a notation that can be held against the standard's figures: pairs of hexadecimal digits, texts in double
 * quotes for their UTF-8, `|` and white space wherever they help the eye.
 *
 * @throws {Error} Something else stands in the notation.
 * @example hex('00 04 "MQTT" | 05') // 00 04 4d 51 54 54 05
 */
export function hex(notation: string): Uint8Array {
  const bytes: number[] = [];
  const token = /"([^"]*)"|([0-9a-fA-F]{2})|[\s|]+|(.)/gsu;
  for (const [, text, pair, other] of notation.matchAll(token)) {
    if (other !== undefined) throw new Error(`expected hexadecimal pairs and quoted texts, came ${other}`);
    if (pair !== undefined) bytes.push(Number.parseInt(pair, 16));
    else if (text !== undefined) bytes.push(...new TextEncoder().encode(text));
  }
  return Uint8Array.from(bytes);
}

/** The same bytes as pairs of hexadecimal digits, for messages: `00 04 4d`. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A whole packet of a first byte and a body: the Remaining Length is put between them, in its shortest form. */
export function frame(firstByte: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(firstByte, ...variableByteInteger(body.length), ...body);
}

/** A Variable Byte Integer by the algorithm of section 1.5.5. */
export function variableByteInteger(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit + 128 : digit);
  } while (rest > 0);
  return bytes;
}
