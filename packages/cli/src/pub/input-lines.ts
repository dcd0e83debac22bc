const LINE_FEED = 0x0a;

/** The longest payload that a PUBLISH packet can carry, and so the longest line, in bytes. */
const LONGEST_LINE = 268_435_455;

/**
 * The lines of a stream as bytes, without their line feed and otherwise untouched; what follows the last line feed is a
 * line too, unless it is empty. Holds one line at a time.
 *
 * @throws {RangeError} A line is longer than any MQTT packet.
 */
export async function* inputLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const last = chunk.subarray(start, end);
      yield parts.length === 0 ? last : Buffer.concat([...parts, last]);
      parts = [];
      byteLength = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    byteLength += chunk.length - start;
    if (byteLength > LONGEST_LINE) throw new RangeError(`a line is longer than the ${LONGEST_LINE} bytes of a message`);
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
