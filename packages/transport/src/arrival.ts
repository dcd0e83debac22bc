import type { Socket } from 'node:net';
import { formatPeer, peerOf } from './address.ts';
import { AddressList } from './address-list.ts';
import { codedError, type TransportAddress, TransportError } from './byte-transport.ts';
import { decodeProxyHeader } from './proxy-header.ts';
import { transportError } from './system-error.ts';

/** What happens to a connection before it carries MQTT. */
export interface HandshakeOptions {
  /** Milliseconds for the PROXY header and the TLS and WebSocket handshakes together; default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Every connection begins with a header of the PROXY protocol, version 1 or 2; default false. */
  readonly proxyProtocol?: boolean;
  /**
   * Addresses and networks whose word on a client's address counts: of a PROXY header (default: everybody's, once it is
   * switched on) and of `X-Forwarded-For` (default: nobody's).
   */
  readonly trustedProxies?: readonly string[];
  /** A connection ended before it carried MQTT: a handshake failed, took too long or was given up by the peer. */
  readonly onHandshakeFailed?: (remote: TransportAddress, error: TransportError) => void;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * A connection on its way in, from the moment it was accepted until it carries MQTT or is over.
 *
 *     under way --complete()--> a transport has taken it over
 *          \----fail(), time over, closed by the peer--> told once, closed
 */
export class Arrival {
  /** The socket of the operating system. */
  readonly carrier: Socket;
  /** What is closed if it fails: the carrier, or the TLS socket that is on it. */
  socket: Socket;
  /** The peer; a PROXY header or `X-Forwarded-For` may name another than the socket does. */
  remote: TransportAddress;
  readonly #onSettled: (arrival: Arrival, error: TransportError | undefined) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #onError = (error: Error) => this.fail(error);
  readonly #onClose = () => this.#handleClose();
  #isSettled = false;

  constructor(
    carrier: Socket,
    remote: TransportAddress,
    timeoutMs: number,
    onSettled: (arrival: Arrival, error: TransportError | undefined) => void,
  ) {
    this.carrier = carrier;
    this.socket = carrier;
    this.remote = remote;
    this.#onSettled = onSettled;
    this.#timer = setTimeout(() => this.#handleTimeout(timeoutMs), timeoutMs).unref();
    carrier.on('error', this.#onError).on('close', this.#onClose);
  }

  /** True until the connection was taken over or has failed. */
  get isUnderWay(): boolean {
    return !this.#isSettled;
  }

  /** The handshakes are done: from now on the connection is its transport's, and so are its errors. */
  complete(): void {
    clearTimeout(this.#timer);
    this.carrier.off('error', this.#onError).off('close', this.#onClose);
    this.#settle(undefined);
  }

  /** The connection will not carry MQTT. What was written to the peer goes out, within the time for the handshakes. */
  fail(error: Error): void {
    if (this.#isSettled) return;
    const attempt = `handshake with ${formatPeer(this.remote)} failed`;
    const isOurs = error instanceof TransportError;
    const told = isOurs
      ? new TransportError(error.code, `${attempt}: ${error.message}`)
      : transportError(attempt, error);
    this.#settle(told);
    this.socket.destroySoon();
  }

  /** Closes at once and tells nobody. */
  drop(): void {
    this.#isSettled = true;
    this.socket.destroy();
  }

  #handleTimeout(timeoutMs: number): void {
    this.fail(codedError('ETIMEDOUT', `not done within ${timeoutMs} ms`));
    this.socket.destroy();
  }

  #handleClose(): void {
    clearTimeout(this.#timer);
    // Where TLS has closed it, TLS tells why a moment later.
    setImmediate(() => this.fail(peerHasClosed()));
  }

  #settle(error: TransportError | undefined): void {
    this.#isSettled = true;
    this.#onSettled(this, error);
  }
}

/** What is told of a peer that did not stay for the whole of its handshake. */
export function peerHasClosed(): TransportError {
  return codedError('ECONNRESET', 'the peer closed the connection');
}

/** The handshakes that are under way at one listener. Reads the PROXY header, where there is one; TLS and WebSocket follow. */
export class Handshakes {
  readonly timeoutMs: number;
  readonly #options: HandshakeOptions;
  readonly #proxies: AddressList | undefined;
  readonly #underWay = new Set<Arrival>();

  /** @throws {TransportError} `ERR_ADDRESS`: a trusted proxy that is neither an address nor a network. */
  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#proxies = options.trustedProxies && new AddressList(options.trustedProxies);
  }

  /** Begins with a connection just accepted; `next` is called once its peer is known. */
  begin(socket: Socket, remote: TransportAddress | undefined, next: (arrival: Arrival) => void): void {
    const peer = remote ?? peerOf(socket);
    // Reset before it was accepted, as the health checks of proxies are: nobody is there who could fail.
    if (peer.address === '') return void socket.destroy();
    const arrival = new Arrival(socket, peer, this.timeoutMs, (_, error) => {
      this.#underWay.delete(arrival);
      if (error !== undefined) this.#options.onHandshakeFailed?.(arrival.remote, error);
    });
    this.#underWay.add(arrival);
    if (this.#options.proxyProtocol === true) this.#readProxyHeader(arrival, next);
    else next(arrival);
  }

  /** Closes what is under way. */
  close(): void {
    for (const arrival of this.#underWay) arrival.drop();
    this.#underWay.clear();
  }

  #readProxyHeader(arrival: Arrival, next: (arrival: Arrival) => void): void {
    const { carrier, remote } = arrival;
    if (this.#proxies !== undefined && !this.#proxies.has(remote.address)) {
      const what = 'PROXY protocol: the peer is not among the trusted proxies (ERR_PROXY_UNTRUSTED)';
      arrival.fail(new TransportError('ERR_PROXY_UNTRUSTED', what));
      return;
    }
    let received = Buffer.alloc(0);
    const readOn = () => {
      const chunk: Buffer | null = carrier.read();
      if (chunk === null || !arrival.isUnderWay) return;
      received = Buffer.concat([received, chunk]);
      try {
        const header = decodeProxyHeader(received);
        if (header === undefined) return;
        carrier.off('readable', readOn);
        if (header.byteLength < received.length) carrier.unshift(received.subarray(header.byteLength));
        arrival.remote = header.source ?? remote;
        // The stream forgets its 'readable' listener in the next tick; before that nobody can pause it.
        process.nextTick(() => arrival.isUnderWay && next(arrival));
      } catch (error) {
        arrival.fail(error as TransportError);
      }
    };
    carrier.on('readable', readOn);
  }
}
