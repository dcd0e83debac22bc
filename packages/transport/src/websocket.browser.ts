import { formatAddress } from './address.ts';
import {
  type ByteTransport,
  codedError,
  type TransportAddress,
  type TransportError,
  type TransportReceiver,
} from './byte-transport.ts';
import { InboundQueue } from './inbound-queue.ts';
import { CloseCode, faultOfClose, MQTT_SUBPROTOCOLS, type WebSocketTarget } from './websocket-options.ts';

const HIGH_WATER_MARK = 65_536;
const END_TIMEOUT_MS = 5_000;
const TIMEOUT_MS = 30_000;
/** A browser does not tell when it has sent what was buffered. */
const DRAIN_POLL_MS = 10;

/**
 * A {@link ByteTransport} over a browser's own WebSocket that is open.
 *
 * A browser keeps three things to itself. It cannot be told to read less: what arrives while the owner pauses waits here, and
 * nothing but the owner's Receive Maximum bounds it. It does not say when it has sent everything: that is asked every 10 ms
 * while the peer lags. It cannot be made to forget what is buffered: after {@link destroy} it may send it all the same.
 */
class BrowserWebSocketTransport implements ByteTransport {
  readonly remote: TransportAddress;
  readonly #webSocket: WebSocket;
  readonly #highWaterMark: number;
  readonly #endTimeoutMs: number;
  readonly #inbound = new InboundQueue(() => {});
  #isLagging = false;
  #isEnded = false;
  #error: TransportError | undefined;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #endTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(webSocket: WebSocket, remote: TransportAddress, options: WebSocketTarget) {
    this.#webSocket = webSocket;
    this.remote = remote;
    this.#highWaterMark = options.highWaterMark ?? HIGH_WATER_MARK;
    this.#endTimeoutMs = options.endTimeoutMs ?? END_TIMEOUT_MS;
    webSocket.onmessage = ({ data }: MessageEvent<unknown>) => this.#handleMessage(data);
    webSocket.onclose = ({ code }) => this.#handleClose(code);
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
    if (this.#isEnded || bytes.byteLength === 0 || this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#webSocket.send(bytes as Uint8Array<ArrayBuffer>); // [MQTT-6.0.0-1]
    if (this.#isLagging || this.#webSocket.bufferedAmount < this.#highWaterMark) return;
    this.#isLagging = true;
    this.#drainTimer = setTimeout(this.#askForDrain, DRAIN_POLL_MS);
  }

  /** One frame for all of them: to a browser each is a message to another process. */
  writeAll(segments: readonly Uint8Array[]): void {
    const joined = new Uint8Array(segments.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const segment of segments) {
      joined.set(segment, at);
      at += segment.byteLength;
    }
    this.write(joined);
  }

  pause(): void {
    this.#inbound.pause();
  }

  resume(): void {
    this.#inbound.resume();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#finish();
    this.#endTimer = setTimeout(() => this.#giveUp(), this.#endTimeoutMs);
  }

  destroy(): void {
    this.#finish();
    queueMicrotask(() => this.#close());
  }

  readonly #askForDrain = (): void => {
    if (this.#isEnded) return;
    if (this.#webSocket.bufferedAmount > 0) {
      this.#drainTimer = setTimeout(this.#askForDrain, DRAIN_POLL_MS);
      return;
    }
    this.#isLagging = false;
    this.#inbound.receiver?.handleWritable();
  };

  #handleMessage(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      this.#inbound.push(new Uint8Array(data)); // frames and packets have nothing to do with each other [MQTT-6.0.0-2]
    } else if (!this.#isEnded) {
      this.#error = codedError('ERR_WS_TEXT_FRAME', `${this.#name()}: expected binary frames, a text frame came`);
      this.end(); // a browser may not give 1003 as the reason [MQTT-6.0.0-1]
    }
  }

  #finish(): void {
    this.#isEnded = true;
    clearTimeout(this.#drainTimer);
    this.#inbound.discard();
    this.#webSocket.close(CloseCode.normal);
  }

  #giveUp(): void {
    const { bufferedBytes } = this;
    if (bufferedBytes > 0) {
      const what = `${this.#name()}: ${bufferedBytes} bytes not taken within ${this.#endTimeoutMs} ms of the end`;
      this.#error ??= codedError('ETIMEDOUT', `${what}`);
    }
    this.#close();
  }

  #handleClose(code: number): void {
    if (!this.#isEnded) this.#error ??= this.#errorOfClose(code);
    this.#close();
  }

  /** A browser tells every end without a close frame in the same way, be it a reset or a router that is gone. */
  #errorOfClose(code: number): TransportError | undefined {
    if (code === CloseCode.abnormal) {
      return codedError('ECONNRESET', `${this.#name()}: connection reset by peer`);
    }
    const fault = faultOfClose(code);
    if (fault === undefined) return undefined;
    return codedError('ERR_WS_CLOSED', `${this.#name()}: ${fault}`);
  }

  #close(): void {
    this.#isEnded = true;
    clearTimeout(this.#drainTimer);
    clearTimeout(this.#endTimer);
    this.#inbound.close(this.#error);
  }

  #name(): string {
    return `WebSocket with ${formatAddress(this.remote.address, this.remote.port)}`;
  }
}

/**
 * Connects to a WebSocket listener from a browser: the twin of Node's `dialWebSocket`.
 *
 *     const transport = await dialWebSocket({ url: 'wss://broker.example:8084/mqtt' });
 *
 * @throws {TransportError} `ERR_WS_HANDSHAKE`: no connection, and a browser does not tell programs why; `ETIMEDOUT` after
 *   `timeoutMs`, `ABORT_ERR` when `signal` was aborted (its reason is the `cause`).
 */
export function dialWebSocket(options: WebSocketTarget): Promise<ByteTransport> {
  const { url, subprotocols = MQTT_SUBPROTOCOLS.slice(0, 1), signal, timeoutMs = TIMEOUT_MS } = options;
  const { hostname, port, protocol, origin, pathname } = new URL(url);
  const remote = {
    address: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port) || (protocol === 'wss:' ? 443 : 80),
  };
  const attempt = `cannot connect to ${origin}${pathname}`;
  const aborted = () => codedError('ABORT_ERR', `${attempt}: aborted`, { cause: signal?.reason });
  if (signal?.aborted) return Promise.reject(aborted());

  const webSocket = new WebSocket(url, [...subprotocols]);
  webSocket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (error: TransportError) => {
      settle();
      reject(error);
    };
    const giveUp = (error: TransportError) => {
      fail(error); // first: some tell of the close before close() returns
      webSocket.close();
    };
    const onAbort = () => giveUp(aborted());
    const timedOut = () => codedError('ETIMEDOUT', `${attempt}: no answer in ${timeoutMs} ms`);
    const timer = setTimeout(() => giveUp(timedOut()), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    webSocket.onopen = () => {
      settle();
      resolve(new BrowserWebSocketTransport(webSocket, remote, options));
    };
    // An error says nothing, and a close follows it; not so with every WebSocket that is no browser's.
    webSocket.onerror = webSocket.onclose = () => {
      fail(codedError('ERR_WS_HANDSHAKE', `${attempt}: the browser says no more`));
    };
  });
}
