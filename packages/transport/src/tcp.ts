import { connect, createServer, type LookupFunction, type Socket } from 'node:net';
import { formatAddress, numericAddress } from './address.ts';
import { type ByteTransport, type TransportAddress, TransportError, type TransportReceiver } from './byte-transport.ts';
import { type ListenerEvents, openListener, type TransportListener } from './listener.ts';
import { transportError } from './system-error.ts';

/** How much a TCP transport holds for a slow peer, and for how long at the end. */
export interface TcpLimits {
  /** Buffered bytes from which {@link ByteTransport.isWritable} is false; default 65,536, never below the socket's own mark. */
  readonly highWaterMark?: number;
  /** Milliseconds a peer has to take the rest and to close its side after the end, before it is cut off; default 5,000. */
  readonly endTimeoutMs?: number;
}

const HIGH_WATER_MARK = 65_536;
const END_TIMEOUT_MS = 5_000;

/**
 * A {@link ByteTransport} over a connected `node:net` socket.
 *
 * On the short road of a PUBLISH: one `data` listener that hands the chunk on, one `socket.write` per write and a single
 * `writev` per {@link writeAll}, no closure and no timer per message. A segment that is a Buffer saves the stream layer
 * one small allocation over a plain Uint8Array.
 *
 * The socket may hand 'drain' to its own, lower mark (16 KiB in Node 20); a write that the kernel took whole never makes
 * the transport unwritable, however large it was.
 */
export class TcpTransport implements ByteTransport {
  readonly remote: TransportAddress;
  readonly #socket: Socket;
  readonly #highWaterMark: number;
  readonly #endTimeoutMs: number;
  #receiver: TransportReceiver | undefined;
  #isLagging = false;
  #isPaused = false;
  #isEnded = false;
  #isClosed = false;
  #error: TransportError | undefined;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, limits: TcpLimits = {}) {
    this.#socket = socket;
    this.#highWaterMark = Math.max(limits.highWaterMark ?? HIGH_WATER_MARK, socket.writableHighWaterMark);
    this.#endTimeoutMs = limits.endTimeoutMs ?? END_TIMEOUT_MS;
    this.remote = { address: numericAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
    socket.on('drain', () => this.#handleDrain());
    socket.on('end', () => this.#finish());
    socket.on('error', (error) => this.#handleError(error));
    socket.on('close', () => this.#handleClose());
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
    this.#socket.on('data', (bytes: Uint8Array) => {
      if (!this.#isEnded) receiver.handleBytes(bytes);
    });
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
      this.#error ??= new TransportError('ETIMEDOUT', `${what} (ETIMEDOUT)`);
    }
    this.#drop();
  }

  /** A stream that lacks its last bytes is reset: its peer can know, and the kernel forgets at once what it held for it. */
  #drop(): void {
    const socket = this.#socket;
    if (socket.writableLength > 0 && !socket.destroyed) socket.resetAndDestroy();
    else socket.destroy();
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
    return `connection with ${formatAddress(this.remote.address, this.remote.port)}`;
  }
}

/** Where and how to dial. */
export interface DialTcpOptions extends TcpLimits {
  /** A name or a numeric address. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Gives the attempt up when aborted; a connection that is made already is not touched. */
  readonly signal?: AbortSignal;
  /** Milliseconds for name resolution and all addresses together; default 30,000. */
  readonly timeoutMs?: number;
  /** Idle milliseconds after which TCP itself probes the peer; absent: never, MQTT's Keep Alive does it. */
  readonly keepAliveMs?: number;
  /** Resolves the name in place of the system's resolver. */
  readonly lookup?: LookupFunction;
}

/**
 * Connects to a TCP listener, trying a name's IPv6 and IPv4 addresses in turn as Node does, with Nagle's algorithm off.
 *
 *     const transport = await dialTcp({ host: 'localhost', port: 1883, signal: AbortSignal.timeout(5_000) });
 *
 * @throws {TransportError} The connection was not made: the system's code, `ETIMEDOUT` after `timeoutMs`, `ABORT_ERR`
 *   when `signal` was aborted (its reason is the `cause`).
 */
export async function dialTcp(options: DialTcpOptions): Promise<ByteTransport> {
  const { host, port, signal, timeoutMs = 30_000 } = options;
  const attempt = `cannot connect to ${formatAddress(host, port)}`;
  const aborted = () => new TransportError('ABORT_ERR', `${attempt}: aborted (ABORT_ERR)`, { cause: signal?.reason });
  if (signal?.aborted) throw aborted();

  const socket = connect({ ...connectOptions(options), autoSelectFamily: true });
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect).off('error', fail);
    };
    const fail = (error: Error) => {
      settle();
      socket.on('error', () => {}); // an attempt on another address may still fail after the verdict
      socket.destroy();
      reject(error instanceof TransportError ? error : transportError(attempt, error));
    };
    const onConnect = () => {
      settle();
      resolve(new TcpTransport(socket, options));
    };
    const onAbort = () => fail(aborted());
    const onTimeout = () =>
      fail(new TransportError('ETIMEDOUT', `${attempt}: no answer in ${timeoutMs} ms (ETIMEDOUT)`));
    const timer = setTimeout(onTimeout, timeoutMs);
    signal?.addEventListener('abort', onAbort);
    socket.on('connect', onConnect).on('error', fail);
  });
}

/** Where and how to listen. */
export interface ListenTcpOptions extends TcpLimits, ListenerEvents {
  /** A name or numeric address of this machine; absent: every address, IPv4 and IPv6. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Connections the kernel queues until they are accepted; default 511, and the system has its own bound. */
  readonly backlog?: number;
  /** Open connections from which new ones are closed at once (`onRefused` tells); default no bound. */
  readonly maxConnections?: number;
  /** Idle milliseconds after which TCP itself probes a peer; absent: never, MQTT's Keep Alive does it. */
  readonly keepAliveMs?: number;
}

/**
 * Listens for TCP connections and gives each to `accept`, with Nagle's algorithm off.
 *
 *     const listener = await listenTcp({ port: 1883 }, (transport) => transport.attach(new Connection(transport)));
 *
 * @throws {TransportError} The port cannot be had: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` and the like.
 */
export function listenTcp(
  options: ListenTcpOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TransportListener> {
  const server = createServer(socketOptions(options), (socket) => accept(new TcpTransport(socket, options)));
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  const { host, port, backlog } = options;
  const where = { port, ...(host !== undefined && { host }), ...(backlog !== undefined && { backlog }) };
  return openListener(server, where, `cannot listen on ${formatAddress(host ?? '*', port)}`, options);
}

function connectOptions(options: DialTcpOptions) {
  const { host, port, lookup } = options;
  return { host, port, ...(lookup !== undefined && { lookup }), ...socketOptions(options) };
}

function socketOptions({ keepAliveMs }: { readonly keepAliveMs?: number }) {
  const keepAlive = keepAliveMs !== undefined && { keepAlive: true, keepAliveInitialDelay: keepAliveMs };
  return { noDelay: true, ...keepAlive };
}
