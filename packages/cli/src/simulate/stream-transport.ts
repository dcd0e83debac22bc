import type { Duplex } from 'node:stream';
import { type ByteTransport, type TransportAddress, TransportError, type TransportReceiver } from '@busbar/transport';

const HIGH_WATER_MARK = 65_536;
const END_TIMEOUT_MS = 5_000;

/**
 * A {@link ByteTransport} over any stream of Node's: what {@link dialWire} makes of a WebSocket, through a proxy or TLS or
 * both. A plain socket has a transport of its own in `@busbar/transport`, which is quicker.
 */
export class StreamTransport implements ByteTransport {
  readonly remote: TransportAddress;
  readonly #stream: Duplex;
  #receiver: TransportReceiver | undefined;
  #isPaused = false;
  #isLagging = false;
  #isEnded = false;
  #isClosed = false;
  #error: TransportError | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, remote: TransportAddress) {
    this.#stream = stream;
    this.remote = remote;
    stream.on('drain', () => this.#handleDrain());
    stream.on('end', () => this.end());
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#error ??= new TransportError(error.code ?? 'ERR_STREAM', error.message);
    });
    stream.on('close', () => this.#handleClose());
  }

  get bufferedBytes(): number {
    return this.#stream.writableLength;
  }

  get isWritable(): boolean {
    return !this.#isLagging;
  }

  attach(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    if (this.#isClosed) return queueMicrotask(() => receiver.handleClosed(this.#error));
    this.#stream.on('data', (bytes: Uint8Array) => {
      if (!this.#isEnded) receiver.handleBytes(bytes);
    });
    if (this.#isPaused) this.#stream.pause();
  }

  write(bytes: Uint8Array): void {
    if (this.#isEnded) return;
    this.#stream.write(bytes);
    if (this.#stream.writableLength >= HIGH_WATER_MARK) this.#isLagging = true;
  }

  writeAll(segments: readonly Uint8Array[]): void {
    this.#stream.cork();
    for (const segment of segments) this.write(segment);
    this.#stream.uncork();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#receiver !== undefined) this.#stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#receiver !== undefined) this.#stream.resume();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stream.end();
    this.#stream.resume(); // to the end of what still comes
    this.#endTimer = setTimeout(() => this.#stream.destroy(), END_TIMEOUT_MS).unref();
  }

  destroy(): void {
    this.#isEnded = true;
    this.#stream.destroy();
  }

  #handleDrain(): void {
    if (!this.#isLagging) return;
    this.#isLagging = false;
    if (!this.#isEnded) this.#receiver?.handleWritable();
  }

  #handleClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnded = true;
    clearTimeout(this.#endTimer);
    this.#receiver?.handleClosed(this.#error);
  }
}
