import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { PeerCertificate, SubjectAltName, TlsSession } from './tls-session.ts';

/** Reads what TLS says of a connection whose handshake is done. */
export function readTlsSession(socket: TLSSocket, preSharedKeyIdentity?: string): TlsSession {
  const { name, standardName } = socket.getCipher();
  const certificate = socket.getPeerX509Certificate();
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: standardName ?? name,
    alpnProtocol: socket.alpnProtocol || undefined,
    serverName: readServerName(socket),
    peerCertificate: certificate && readCertificate(certificate, errorOf(socket)),
    preSharedKeyIdentity,
  };
}

/** Node says false where it knows of no name. */
function readServerName(socket: TLSSocket): string | undefined {
  const { servername } = socket as { servername?: unknown };
  return typeof servername === 'string' && servername !== '' ? servername : undefined;
}

/** Why Node does not trust the peer. It is silent on a peer that it was not asked to verify: that one is not trusted either. */
function errorOf({ authorized, authorizationError }: TLSSocket): string | undefined {
  if (authorized) return undefined;
  const error: unknown = authorizationError;
  return error instanceof Error
    ? ((error as NodeJS.ErrnoException).code ?? error.message)
    : String(error ?? 'NOT_VERIFIED');
}

/** @param verificationError Why it is not verified; undefined if it is. */
export function readCertificate(certificate: X509Certificate, verificationError: string | undefined): PeerCertificate {
  return {
    isVerified: verificationError === undefined,
    verificationError,
    subject: formatName(certificate.subject),
    commonName: commonNameOf(certificate),
    subjectAltNames: readSubjectAltNames(certificate.subjectAltName),
    issuer: formatName(certificate.issuer),
    serialNumber: certificate.serialNumber,
    fingerprint256: certificate.fingerprint256,
    validFrom: new Date(certificate.validFrom),
    validTo: new Date(certificate.validTo),
  };
}

/** Node gives one part a line, escaped as RFC 2253 wants it, the most general part first. */
function formatName(name: string | undefined): string {
  return name === undefined ? '' : name.split('\n').reverse().join(',');
}

function commonNameOf(certificate: X509Certificate): string | undefined {
  const subject: unknown = certificate.toLegacyObject().subject; // undefined where it is empty
  const { CN } = (subject ?? {}) as { CN?: string | readonly string[] };
  return Array.isArray(CN) ? CN.at(-1) : (CN as string | undefined);
}

const TYPES: Readonly<Record<string, SubjectAltName['type']>> = {
  DNS: 'dns',
  'IP Address': 'ip',
  email: 'email',
  URI: 'uri',
};

/** One name: its type, and its value in quotes where it has characters that could be mistaken. */
const NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;

/** Reads the names as Node writes them: `DNS:broker.example, IP Address:192.0.2.1, URI:"urn:a, b"`. */
export function readSubjectAltNames(text: string | undefined): SubjectAltName[] {
  const names: SubjectAltName[] = [];
  if (text === undefined) return names;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match !== null && match[0] !== ''; match = NAME.exec(text)) {
    const [, type = '', value = ''] = match;
    names.push({ type: TYPES[type] ?? 'other', value: value.startsWith('"') ? unquote(value) : value });
  }
  return names;
}

function unquote(value: string): string {
  try {
    return JSON.parse(value) as string;
  } catch {
    return value;
  }
}
