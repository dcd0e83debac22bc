import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { codedError, TransportError } from './byte-transport.ts';
import type { Dialling } from './dialling.ts';
import { contextOptions, type Pem, type TlsParameters, withCredentials } from './tls-certificates.ts';
import { readTlsSession } from './tls-peer.ts';
import type { TlsSession } from './tls-session.ts';
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

/** How one server is dialled over TLS, checked before anything is dialled. */
export class TlsClient {
  /** The name to find in the server's certificate. */
  readonly serverName: string;
  readonly isTrusting: boolean;
  readonly #context: SecureContext;
  readonly #alpnProtocols: readonly string[];

  /** @throws {TransportError} A certificate, key or authority that cannot be used. */
  constructor(host: string, alpnProtocols: readonly string[], options: TlsClientOptions = {}) {
    const { serverName = host, rejectUnauthorized = true, cert, key, passphrase } = options;
    this.serverName = serverName;
    this.isTrusting = !rejectUnauthorized;
    this.#alpnProtocols = options.alpnProtocols ?? alpnProtocols;
    const own = {
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
    };
    const what = 'cannot use the TLS options of the client';
    this.#context = withCredentials(what, () => createSecureContext({ ...contextOptions(options), ...own }));
  }

  /** Begins the handshake on a connected socket. */
  connect(carrier: Socket): TLSSocket {
    const { serverName } = this;
    return connect({
      socket: carrier,
      secureContext: this.#context,
      ...(isIP(serverName) === 0 && { servername: serverName }), // RFC 6066: an address is no server name
      ...(this.#alpnProtocols.length > 0 && { ALPNProtocols: [...this.#alpnProtocols] }),
      checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
      // The verdict is the same, but only here the certificate can still be asked what is wrong with it.
      rejectUnauthorized: false,
    });
  }
}

/** The TLS step of an attempt: secures a connected socket and verifies who is at its other end. */
export function connectTls(
  carrier: Socket,
  client: TlsClient,
  dialling: Pick<Dialling<never>, 'watch' | 'fail' | 'attempt'>,
  next: (socket: TLSSocket, session: TlsSession) => void,
): void {
  const socket = client.connect(carrier);
  dialling.watch(socket);
  socket.once('secureConnect', () => {
    let session: TlsSession;
    try {
      session = readTlsSession(socket);
      const refusal = client.isTrusting ? undefined : refusalOf(socket, session, client.serverName, dialling.attempt);
      if (refusal !== undefined) throw refusal;
    } catch (error) {
      dialling.fail(error as Error); // a certificate may hold anything
      return;
    }
    next(socket, session);
  });
  socket.once('close', () => {
    const what = `${dialling.attempt}: the server closed the connection during the TLS handshake (ECONNRESET)`;
    dialling.fail(new TransportError('ECONNRESET', what));
  });
}

/** Why the server's certificate is not accepted; undefined if it is. */
function refusalOf(
  { authorized }: TLSSocket,
  { peerCertificate }: TlsSession,
  expected: string,
  attempt: string,
): TransportError | undefined {
  if (authorized) return undefined;
  const code = peerCertificate?.verificationError ?? 'NOT_VERIFIED';
  if (peerCertificate === undefined) {
    return codedError(code, `${attempt}: the server has no certificate`);
  }
  const { subject, issuer, validFrom, validTo, subjectAltNames, commonName } = peerCertificate;
  const names = subjectAltNames.map(({ type, value }) => `${type}:${value}`).join(', ') || (commonName ?? 'nobody');
  const details: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: `, it was valid until ${validTo.toISOString()}`,
    CERT_NOT_YET_VALID: `, it is valid from ${validFrom.toISOString()}`,
    ERR_TLS_CERT_ALTNAME_INVALID: `the certificate is for ${names}, not for ${expected}`,
  };
  const what = `${wordsOfVerification(code) ?? ''}${details[code] ?? `, it is issued by '${issuer}'`}`;
  return codedError(code, `${attempt}: certificate of '${subject}' refused: ${what}`);
}
