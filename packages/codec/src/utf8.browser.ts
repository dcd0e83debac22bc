/**
 * UTF-8 Encoded Strings (section 1.5.4) where pages are built: what `utf8.ts` does by hand, with the decoder that every
 * browser brings, because a page loads what it does not bring. Bundlers take this file instead of the other, as
 * `browser` in package.json tells them. Both judge alike, in the same words.
 */

/** Strict, and a byte order mark is an ordinary character. [MQTT-1.5.4-3] */
const makeDecoder = (): TextDecoder => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const decoder = makeDecoder();
const encoder = new TextEncoder();

/** Where and why bytes are not a UTF-8 string of the standard; undefined when they are one. */
export function utf8Fault(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    if (!decodeUtf8(bytes, start, end).includes('\0')) return undefined;
  } catch {
    // The decoder does not say where it stopped; it is asked again, byte by byte.
  }
  return firstFault(bytes.subarray(start, end));
}

function firstFault(bytes: Uint8Array): string {
  const byteWise = makeDecoder();
  let wellFormed = 0;
  try {
    for (let at = 0; at < bytes.length; at++) {
      const character = byteWise.decode(bytes.subarray(at, at + 1), { stream: true });
      if (character === '\0') return 'contains U+0000';
      if (character !== '') wellFormed = at + 1;
    }
  } catch {
    // The sequence that began behind the last whole character is none.
  }
  return `is not well-formed UTF-8 at byte ${wellFormed}`;
}

/** Decodes bytes in which {@link utf8Fault} has found nothing wrong. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** How many bytes a string takes in UTF-8; -1 when it holds U+0000 or a lone surrogate and so cannot be sent at all. */
export function utf8ByteLength(text: string): number {
  return /[\0\p{Surrogate}]/u.test(text) ? -1 : encoder.encode(text).length;
}

/** Writes a string whose length {@link utf8ByteLength} has told, and answers where it ends. */
export function writeUtf8(text: string, into: Uint8Array, start: number): number {
  return start + encoder.encodeInto(text, into.subarray(start)).written;
}
