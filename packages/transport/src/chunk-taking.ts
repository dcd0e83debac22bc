import type { Readable } from 'node:stream';

/**
 * Hands every chunk that a stream reads to one taker, in order and at the times at which a `data` listener would get it.
 *
 * What comes while the stream flows and holds nothing skips the stream's buffer, at `push`, where a stream gets what was read:
 * behind it each chunk costs a tick and a `read` of nothing, a tenth of what a broker spends on a message that comes alone.
 * Everything else - a pause, what was held meanwhile, the end - goes the ordinary way, and everything would if nobody called
 * `push`.
 */
export function takeChunks(stream: Readable, take: (bytes: Uint8Array) => void): void {
  stream.on('data', take);
  const { push } = stream;
  stream.push = (chunk, encoding) => {
    const isHeldBack = !stream.readableFlowing || stream.readableLength > 0;
    if (chunk === null || isHeldBack) return push.call(stream, chunk, encoding);
    take(chunk);
    return true;
  };
}
