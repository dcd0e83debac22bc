import { Socket } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Arrival } from './arrival.ts';
import { TransportError } from './byte-transport.ts';
import {
  type CertificateTable,
  createCertificateTable,
  type TlsCredentials,
  type TlsParameters,
} from './tls-certificates.ts';
import { readTlsSession } from './tls-peer.ts';
import type { TlsSession } from './tls-session.ts';
import { wordsOfVerification } from './tls-words.ts';

/** How a listener speaks TLS. */
export interface TlsServerOptions extends TlsCredentials, TlsParameters {
  /**
   * Whether clients are asked for a certificate: `none` (default), `request` (they may have one, and a wrong one is seen in
   * `isVerified`) or `require` (without one that is verified they do not come in).
   */
  readonly clientCertificates?: 'none' | 'request' | 'require';
  /** What a client that offers ALPN must have in its list; default `mqtt`, under WebSocket `http/1.1`. Empty: no ALPN. */
  readonly alpnProtocols?: readonly string[];
}

/** Who takes a connection over when its handshake is done. */
type NextStep = (socket: TLSSocket, session: TlsSession) => void;

/**
 * The TLS step of a listener: takes a connection that was accepted and gives it on when the handshake is done.
 *
 * Certificates are replaced for the connections to come; those that are open keep what they were made with.
 */
export class TlsServer {
  readonly #server: Server;
  readonly #options: TlsServerOptions;
  /** The handshakes that are under way. */
  readonly #arrivals = new WeakMap<Socket, { arrival: Arrival; next: NextStep }>();
  #table: CertificateTable;
  #preSharedKeys: TlsCredentials['preSharedKeys'];
  readonly #identities = new WeakMap<TLSSocket, string>();

  /** @throws {TransportError} Credentials that cannot be used. */
  constructor(options: TlsServerOptions, alpnProtocols: readonly string[], handshakeTimeoutMs: number) {
    const { clientCertificates = 'none' } = options;
    this.#options = options;
    this.#table = createCertificateTable(options, options);
    this.#preSharedKeys = options.preSharedKeys;
    const protocols = options.alpnProtocols ?? alpnProtocols;
    this.#server = createServer({
      ...this.#table.fallback,
      ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
      requestCert: clientCertificates !== 'none',
      rejectUnauthorized: clientCertificates === 'require',
      ...(options.preSharedKeys !== undefined && this.#keyOptions(options)),
      handshakeTimeout: 2 * handshakeTimeoutMs, // the arrival's own timer comes first
      SNICallback: (name, answer: (error: Error | null, context?: SecureContext) => void) => {
        answer(null, this.#table.find(name));
      },
    });
    this.#server.on('secureConnection', (socket) => this.#handleSecure(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#handleError(error, socket));
  }

  /** Begins the handshake. Data that the socket has read already are part of it. */
  secure(arrival: Arrival, next: NextStep): void {
    this.#arrivals.set(arrival.carrier, { arrival, next });
    this.#server.emit('connection', arrival.carrier);
  }

  /** @throws {TransportError} Credentials that cannot be used; then the former ones stay. */
  replaceCertificates(credentials: TlsCredentials): void {
    const table = createCertificateTable(credentials, this.#options);
    this.#server.setSecureContext(table.fallback);
    this.#table = table;
    this.#preSharedKeys = credentials.preSharedKeys;
  }

  #keyOptions({ preSharedKeyHint }: TlsServerOptions): TlsOptions {
    return {
      ...(preSharedKeyHint !== undefined && { pskIdentityHint: preSharedKeyHint }),
      pskCallback: (socket, identity) => {
        this.#identities.set(socket, identity);
        return this.#preSharedKeys?.get(identity) ?? null;
      },
    };
  }

  #handleSecure(socket: TLSSocket): void {
    const found = this.#take(socket);
    if (!found?.arrival.isUnderWay) {
      socket.destroy();
      return;
    }
    found.arrival.socket = socket;
    let session: TlsSession;
    try {
      session = readTlsSession(socket, this.#identities.get(socket));
    } catch (error) {
      found.arrival.fail(error as Error); // a certificate may hold anything
      return;
    }
    found.next(socket, session);
  }

  #handleError(error: Error, socket: TLSSocket): void {
    const code: unknown = socket.authorizationError;
    const words = typeof code === 'string' ? wordsOfVerification(code) : undefined;
    const refusal = `client certificate refused: ${words} (${code})`;
    this.#take(socket)?.arrival.fail(words === undefined ? error : new TransportError(String(code), refusal));
  }

  /** Node keeps the socket that a TLS socket was put on in `_parent`, since 0.11, and has no public name for it. */
  #take(socket: TLSSocket) {
    const { _parent: carrier } = socket as unknown as { readonly _parent?: unknown };
    if (!(carrier instanceof Socket)) return undefined;
    const found = this.#arrivals.get(carrier);
    this.#arrivals.delete(carrier);
    return found;
  }
}
