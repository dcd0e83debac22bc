import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { formatAddress } from './address.ts';
import { Handshakes } from './arrival.ts';
import { type ByteTransport, TransportError } from './byte-transport.ts';
import { type DialLimits, type Dialling, dial } from './dialling.ts';
import type { TransportListener } from './listener.ts';
import { SocketTransport, type TransportLimits } from './socket-transport.ts';
import { connectTcp, openTcp, type TcpListenerOptions, type TcpTarget } from './tcp.ts';
import { contextOptions, type Pem, type TlsCredentials, type TlsParameters } from './tls-certificates.ts';
import { readTlsSession } from './tls-peer.ts';
import { TlsServer, type TlsServerOptions } from './tls-server.ts';
import { wordsOfVerification } from './tls-words.ts';

/** Whom a client trusts, and what it shows of itself. */
export interface TlsClientOptions extends TlsParameters {
  /** Trusted authorities, or the server's own certificate where it is signed by itself; default: those that Node trusts. */
  readonly ca?: Pem | readonly Pem[];
  /** Certificate revocation lists, one of each authority in the chain. */
  readonly crl?: Pem | readonly Pem[];
  /** The client's certificate and those between it and its authority's. */
  readonly cert?: Pem;
  readonly key?: Pem;
  /** Opens an encrypted key. */
  readonly passphrase?: string;
  /** The name to ask for (SNI) and to find in the certificate; default: the host. */
  readonly serverName?: string;
  /** What is offered by ALPN; default `mqtt`, under WebSocket `http/1.1`. Empty: no ALPN. */
  readonly alpnProtocols?: readonly string[];
  /** False connects to anybody: encrypted, but to whom is unknown. Default true. */
  readonly rejectUnauthorized?: boolean;
}

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
export function dialTls(options: DialTlsOptions): Promise<ByteTransport> {
  const { host, tls = {} } = options;
  return dial(`cannot connect to ${formatAddress(host, options.port)}`, options, (dialling) => {
    connectTcp(options, dialling, (carrier) => {
      connectTls(carrier, { host, ...tls }, ['mqtt'], dialling, (socket) => {
        dialling.succeed(new SocketTransport(socket, options, { carrier, tls: readTlsSession(socket) }));
      });
    });
  });
}

/** The TLS step of an attempt: secures a connected socket. */
export function connectTls(
  carrier: Socket,
  options: TlsClientOptions & { readonly host: string },
  alpnProtocols: readonly string[],
  dialling: Pick<Dialling<never>, 'watch' | 'fail' | 'attempt'>,
  next: (socket: TLSSocket) => void,
): void {
  const { host, serverName = host, rejectUnauthorized = true } = options;
  const protocols = options.alpnProtocols ?? alpnProtocols;
  const socket = connect({
    ...contextOptions(options),
    ...credentialsOf(options),
    socket: carrier,
    ...(isIP(serverName) === 0 && { servername: serverName }), // RFC 6066: an address is no server name
    ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    // The verdict is the same, but only here the certificate can still be asked what is wrong with it.
    rejectUnauthorized: false,
  });
  dialling.watch(socket);
  socket.once('secureConnect', () => {
    const error = rejectUnauthorized ? refusalOf(socket, serverName, dialling.attempt) : undefined;
    if (error === undefined) next(socket);
    else dialling.fail(error);
  });
  socket.once('close', () => {
    const what = `${dialling.attempt}: the server closed the connection during the TLS handshake (ECONNRESET)`;
    dialling.fail(new TransportError('ECONNRESET', what));
  });
}

/** Why the server's certificate is not accepted; undefined if it is. */
function refusalOf(socket: TLSSocket, expected: string, attempt: string): TransportError | undefined {
  if (socket.authorized) return undefined;
  const { peerCertificate } = readTlsSession(socket);
  const code = peerCertificate?.verificationError ?? 'NOT_VERIFIED';
  if (peerCertificate === undefined)
    return new TransportError(code, `${attempt}: the server has no certificate (${code})`);
  const { subject, issuer, validFrom, validTo, subjectAltNames, commonName } = peerCertificate;
  const names = subjectAltNames.map(({ type, value }) => `${type}:${value}`).join(', ') || (commonName ?? 'nobody');
  const details: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: `, it was valid until ${validTo.toISOString()}`,
    CERT_NOT_YET_VALID: `, it is valid from ${validFrom.toISOString()}`,
    ERR_TLS_CERT_ALTNAME_INVALID: `the certificate is for ${names}, not for ${expected}`,
  };
  const what = `${wordsOfVerification(code) ?? ''}${details[code] ?? `, it is issued by '${issuer}'`}`;
  return new TransportError(code, `${attempt}: certificate of '${subject}' refused: ${what} (${code})`);
}

function credentialsOf({ cert, key, passphrase }: TlsClientOptions) {
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
  };
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
      server.secure(arrival, (socket) => {
        arrival.complete();
        const facts = { remote: arrival.remote, carrier, tls: readTlsSession(socket) };
        accept(new SocketTransport(socket, options, facts));
      });
    });
  const listener = await openTcp(options, enter, () => handshakes.close());
  return { ...listener, replaceCertificates: (credentials) => server.replaceCertificates(credentials) };
}
