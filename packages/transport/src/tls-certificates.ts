import { constants, randomBytes, X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
  type SecureVersion,
} from 'node:tls';
import { TransportError } from './byte-transport.ts';
import { transportError } from './system-error.ts';
import { readSubjectAltNames } from './tls-peer.ts';

/** Text in PEM, as files hold it. */
export type Pem = string | Buffer;

/** A server's certificate and the names it is shown for. */
export interface TlsCertificate {
  /** The certificate and, after it, those between it and the authority's. */
  readonly cert: Pem;
  readonly key: Pem;
  /** Opens an encrypted key. */
  readonly passphrase?: string;
  /** Names (`broker.example`, `*.plant.example`) that clients ask for; default: the DNS names in the certificate. */
  readonly serverNames?: readonly string[];
}

/** What can be replaced while a listener is open. */
export interface TlsCredentials {
  /** At least one, unless there are pre-shared keys. The first is for clients that name no server or an unknown one. */
  readonly certificates: readonly TlsCertificate[];
  /** Keys that clients and server know, by the identity that the client says (RFC 4279); TLS 1.2 alone has them. */
  readonly preSharedKeys?: ReadonlyMap<string, Uint8Array>;
  /** Authorities whose client certificates are trusted. Default: those that Node trusts, which is rarely what is wanted. */
  readonly ca?: Pem | readonly Pem[];
  /** Certificate revocation lists, one of each authority in the chain. */
  readonly crl?: Pem | readonly Pem[];
}

/** How TLS is spoken; fixed for the life of a listener. */
export interface TlsParameters {
  /** Default `TLSv1.2`. */
  readonly minVersion?: SecureVersion;
  /** Default `TLSv1.3`. */
  readonly maxVersion?: SecureVersion;
  /** Cipher suites as OpenSSL lists them, colons between; default: Node's. */
  readonly ciphers?: string;
  /** What a server tells clients that have several pre-shared keys. Default: nothing. */
  readonly preSharedKeyHint?: string;
}

/** Contexts made of credentials, by the name that a client asks for (RFC 6066, section 3). */
export interface CertificateTable {
  /** What is used where no name is asked for, as options of a `node:tls` server. */
  readonly fallback: SecureContextOptions;
  /** The context for a name; undefined: the fallback. */
  find(serverName: string): SecureContext | undefined;
}

/**
 * Checks credentials and makes contexts of them.
 *
 * @throws {TransportError} A certificate, key, authority or list cannot be used; the message says which and why.
 */
export function createCertificateTable(credentials: TlsCredentials, parameters: TlsParameters): CertificateTable {
  const { certificates, ca, crl, preSharedKeys } = credentials;
  // A session of former credentials must not be resumed: whoever has it may be revoked by now.
  const sessionIdContext = randomBytes(16).toString('hex');
  const own = preSharedKeys === undefined ? parameters : withKeys(parameters, certificates.length === 0);
  const shared = { ...contextOptions({ ...own, ca, crl }), ...ticketsFor(preSharedKeys), sessionIdContext };
  const contexts = new Map<string, SecureContext>();
  let fallback: SecureContextOptions | undefined;
  certificates.forEach((certificate, index) => {
    const { cert, key, passphrase } = certificate;
    const options = { ...shared, cert, key, ...(passphrase !== undefined && { passphrase }) };
    const what = `cannot use certificate ${index + 1} of ${certificates.length}`;
    const context = withCredentials(what, () => createSecureContext(options));
    fallback ??= options;
    for (const name of withCredentials(what, () => serverNamesOf(certificate))) {
      if (!contexts.has(name)) contexts.set(name, context);
    }
  });
  if (preSharedKeys !== undefined) fallback ??= shared;
  if (fallback === undefined) throw new TransportError('ERR_TLS_NO_CERTIFICATE', NO_CERTIFICATE);
  return { fallback, find: (serverName) => findContext(contexts, serverName.toLowerCase()) };
}

/** Node's own list forbids cipher suites with pre-shared keys, and TLS 1.3 knows them only as resumed sessions. */
function withKeys(parameters: TlsParameters, isAlone: boolean): TlsParameters {
  if (isAlone) return { ...parameters, ciphers: parameters.ciphers ?? 'PSK', maxVersion: 'TLSv1.2' };
  return { ...parameters, ciphers: `${parameters.ciphers ?? DEFAULT_CIPHERS.replace(':!PSK', '')}:PSK` };
}

/** A session that is resumed says no identity. */
function ticketsFor(preSharedKeys: TlsCredentials['preSharedKeys']): SecureContextOptions {
  return preSharedKeys === undefined ? {} : { secureOptions: constants.SSL_OP_NO_TICKET };
}

const NO_CERTIFICATE = 'expected at least one certificate for TLS, none came (ERR_TLS_NO_CERTIFICATE)';

/** The context for exactly this name, else for the wildcard that covers its first label. */
function findContext(contexts: ReadonlyMap<string, SecureContext>, name: string): SecureContext | undefined {
  const dot = name.indexOf('.');
  return contexts.get(name) ?? (dot > 0 ? contexts.get(`*${name.slice(dot)}`) : undefined);
}

function serverNamesOf({ cert, serverNames }: TlsCertificate): string[] {
  if (serverNames !== undefined) return serverNames.map((name) => name.toLowerCase());
  const names = readSubjectAltNames(new X509Certificate(cert).subjectAltName);
  return names.filter(({ type }) => type === 'dns').map(({ value }) => value.toLowerCase());
}

/** Tries credentials. @throws {TransportError} They cannot be used; the message begins with `what`. */
export function withCredentials<Result>(what: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    const { reason } = error as { reason?: unknown };
    throw transportError(typeof reason === 'string' ? `${what}, ${reason}` : what, error);
  }
}

/**
 * What clients and servers tell `node:tls` alike.
 *
 * @throws {TransportError} Cipher suites that OpenSSL does not know, or a trusted authority that is no certificate; Node would pass
 *   over it in silence and trust nobody.
 */
export function contextOptions({ minVersion = 'TLSv1.2', maxVersion, ciphers, ca, crl }: ContextParameters) {
  for (const pem of asList(ca ?? [])) withCredentials('cannot use a trusted authority', () => new X509Certificate(pem));
  if (ciphers !== undefined) checkCiphers(ciphers);
  return {
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers !== undefined && { ciphers }),
    ...(ca !== undefined && { ca: asList(ca) }),
    ...(crl !== undefined && { crl: asList(crl) }),
  };
}

/** Alone: together with a certificate, the error would be about that. */
function checkCiphers(ciphers: string): void {
  try {
    createSecureContext({ ciphers });
  } catch (error) {
    const { code = 'UNKNOWN' } = error as { code?: string };
    const message = `cannot use the cipher suites '${ciphers}': expected names as OpenSSL lists them, with colons (${code})`;
    throw new TransportError(code, message, { cause: error });
  }
}

interface ContextParameters extends TlsParameters {
  readonly ca?: Pem | readonly Pem[] | undefined;
  readonly crl?: Pem | readonly Pem[] | undefined;
}

function asList(pem: Pem | readonly Pem[]): Pem[] {
  return typeof pem === 'string' || Buffer.isBuffer(pem) ? [pem] : [...pem];
}
