import {
  type ByteTransport,
  codedError,
  type TransportAddress,
  type TransportError,
  type TransportReceiver,
} from './byte-transport.ts';
import { MemoryPipe } from './memory-pipe.ts';

/** How a connection in memory behaves; both directions alike. */
export interface MemoryPairOptions {
  /**
   * Runs `task` later, never at once; default `queueMicrotask`. Every call of a receiver is one task, so a test decides
   * when and in which order things happen; a program with much traffic does well to give `setImmediate`.
   */
  readonly schedule?: (task: () => void) => void;
  /** How many of the `byteLength` bytes in the window the next delivery brings (1 to `byteLength`); default one write. */
  readonly chunk?: (byteLength: number) => number;
  /** Buffered bytes from which `isWritable` is false; default 65,536. */
  readonly highWaterMark?: number;
  /** Bytes taken from a writer before its reader has had them, as a kernel's socket buffers do; at least 1, default 65,536. */
  readonly windowBytes?: number;
  /** Milliseconds a peer has to take the rest after `end`, before it is cut off; default 5,000. */
  readonly endTimeoutMs?: number;
}

const inMicrotask = (task: () => void): void => queueMicrotask(task);
const REMOTE: TransportAddress = { address: 'memory', port: 0 };

/**
 * A {@link ByteTransport} whose peer lives in the same process, made by {@link createMemoryPair} or `dialMemory`.
 *
 * It keeps TCP's promises and TCP's cruelties: bounded windows, an end that comes after the last byte, a reset when a
 * stream is cut or bytes meet a destroyed peer. It has no clock but one: a peer that never takes the rest of an ended
 * stream is cut off after `endTimeoutMs`.
 */
export class MemoryTransport implements ByteTransport {
  readonly remote = REMOTE;
  readonly #inbound: MemoryPipe;
  readonly #outbound: MemoryPipe;
  readonly #schedule: (task: () => void) => void;
  readonly #endTimeoutMs: number;
  #receiver: TransportReceiver | undefined;
  #isPaused = false;
  #isEnded = false;
  #isClosed = false;
  #error: TransportError | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(inbound: MemoryPipe, outbound: MemoryPipe, options: MemoryPairOptions) {
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#schedule = options.schedule ?? inMicrotask;
    this.#endTimeoutMs = options.endTimeoutMs ?? 5_000;
    inbound.reader = {
      handleBytes: (bytes) => this.#receiver?.handleBytes(bytes),
      handleEnd: () => this.#finish(),
      handleSevered: () => this.#close(connectionReset()),
    };
    outbound.writer = {
      handleDrained: () => this.#isEnded || this.#receiver?.handleWritable(),
      handleFlushed: () => this.#close(undefined),
      handleSevered: () => this.#close(connectionReset()),
    };
  }

  get bufferedBytes(): number {
    return this.#outbound.bufferedBytes;
  }

  get isWritable(): boolean {
    return this.#outbound.isWritable;
  }

  attach(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new Error('a transport takes one receiver, and it has one already');
    this.#receiver = receiver;
    if (this.#isClosed) this.#reportClosed();
    else if (!this.#isPaused) this.#inbound.setFlowing(true);
  }

  write(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#outbound.write(bytes);
  }

  writeAll(segments: readonly Uint8Array[]): void {
    for (const segment of segments) this.write(segment);
  }

  pause(): void {
    this.#isPaused = true;
    this.#inbound.setFlowing(false);
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#receiver !== undefined) this.#inbound.setFlowing(true);
  }

  end(): void {
    if (!this.#isEnded) this.#finish();
  }

  destroy(): void {
    if (this.#isClosed) return;
    const isCutShort = this.#outbound.bufferedBytes > 0 || this.#inbound.undeliveredBytes > 0;
    this.#close(undefined);
    if (isCutShort) {
      this.cut();
    } else {
      this.#inbound.discard();
      this.#outbound.end();
    }
  }

  /** Severs the connection as a pulled plug does: what is under way in either direction is lost, both ends see ECONNRESET. */
  cut(): void {
    this.#inbound.sever();
    this.#outbound.sever();
  }

  #finish(): void {
    this.#isEnded = true;
    this.#inbound.discard();
    this.#outbound.end();
    if (!this.#isClosed) this.#endTimer = setTimeout(() => this.#giveUp(), this.#endTimeoutMs).unref();
  }

  #giveUp(): void {
    const what = `${this.#outbound.bufferedBytes} bytes not taken within ${this.#endTimeoutMs} ms of the end`;
    this.#close(codedError('ETIMEDOUT', `connection in memory: ${what}`));
    this.cut();
  }

  #close(error: TransportError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isEnded = true;
    this.#error = error;
    clearTimeout(this.#endTimer);
    if (this.#receiver !== undefined) this.#reportClosed();
  }

  #reportClosed(): void {
    this.#schedule(() => this.#receiver?.handleClosed(this.#error));
  }
}

/**
 * Makes a connection within this process and gives its two ends.
 *
 *     const [device, server] = createMemoryPair({ chunk: () => 1 });
 *     server.attach(connection);
 *     device.write(bytes);
 */
export function createMemoryPair(options: MemoryPairOptions = {}): [MemoryTransport, MemoryTransport] {
  const { chunk, schedule = inMicrotask, highWaterMark = 65_536, windowBytes = 65_536 } = options;
  const behaviour = { schedule, chunk, highWaterMark, windowBytes: Math.max(windowBytes, 1) };
  const there = new MemoryPipe(behaviour);
  const back = new MemoryPipe(behaviour);
  return [new MemoryTransport(back, there, options), new MemoryTransport(there, back, options)];
}

function connectionReset(): TransportError {
  return codedError('ECONNRESET', 'connection in memory: connection reset by peer');
}
