import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { formatPeer, peerOf } from './address.ts';
import {
  type ByteTransport,
  codedError,
  type TransportAddress,
  TransportError,
  type TransportReceiver,
} from './byte-transport.ts';
import { InboundQueue } from './inbound-queue.ts';
import {
  dropSocket,
  END_TIMEOUT_MS,
  HIGH_WATER_MARK,
  type SocketFacts,
  type TransportLimits,
} from './socket-transport.ts';
import { transportError } from './system-error.ts';
import type { TlsSession } from './tls-session.ts';
import { CloseCode, faultOfClose } from './websocket-options.ts';

const BINARY = { binary: true };

/**
 * A {@link ByteTransport} over a WebSocket that is open: a stream of bytes, whatever frames they come in (section 6).
 *
 * Each segment leaves as one binary frame, all segments of a {@link writeAll} in one system call. What the peer's frames
 * have brought while the owner pauses waits here: at most what one read of the socket held, for the socket pauses too.
 */
export class WebSocketTransport implements ByteTransport {
  readonly remote: TransportAddress;
  readonly tls: TlsSession | undefined;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #carrier: Socket;
  readonly #highWaterMark: number;
  readonly #endTimeoutMs: number;
  readonly #onSent: (() => void) | undefined;
  readonly #inbound: InboundQueue;
  #isLagging = false;
  #isEnded = false;
  #isClosed = false;
  #error: TransportError | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  /** @param socket What the WebSocket runs on. */
  constructor(webSocket: WebSocket, socket: Socket, limits: TransportLimits = {}, facts: SocketFacts = {}) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#carrier = facts.carrier ?? socket;
    this.#highWaterMark = Math.max(limits.highWaterMark ?? HIGH_WATER_MARK, socket.writableHighWaterMark);
    this.#endTimeoutMs = limits.endTimeoutMs ?? END_TIMEOUT_MS;
    this.remote = facts.remote ?? peerOf(socket);
    this.tls = facts.tls;
    // What is buffered may wait for the compressor, of which the socket's 'drain' knows nothing.
    this.#onSent = webSocket.extensions === '' ? undefined : () => this.#handleDrain();
    this.#inbound = new InboundQueue(() => webSocket.resume());
    webSocket.pause();
    webSocket.on('message', (data, isBinary) => this.#handleMessage(data as Buffer, isBinary));
    webSocket.on('error', (error) => this.#handleViolation(error));
    webSocket.on('close', (code) => this.#handleClose(code));
    socket.on('drain', () => this.#handleDrain());
    socket.on('error', (error) => this.#handleError(error));
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  get isWritable(): boolean {
    return !this.#isLagging;
  }

  attach(receiver: TransportReceiver): void {
    this.#inbound.attach(receiver);
  }

  write(bytes: Uint8Array): void {
    if (!this.#canSend()) return;
    this.#send(bytes);
    this.#noteLag();
  }

  writeAll(segments: readonly Uint8Array[]): void {
    if (!this.#canSend()) return;
    this.#socket.cork();
    for (const segment of segments) this.#send(segment);
    this.#socket.uncork();
    this.#noteLag();
  }

  pause(): void {
    this.#inbound.pause();
    if (!this.#isEnded) this.#webSocket.pause();
  }

  resume(): void {
    this.#inbound.resume();
  }

  end(): void {
    if (!this.#isEnded) this.#finish(CloseCode.normal);
  }

  destroy(): void {
    this.#isEnded = true;
    this.#inbound.discard();
    if (!this.#isClosed) this.#drop();
  }

  /** After the peer's close frame nothing may be sent. */
  #canSend(): boolean {
    return !this.#isEnded && this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  #send(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) this.#webSocket.send(bytes, BINARY, this.#onSent); // [MQTT-6.0.0-1]
  }

  #noteLag(): void {
    if (this.#webSocket.bufferedAmount >= this.#highWaterMark) this.#isLagging = true;
  }

  #handleDrain(): void {
    if (!this.#isLagging || this.#webSocket.bufferedAmount > 0) return;
    this.#isLagging = false;
    if (!this.#isEnded) this.#inbound.receiver?.handleWritable();
  }

  #handleMessage(data: Uint8Array, isBinary: boolean): void {
    if (isBinary) {
      this.#inbound.push(data); // frames and packets have nothing to do with each other [MQTT-6.0.0-2]
    } else if (!this.#isEnded) {
      const what = `${this.#name()}: expected binary frames, a text frame came (ERR_WS_TEXT_FRAME)`;
      this.#error ??= new TransportError('ERR_WS_TEXT_FRAME', what);
      this.#finish(CloseCode.unsupportedData); // [MQTT-6.0.0-1]
    }
  }

  /** No more bytes come from here: what is buffered goes out, and the peer has a bounded time to let us go. */
  #finish(code: number): void {
    this.#isEnded = true;
    this.#inbound.discard();
    if (this.#isClosed) return;
    this.#webSocket.close(code);
    this.#webSocket.resume(); // read on and throw away, up to the peer's close frame
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

  /** A stream that lacks its last bytes is reset, as `SocketTransport` does. */
  #drop(): void {
    dropSocket(this.#socket, this.#carrier);
  }

  /** The peer broke the rules of WebSocket: the library has answered with a close frame, and we wait no longer than for an end. */
  #handleViolation(error: Error): void {
    this.#handleError(error);
    if (!this.#isEnded) this.#finish(CloseCode.normal);
  }

  #handleError(error: Error): void {
    this.#error ??= transportError(this.#name(), error);
  }

  #handleClose(code: number): void {
    this.#isClosed = true;
    clearTimeout(this.#endTimer);
    const fault = faultOfClose(code);
    if (fault !== undefined && !this.#isEnded) {
      this.#error ??= codedError('ERR_WS_CLOSED', `${this.#name()}: ${fault}`);
    }
    this.#inbound.close(this.#error);
  }

  #name(): string {
    return `WebSocket with ${formatPeer(this.remote)}`;
  }
}
