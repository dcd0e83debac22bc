import type { Socket } from 'node:net';
import { formatAddress } from './address.ts';
import { Handshakes } from './arrival.ts';
import type { ByteTransport } from './byte-transport.ts';
import { type DialLimits, dial } from './dialling.ts';
import type { TransportListener } from './listener.ts';
import { SocketTransport, type TransportLimits } from './socket-transport.ts';
import { connectTcp, openTcp, type TcpListenerOptions, type TcpTarget } from './tcp.ts';
import type { TlsCredentials } from './tls-certificates.ts';
import { connectTls, TlsClient, type TlsClientOptions } from './tls-client.ts';
import { TlsServer, type TlsServerOptions } from './tls-server.ts';

/** Where and how to dial. */
export interface DialTlsOptions extends TcpTarget, DialLimits, TransportLimits {
  readonly tls?: TlsClientOptions;
}

/**
 * Connects to a TLS listener, with TLS 1.2 or 1.3, and verifies that the server is the one that was dialled.
 *
 *     const transport = await dialTls({ host: 'broker.example', port: 8883, tls: { ca: await readFile('ca.pem') } });
 *
 * @throws {TransportError} As `dialTcp`, and OpenSSL's codes: `CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN`,
 *   `UNABLE_TO_VERIFY_LEAF_SIGNATURE`, `ERR_TLS_CERT_ALTNAME_INVALID`, `ERR_SSL_...`; the message says what is wrong.
 */
export async function dialTls(options: DialTlsOptions): Promise<ByteTransport> {
  const { host } = options;
  const secure = new TlsClient(host, ['mqtt'], options.tls);
  return dial(`cannot connect to ${formatAddress(host, options.port)}`, options, (dialling) => {
    connectTcp(options, dialling, (carrier) => {
      connectTls(carrier, secure, dialling, (socket, session) => {
        dialling.succeed(new SocketTransport(socket, options, { carrier, tls: session }));
      });
    });
  });
}

/** Where and how to listen. */
export interface ListenTlsOptions extends TcpListenerOptions {
  readonly tls: TlsServerOptions;
}

/** A listener whose certificates can be replaced. */
export interface TlsListener extends TransportListener {
  /**
   * From now on handshakes use these credentials; connections that are open stay as they are.
   *
   * @throws {TransportError} Credentials that cannot be used; then the former ones stay in use.
   */
  replaceCertificates(credentials: TlsCredentials): void;
}

/**
 * Listens for TLS connections and gives each to `accept` when its handshake is done.
 *
 *     const listener = await listenTls({ port: 8883, tls: { certificates: [{ cert, key }] } }, accept);
 *
 * @throws {TransportError} As `listenTcp`, and credentials that cannot be used.
 */
export async function listenTls(
  options: ListenTlsOptions,
  accept: (transport: ByteTransport) => void,
): Promise<TlsListener> {
  const handshakes = new Handshakes(options);
  const server = new TlsServer(options.tls, ['mqtt'], handshakes.timeoutMs);
  const enter = (carrier: Socket) =>
    handshakes.begin(carrier, undefined, (arrival) => {
      server.secure(arrival, (socket, tls) => {
        arrival.complete();
        const facts = { remote: arrival.remote, carrier, tls };
        accept(new SocketTransport(socket, options, facts));
      });
    });
  const listener = await openTcp(options, enter, () => handshakes.close());
  return { ...listener, replaceCertificates: (credentials) => server.replaceCertificates(credentials) };
}
