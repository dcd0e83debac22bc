/**
 * UTF-8 Encoded Strings (section 1.5.4), by hand: the pure packages know neither Buffer nor TextDecoder, and the standard's
 * rules are stricter than theirs: well-formed, no surrogates, no U+0000; a byte order mark is an ordinary character.
 */

/** Where and why bytes are not a UTF-8 string of the standard; undefined when they are one. */
export function utf8Fault(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = skipAscii(bytes, start, end);
  while (at < end) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      if (first === 0) return 'contains U+0000';
      at++;
      continue;
    }
    const length = sequenceLength(first);
    if (length === 0 || at + length > end || !isSequence(bytes, at, length)) {
      return `is not well-formed UTF-8 at byte ${at - start}`;
    }
    at += length;
  }
  return undefined;
}

/**
 * Skips the characters U+0001 to U+007F that a text begins with, four at a time: text properties of every PUBLISH pass
 * here. Of a byte that is 0 or above 127, either itself or the byte less one has bits outside the lowest seven.
 */
function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const a = bytes[at] as number;
    const b = bytes[at + 1] as number;
    const c = bytes[at + 2] as number;
    const d = bytes[at + 3] as number;
    if (((a | b | c | d | (a - 1) | (b - 1) | (c - 1) | (d - 1)) & ~0x7f) !== 0) break;
  }
  return at;
}

/** How many bytes a sequence has by its first byte, 0 for a byte that cannot be first. */
function sequenceLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/** Checks what follows the first byte against table 3-7 of the Unicode standard (no overlong forms, no surrogates). */
function isSequence(bytes: Uint8Array, at: number, length: number): boolean {
  const first = bytes[at] as number;
  const second = bytes[at + 1] as number;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return false;
  for (let i = 2; i < length; i++) {
    if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}

/** Longest run that is handed to String.fromCharCode at once: enough for any topic, far from the argument limit. */
const RUN = 512;

/** Decodes bytes in which {@link utf8Fault} has found nothing wrong. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let at = start;
  while (at < end) {
    // Of the right size from the beginning: arrays that grow take twice as long. No sequence has more units than bytes.
    const units = new Array<number>(Math.min(end - at, RUN));
    let count = 0;
    for (const runEnd = at + units.length; at < runEnd; ) {
      const first = bytes[at++] as number;
      if (first < 0x80) {
        units[count++] = first;
      } else if (first < 0xe0) {
        units[count++] = ((first & 0x1f) << 6) | sixBits(bytes, at);
        at += 1;
      } else if (first < 0xf0) {
        units[count++] = ((first & 0x0f) << 12) | (sixBits(bytes, at) << 6) | sixBits(bytes, at + 1);
        at += 2;
      } else {
        const high = ((first & 0x07) << 18) | (sixBits(bytes, at) << 12);
        const beyondBmp = (high | (sixBits(bytes, at + 1) << 6) | sixBits(bytes, at + 2)) - 0x10000;
        units[count++] = 0xd800 + (beyondBmp >> 10);
        units[count++] = 0xdc00 + (beyondBmp & 0x3ff);
        at += 3;
      }
    }
    if (count < units.length) units.length = count;
    text += String.fromCharCode(...units);
  }
  return text;
}

/** What a byte after the first of a sequence carries. */
function sixBits(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) & 0x3f;
}

/** How many bytes a string takes in UTF-8; -1 when it holds U+0000 or a lone surrogate and so cannot be sent at all. */
export function utf8ByteLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return -1;
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit < 0xd800 || unit > 0xdfff) length += 3;
    else {
      const next = text.charCodeAt(i + 1);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return -1;
      length += 4;
      i++;
    }
  }
  return length;
}

/** Writes a string whose length {@link utf8ByteLength} has told, and answers where it ends. */
export function writeUtf8(text: string, into: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) {
      into[at++] = unit;
    } else if (unit < 0x800) {
      into[at++] = 0xc0 | (unit >> 6);
      into[at++] = 0x80 | (unit & 0x3f);
    } else if (unit < 0xd800 || unit > 0xdfff) {
      into[at++] = 0xe0 | (unit >> 12);
      into[at++] = 0x80 | ((unit >> 6) & 0x3f);
      into[at++] = 0x80 | (unit & 0x3f);
    } else {
      const point = 0x10000 + ((unit - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      into[at++] = 0xf0 | (point >> 18);
      into[at++] = 0x80 | ((point >> 12) & 0x3f);
      into[at++] = 0x80 | ((point >> 6) & 0x3f);
      into[at++] = 0x80 | (point & 0x3f);
    }
  }
  return at;
}
