import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { der } from './der.ts';

/** What a certificate for a test says; everything has a default. */
export interface TestCertificateOptions {
  /** Default `localhost`. Null leaves the subject without one. */
  readonly commonName?: string | null;
  readonly organization?: string;
  /** Names and addresses: `localhost`, `127.0.0.1`, `mailto:a@b.example`, `urn:example:press-7`. Default: none. */
  readonly altNames?: readonly string[];
  /** Default: an hour ago. */
  readonly validFrom?: Date;
  /** Default: in an hour. */
  readonly validTo?: Date;
}

/** A certificate with its key, both in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  readonly serial: number;
}

/** Something that signs certificates for tests. */
export interface TestAuthority extends TestCertificate {
  issue(options?: TestCertificateOptions): TestCertificate;
  /** An authority under this one. */
  issueAuthority(commonName: string): TestAuthority;
  /** A certificate revocation list, in PEM. */
  revoke(...revoked: readonly TestCertificate[]): string;
}

const HOUR = 3_600_000;
const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));
const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';

let lastSerial = 1_000;

/**
 * Makes a certificate authority for tests, with keys that live as long as the test: nothing is read from or written to disk.
 *
 *     const authority = createTestAuthority();
 *     const { cert, key } = authority.issue({ altNames: ['localhost', '127.0.0.1'] });
 */
export function createTestAuthority(commonName = 'Busbar test authority'): TestAuthority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf({ commonName });
  return authorityOf(signCertificate(subject, pair, subject, pair.privateKey, {}, true), pair.privateKey, subject);
}

/** A certificate that nobody but itself vouches for. */
export function createSelfSignedCertificate(options: TestCertificateOptions = {}): TestCertificate {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf(options);
  return signCertificate(subject, pair, subject, pair.privateKey, options, false);
}

function authorityOf(own: TestCertificate, signer: KeyObject, issuer: Uint8Array): TestAuthority {
  return {
    ...own,
    issue: (options = {}) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return signCertificate(nameOf(options), pair, issuer, signer, options, false);
    },
    issueAuthority: (commonName) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const subject = nameOf({ commonName });
      return authorityOf(signCertificate(subject, pair, issuer, signer, {}, true), pair.privateKey, subject);
    },
    revoke: (...revoked) => signRevocations(revoked, issuer, createPrivateKey(own.key)),
  };
}

function signCertificate(
  subject: Uint8Array,
  pair: { publicKey: KeyObject; privateKey: KeyObject },
  issuer: Uint8Array,
  signer: KeyObject,
  options: TestCertificateOptions,
  isAuthority: boolean,
): TestCertificate {
  lastSerial += 1;
  const serial = lastSerial;
  const { validFrom = new Date(Date.now() - HOUR), validTo = new Date(Date.now() + HOUR) } = options;
  const content = der.sequence(
    der.explicit(0, der.integer(2)), // version 3
    der.integer(serial),
    ECDSA_WITH_SHA256,
    issuer,
    der.sequence(der.utcTime(validFrom), der.utcTime(validTo)),
    subject,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensionsOf(options.altNames ?? [], isAuthority))),
  );
  return {
    cert: pem('CERTIFICATE', signed(content, signer)),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    serial,
  };
}

function signRevocations(revoked: readonly TestCertificate[], issuer: Uint8Array, signer: KeyObject): string {
  const thisUpdate = der.utcTime(new Date(Date.now() - HOUR));
  const entries = revoked.map(({ serial }) => der.sequence(der.integer(serial), thisUpdate));
  const nextUpdate = der.utcTime(new Date(Date.now() + HOUR));
  const list = entries.length === 0 ? [] : [der.sequence(...entries)];
  return pem('X509 CRL', signed(der.sequence(ECDSA_WITH_SHA256, issuer, thisUpdate, nextUpdate, ...list), signer));
}

function signed(content: Uint8Array, signer: KeyObject): Uint8Array {
  return der.sequence(content, ECDSA_WITH_SHA256, der.bitString(sign('sha256', content, signer)));
}

function nameOf({ commonName = 'localhost', organization }: TestCertificateOptions): Uint8Array {
  const part = (type: string, value: string | null | undefined) =>
    value === undefined || value === null
      ? []
      : [der.set(der.sequence(der.objectIdentifier(type), der.utf8String(value)))];
  return der.sequence(...part('2.5.4.10', organization), ...part('2.5.4.3', commonName));
}

function extensionsOf(altNames: readonly string[], isAuthority: boolean): Uint8Array[] {
  const extension = (type: string, isCritical: boolean, content: Uint8Array) =>
    der.sequence(der.objectIdentifier(type), ...(isCritical ? [der.boolean(true)] : []), der.octetString(content));
  const constraints = isAuthority ? der.sequence(der.boolean(true)) : der.sequence();
  const usage = isAuthority ? der.bitString(Uint8Array.of(0b110), 1) : der.bitString(Uint8Array.of(0b1000_0000), 7);
  return [
    extension(BASIC_CONSTRAINTS, true, constraints),
    extension(KEY_USAGE, true, usage),
    ...(altNames.length > 0 ? [extension(SUBJECT_ALT_NAME, false, der.sequence(...altNames.map(altNameOf)))] : []),
  ];
}

/** A GeneralName (RFC 5280, section 4.2.1.6). */
function altNameOf(name: string): Uint8Array {
  if (name.startsWith('mailto:')) return der.implicit(1, der.ascii(name.slice('mailto:'.length)));
  if (isIP(name) === 4) return der.implicit(7, Uint8Array.from(name.split('.').map(Number)));
  return der.implicit(name.includes(':') ? 6 : 2, der.ascii(name));
}

function pem(label: string, content: Uint8Array): string {
  const lines = Buffer.from(content)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
