import { createWriteStream, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { type ConnectionOptions, connect, rootCertificates, type SecureVersion, type TLSSocket } from 'node:tls';
import { DialFailure } from './system-words.ts';
import type { TlsSettings, ToolSettings } from './tool-settings.ts';

const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ['tlsv1.3', 'TLSv1.3'],
  ['tlsv1.2', 'TLSv1.2'],
  ['tlsv1.1', 'TLSv1.1'],
]);

/** Where operating systems keep the authorities that they trust. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Secures a connected socket. */
export type Secure = (socket: Socket, host: string) => Promise<TLSSocket>;

/** Makes ready to speak TLS as the options say. @throws {DialFailure} Files or options that cannot be used. */
export function prepareTls({ tls, isWebSocket }: ToolSettings): Secure {
  const options = tlsOptionsOf(tls, isWebSocket);
  return (socket, host) => {
    const serverName = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    return new Promise((resolve, reject) => {
      const secured = connect({ ...options, ...serverName, host, socket });
      secured.once('error', reject);
      if (tls.keyLogFile !== undefined) logKeys(secured, tls.keyLogFile);
      secured.once('secureConnect', () => {
        secured.off('error', reject);
        resolve(secured);
      });
    });
  };
}

function logKeys(secured: TLSSocket, file: string): void {
  const log = createWriteStream(file, { flags: 'a' });
  secured.on('keylog', (line) => log.write(line));
  secured.once('close', () => log.end());
}

function tlsOptionsOf(tls: TlsSettings, isWebSocket: boolean): ConnectionOptions {
  const { ciphers, version, alpn, isInsecure } = tls;
  const minVersion = version === undefined ? 'TLSv1.2' : VERSIONS.get(version.toLowerCase());
  if (minVersion === undefined) throw problem('options, check the options are valid', `--tls-version ${version}`);
  const protocol = alpn ?? (isWebSocket ? 'http/1.1' : undefined);
  return {
    minVersion,
    rejectUnauthorized: !isInsecure,
    ...(ciphers !== undefined && { ciphers }),
    ...(protocol !== undefined && { ALPNProtocols: [protocol] }),
    ...(tls.psk === undefined ? { ca: authoritiesOf(tls) } : pskOptions(tls)),
    ...certificateOf(tls),
  };
}

/** The authorities that are asked for; the system's where none are. */
function authoritiesOf({ caFile, caPath, usesSystemAuthorities }: TlsSettings): string[] {
  const own = [
    ...(caFile === undefined ? [] : [readPem(caFile, '--cafile')]),
    ...(caPath === undefined ? [] : filesIn(caPath).map((file) => readPem(file, '--capath'))),
  ];
  return usesSystemAuthorities || own.length === 0 ? [...own, ...systemAuthorities()] : own;
}

function systemAuthorities(): readonly string[] {
  const { SSL_CERT_FILE: given } = process.env;
  for (const file of [given, ...SYSTEM_AUTHORITIES]) {
    if (file === undefined) continue;
    try {
      return [readFileSync(file, 'utf8')];
    } catch {
      // The next one, then.
    }
  }
  return rootCertificates;
}

function filesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => /\.(pem|crt|cer|0|\d)$/.test(name));
    return names.map((name) => path.join(folder, name));
  } catch {
    throw problem('options: File not found', `--capath ${folder} cannot be read`);
  }
}

function certificateOf({ certFile, keyFile, keyForm, engine }: TlsSettings): ConnectionOptions {
  if (certFile === undefined || keyFile === undefined) return {};
  const cert = readPem(certFile, '--cert');
  if (keyForm !== 'engine') return { cert, key: readPem(keyFile, '--key') };
  if (engine === undefined) throw problem('engine, is (null) a valid engine?', '--keyform engine needs --tls-engine');
  return { cert, privateKeyEngine: engine, privateKeyIdentifier: keyFile };
}

/** TLS-PSK, which OpenSSL speaks up to TLS 1.2. */
function pskOptions({ psk = '', pskIdentity = '', ciphers }: TlsSettings): ConnectionOptions {
  if (!/^([0-9a-f]{2})+$/i.test(psk)) throw problem('-PSK options', '--psk: expected hexadecimal digits, in pairs');
  return {
    maxVersion: 'TLSv1.2',
    ciphers: ciphers ?? 'PSK',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ psk: Buffer.from(psk, 'hex'), identity: pskIdentity }),
  };
}

function readPem(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw problem('options: File not found', `${flag} ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function problem(theirs: string, ours: string): DialFailure {
  const space = theirs.startsWith('-') ? '' : ' ';
  return new DialFailure(`Error: Problem setting TLS${space}${theirs}.`, `cannot use TLS: ${ours}`);
}
