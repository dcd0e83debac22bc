import { flag, type ToolOption, valued } from './option.ts';
import type { TlsSettings } from './tool-settings.ts';

type TextSetting = {
  [Name in keyof TlsSettings]-?: Exclude<TlsSettings[Name], undefined> extends string ? Name : never;
}[keyof TlsSettings];

function text(
  name: string,
  placeholder: string,
  missing: string,
  description: string,
  setting: TextSetting,
  since?: '2.1',
): ToolOption {
  const set: Parameters<typeof valued>[4] = (value, { tls }) => {
    tls[setting] = value;
  };
  return valued([name], placeholder, missing, description, set, since === undefined ? {} : { since });
}

/** How the connection is encrypted, in mosquitto's words. */
export const tlsOptions: readonly ToolOption[] = [
  text('--cafile', '<file>', 'no file specified', 'authorities that are trusted, in PEM; turns TLS on', 'caFile'),
  text('--capath', '<folder>', 'no directory specified', 'folder of such files; turns TLS on', 'caPath'),
  text('--cert', '<file>', 'no file specified', 'certificate of this client, in PEM', 'certFile'),
  text('--key', '<file>', 'no file specified', 'private key of this client', 'keyFile'),
  text('--keyform', '<pem|engine>', 'no keyform specified', 'what --key names (default: pem)', 'keyForm'),
  text('--ciphers', '<list>', 'no ciphers specified', "cipher suites, in OpenSSL's words", 'ciphers'),
  text(
    '--tls-version',
    '<version>',
    'no version specified',
    'lowest TLS version: tlsv1.3, tlsv1.2 or tlsv1.1',
    'version',
  ),
  text('--tls-alpn', '<protocol>', 'no protocol specified', 'protocol to ask the server for (ALPN)', 'alpn'),
  text('--tls-engine', '<engine>', 'no engine_id specified', 'engine of OpenSSL that holds the key', 'engine'),
  text(
    '--tls-engine-kpass-sha1',
    '<hash>',
    'no kpass sha1 specified',
    "SHA1 of the engine's password; understood, but Node has no way to tell it to an engine",
    'enginePasswordHash',
  ),
  text(
    '--tls-keylog',
    '<file>',
    'no file specified',
    'write the keys of the connection to a file, for Wireshark',
    'keyLogFile',
    '2.1',
  ),
  text('--psk', '<hex>', 'no key specified', 'pre-shared key, in hexadecimal; turns TLS 1.2 on', 'psk'),
  text(
    '--psk-identity',
    '<name>',
    'no identity specified',
    'identity that belongs to the pre-shared key',
    'pskIdentity',
  ),
  flag(['--tls-use-os-certs'], 'trust the authorities of the operating system; turns TLS on', ({ tls }) => {
    tls.usesSystemAuthorities = true;
  }),
  flag(['--insecure'], "do not verify the server's certificate: for tests only", ({ tls }) => (tls.isInsecure = true)),
  flag(['--no-tls'], 'no TLS, whatever else is said', ({ tls }) => (tls.isOff = true), { since: '2.1' }),
];
