import type { Socket } from 'node:net';
import { formatPeer, peerOf } from './address.ts';
import {
  type ByteTransport,
  codedError,
  type TransportAddress,
  type TransportError,
  type TransportReceiver,
} from './byte-transport.ts';
import { takeChunks } from './chunk-taking.ts';
import { transportError } from './system-error.ts';
import type { TlsSession } from './tls-session.ts';

/** How much a transport holds for a slow peer, and for how long at the end. */
export interface TransportLimits {
  /** Buffered bytes from which {@link ByteTransport.isWritable} is false; default 65,536, never below the socket's own mark. */
  readonly highWaterMark?: number;
  /** Milliseconds a peer has to take the rest and to close its side after the end, before it is cut off; default 5,000. */
  readonly endTimeoutMs?: number;
}

/** What a socket does not say of itself. */
export interface SocketFacts {
  /** The peer, where a proxy stands between or the socket has no address; default: the socket's own peer. */
  readonly remote?: TransportAddress;
  /** The TCP socket that carries a TLS socket. */
  readonly carrier?: Socket;
  /** What TLS says of the connection. */
  readonly tls?: TlsSession;
}

/** Whose socket it is: with it the listeners of all sockets are the same few functions, and an idle one costs less. */
const TRANSPORT = Symbol('transport');

interface Carried extends Socket {
  [TRANSPORT]: SocketTransport;
}

export const HIGH_WATER_MARK = 65_536;
export const END_TIMEOUT_MS = 5_000;

/**
 * A {@link ByteTransport} over a connected `node:net` socket: TCP, a Unix socket, or TLS over either.
 *
 * On the short road of a PUBLISH: chunks past the stream's buffer ({@link takeChunks}), one `socket.write` per write and a single
 * `writev` per {@link writeAll}, no closure and no timer per message. A segment that is a Buffer saves the stream layer
 * one small allocation over a plain Uint8Array.
 *
 * The socket may hand 'drain' to its own, lower mark (16 KiB in Node 20); a write that the kernel took whole never makes
 * the transport unwritable, however large it was.
 */
export class SocketTransport implements ByteTransport {
  readonly remote: TransportAddress;
  readonly tls: TlsSession | undefined;
  readonly #socket: Socket;
  readonly #carrier: Socket;
  readonly #highWaterMark: number;
  readonly #endTimeoutMs: number;
  #receiver: TransportReceiver | undefined;
  #isLagging = false;
  #isPaused = false;
  #isEnded = false;
  #isClosed = false;
  #error: TransportError | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, limits: TransportLimits = {}, facts: SocketFacts = {}) {
    this.#socket = socket;
    this.#carrier = facts.carrier ?? socket;
    this.#highWaterMark = Math.max(limits.highWaterMark ?? HIGH_WATER_MARK, socket.writableHighWaterMark);
    this.#endTimeoutMs = limits.endTimeoutMs ?? END_TIMEOUT_MS;
    this.remote = facts.remote ?? peerOf(socket);
    this.tls = facts.tls;
    (socket as Carried)[TRANSPORT] = this;
    socket.on('drain', SocketTransport.#onDrain);
    socket.on('end', SocketTransport.#onEnd);
    socket.on('error', SocketTransport.#onError);
    socket.on('close', SocketTransport.#onClose);
  }

  static #onDrain(this: Socket): void {
    (this as Carried)[TRANSPORT].#handleDrain();
  }

  static #onEnd(this: Socket): void {
    (this as Carried)[TRANSPORT].#finish();
  }

  static #onError(this: Socket, error: Error): void {
    (this as Carried)[TRANSPORT].#handleError(error);
  }

  static #onClose(this: Socket): void {
    (this as Carried)[TRANSPORT].#handleClose();
  }

  static #onChunk(this: Socket, bytes: Uint8Array): void {
    const transport = (this as Carried)[TRANSPORT];
    if (!transport.#isEnded) transport.#receiver?.handleBytes(bytes);
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  get isWritable(): boolean {
    return !this.#isLagging;
  }

  attach(receiver: TransportReceiver): void {
    if (this.#receiver !== undefined) throw new Error('a transport takes one receiver, and it has one already');
    this.#receiver = receiver;
    if (this.#isClosed) return queueMicrotask(() => receiver.handleClosed(this.#error));
    if (this.#isPaused) this.#socket.pause();
    takeChunks(this.#socket, SocketTransport.#onChunk);
  }

  write(bytes: Uint8Array): void {
    if (this.#isEnded) return;
    if (!this.#socket.write(bytes)) this.#noteLag();
  }

  writeAll(segments: readonly Uint8Array[]): void {
    if (this.#isEnded) return;
    const socket = this.#socket;
    socket.cork();
    for (const segment of segments) socket.write(segment);
    socket.uncork();
    this.#noteLag();
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#receiver !== undefined && !this.#isEnded) this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#receiver !== undefined) this.#socket.resume();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#finish();
    // Read on and throw away: closing over unread bytes would reset the connection under what was just sent.
    this.#socket.resume();
  }

  destroy(): void {
    this.#isEnded = true;
    if (!this.#isClosed) this.#drop();
  }

  #noteLag(): void {
    if (this.#socket.writableLength >= this.#highWaterMark) this.#isLagging = true;
  }

  #handleDrain(): void {
    if (!this.#isLagging) return;
    this.#isLagging = false;
    if (!this.#isEnded) this.#receiver?.handleWritable();
  }

  /** No more bytes come from here: what is buffered goes out, and the peer has a bounded time to let us go. */
  #finish(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.end();
    this.#endTimer = setTimeout(() => this.#giveUp(), this.#endTimeoutMs).unref();
  }

  #giveUp(): void {
    const { bufferedBytes } = this;
    if (bufferedBytes > 0) {
      const what = `${this.#name()}: ${bufferedBytes} bytes not taken within ${this.#endTimeoutMs} ms of the end`;
      this.#error ??= codedError('ETIMEDOUT', what);
    }
    this.#drop();
  }

  /** A stream that lacks its last bytes is reset: its peer can know, and the kernel forgets at once what it held for it. */
  #drop(): void {
    dropSocket(this.#socket, this.#carrier);
  }

  #handleError(error: Error): void {
    this.#error ??= transportError(this.#name(), error);
  }

  #handleClose(): void {
    this.#isClosed = true;
    this.#isEnded = true;
    clearTimeout(this.#endTimer);
    this.#receiver?.handleClosed(this.#error);
  }

  #name(): string {
    return `connection with ${formatPeer(this.remote)}`;
  }
}

/**
 * Closes at once: with a reset if bytes are buffered, where there is such a thing (a Unix socket is merely closed).
 *
 * A TLS socket closes with its carrier, an event later. To destroy both in one go would make Node free the TLS state, which
 * may be at work right now, further up the stack.
 */
export function dropSocket(socket: Socket, carrier: Socket): void {
  const isReset = socket.writableLength > 0 && !carrier.destroyed && carrier.remoteAddress !== undefined;
  if (isReset) carrier.resetAndDestroy();
  else socket.destroy();
}
