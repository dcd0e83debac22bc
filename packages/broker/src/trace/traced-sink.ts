import type { ByteSink } from '@busbar/protocol';
import type { ConnectionTrace } from './connection-trace.ts';

/** Hands bytes on to a sink, and shows them to a trace before. */
export class TracedSink implements ByteSink {
  readonly #sink: ByteSink;
  readonly #trace: ConnectionTrace;

  constructor(sink: ByteSink, trace: ConnectionTrace) {
    this.#sink = sink;
    this.#trace = trace;
  }

  get bufferedBytes(): number {
    return this.#sink.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    this.#trace.handleSent(bytes);
    this.#sink.write(bytes);
  }

  writeAll(segments: readonly Uint8Array[]): void {
    for (const segment of segments) this.#trace.handleSent(segment);
    this.#sink.writeAll(segments);
  }
}
