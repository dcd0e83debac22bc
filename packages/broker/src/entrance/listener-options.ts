import { UsageError } from '@busbar/codec';
import { topicNameFault } from '@busbar/protocol';
import { AddressList, type TlsServerOptions } from '@busbar/transport';
import type { Authenticator } from '../auth/authenticator.ts';
import { type Durability, expectDurability } from '../config/durability.ts';
import { LIMIT_BOUNDS } from '../config/limits.ts';
import { identifierPrefixFault } from './client-identifier.ts';
import type { ConnectConditions } from './connect-conditions.ts';
import type { IdentityName } from './peer.ts';

const TRANSPORTS = ['tcp', 'tls', 'ws', 'wss', 'unix'] as const;
const CLIENT_CERTIFICATES = ['none', 'request', 'require'] as const;
const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
const IDENTITY_NAMES: readonly IdentityName[] = ['cn', 'san', 'subject'];

/** What a listener speaks below MQTT. */
export type ListenerTransport = (typeof TRANSPORTS)[number];

/** Where and how the broker listens; everything has a default. */
export interface ListenerOptions extends ConnectConditions {
  /** Default: `tcp`. */
  readonly transport?: ListenerTransport;
  /**
   * Default: `localhost`, which is both loopback addresses. `0.0.0.0` is every IPv4 address, `::` every address. Not for
   * `unix`.
   */
  readonly host?: string;
  /** Default: 1883, for `tls` 8883, for `ws` 8083, for `wss` 8084. 0 takes a free port. Not for `unix`. */
  readonly port?: number;
  /** For `ws` and `wss` the path of the URL, default `/mqtt`, `*` for every path. For `unix` the socket's file, no default. */
  readonly path?: string;
  /** For `unix`: permission bits of the socket's file. Default: 0o660, the owner and the group. */
  readonly mode?: number;
  /** For `unix`: numeric user and group of the socket's file. Default: the broker's. */
  readonly owner?: { readonly user: number; readonly group: number };
  /** For `tls` and `wss`, which cannot do without: certificates, trusted authorities, versions. */
  readonly tls?: TlsServerOptions;
  /**
   * For `tls` and `wss`: the part of a verified client certificate that is the client's user name, whatever CONNECT says:
   * its Common Name, its first Subject Alternative Name, or its whole subject. A certificate without that part is refused
   * with 0x86. A client that need not have one (`request`) and has none says its own name: `authenticate` must ask for
   * proof. With `tls.preSharedKeys` it is the identity of the key. Default: CONNECT says it.
   */
  readonly useIdentityAsUserName?: IdentityName;
  /** Whether every connection begins with a header of the PROXY protocol, version 1 or 2. Default: false. */
  readonly proxyProtocol?: boolean;
  /**
   * Addresses and networks (`10.0.0.0/8`; `unix` for peers on a Unix socket) whose PROXY headers and `X-Forwarded-For` count.
   * Needs `proxyProtocol`, or `ws` or `wss`. Default: PROXY headers count from everybody once they are switched on,
   * `X-Forwarded-For` from nobody.
   */
  readonly trustedProxies?: readonly string[];
  /** For `ws` and `wss`: origins of web pages that may connect, such as `https://console.example`. Default: all. */
  readonly allowedOrigins?: readonly string[];
  /** Connections through this listener at a time; one more is closed at once. Default: the broker's `maximumConnections`. */
  readonly maximumConnections?: number;
  /** Connections per second through this listener, as a mean; what is more is closed at once. Default: no bound. */
  readonly connectionRate?: number;
  /**
   * What acknowledgements are worth to clients of this listener where no rule of the broker's `durability` says it. Default: as
   * much as the store promises.
   */
  readonly durability?: Durability;
  /** What rules call the listener. Default: nothing. */
  readonly name?: string | undefined;
  /** Who is asked about clients of this listener. Default: the broker's authenticators. */
  readonly authenticators?: readonly Authenticator[] | undefined;
  /**
   * What is put before the topics of its clients, such as `site1/`, and taken away from what they receive: they see nothing
   * else. Rules see the whole topics. Default: nothing.
   */
  readonly mountPoint?: string | undefined;
  /** Whether clients of this listener may come in without a user name and a password. Default: as the broker has it. */
  readonly allowAnonymous?: boolean | undefined;
  /** Milliseconds for PROXY header, TLS and WebSocket handshake together. Default: 10,000. */
  readonly handshakeTimeoutMs?: number;
}

type OptionName = keyof ListenerOptions;

const EVERYWHERE: readonly OptionName[] = [
  'transport',
  'proxyProtocol',
  'trustedProxies',
  'maximumConnections',
  'connectionRate',
  'handshakeTimeoutMs',
  'authenticators',
  'allowAnonymous',
  'mountPoint',
  'name',
  'durability',
  'protocolVersions',
  'allowEmptyClientIdentifier',
  'useUserNameAsClientIdentifier',
  'assignedIdentifierPrefix',
];
const INTERNET: readonly OptionName[] = ['host', 'port'];
const TLS: readonly OptionName[] = ['tls', 'useIdentityAsUserName'];
const WEBSOCKET: readonly OptionName[] = ['path', 'allowedOrigins'];

const OPTIONS: Readonly<Record<ListenerTransport, readonly OptionName[]>> = {
  tcp: [...EVERYWHERE, ...INTERNET],
  tls: [...EVERYWHERE, ...INTERNET, ...TLS],
  ws: [...EVERYWHERE, ...INTERNET, ...WEBSOCKET],
  wss: [...EVERYWHERE, ...INTERNET, ...TLS, ...WEBSOCKET],
  unix: [...EVERYWHERE, 'path', 'mode', 'owner'],
};

const TLS_OPTIONS: readonly (keyof TlsServerOptions)[] = [
  'certificates',
  'preSharedKeys',
  'preSharedKeyHint',
  'ca',
  'crl',
  'clientCertificates',
  'minVersion',
  'maxVersion',
  'ciphers',
  'alpnProtocols',
];

/**
 * Checks the listeners of a broker before any of them is opened.
 *
 * @throws {UsageError} `invalid-listener`: an option that does not exist or does not fit; the message names it, as in
 *   `listeners[1].port`, and says what is allowed.
 */
export function checkListeners(
  listeners: readonly ListenerOptions[],
  maximumClientIdentifierLength: number = LIMIT_BOUNDS.maximumClientIdentifierLength.default,
): void {
  listeners.forEach((listener, index) => {
    checkListener(listener, `listeners[${index}]`, maximumClientIdentifierLength);
  });
}

function checkProxies(
  { trustedProxies = [], proxyProtocol }: ListenerOptions,
  where: string,
  hasHeader: boolean,
): void {
  for (const [at, entry] of trustedProxies.entries()) {
    try {
      new AddressList([entry]);
    } catch {
      const expected = 'an address such as 192.0.2.1 or a network such as 10.0.0.0/8';
      throw invalid(`${where}.trustedProxies[${at}] must be ${expected}, not '${entry}'`);
    }
  }
  if (trustedProxies.length === 0 || proxyProtocol === true || hasHeader) return;
  // Whoever writes it takes addresses for the clients' own that are the proxy's.
  throw invalid(`${where}.trustedProxies has no effect here: it needs proxyProtocol, or the transport ws or wss`);
}

function checkListener(listener: ListenerOptions, where: string, maximumClientIdentifierLength: number): void {
  const { transport = 'tcp' } = listener;
  expectOneOf(`${where}.transport`, transport, TRANSPORTS);
  checkNames(listener, where, transport);
  // Node takes an empty one for every address there is.
  if (listener.host === '') throw invalid(`${where}.host must not be empty; :: is every address`);
  expectDurability(`${where}.durability`, listener.durability);
  expectInteger(`${where}.port`, listener.port, 0, 65_535);
  expectInteger(`${where}.mode`, listener.mode, 0, 0o777);
  expectInteger(`${where}.maximumConnections`, listener.maximumConnections, 1, Number.MAX_SAFE_INTEGER);
  expectInteger(`${where}.handshakeTimeoutMs`, listener.handshakeTimeoutMs, 1, 3_600_000);
  const { connectionRate: rate } = listener;
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && Number.isFinite(rate))) {
    throw invalid(`${where}.connectionRate must be more than 0, not ${String(rate)}`);
  }
  checkProxies(listener, where, transport === 'ws' || transport === 'wss');
  checkMountPoint(listener.mountPoint, where);
  const { assignedIdentifierPrefix: prefix } = listener;
  const fault = prefix === undefined ? undefined : identifierPrefixFault(prefix, maximumClientIdentifierLength);
  if (fault !== undefined) throw invalid(`${where}.assignedIdentifierPrefix: ${fault}`);
  for (const version of listener.protocolVersions ?? []) expectInteger(`${where}.protocolVersions`, version, 3, 5);
  checkPath(listener, where, transport);
  if (transport === 'tls' || transport === 'wss') checkTls(listener, where);
}

/** All that is there and must not be, and all that is not and must: `port` of a Unix socket stands for a `path` that is missing. */
function checkNames(listener: ListenerOptions, where: string, transport: ListenerTransport): void {
  const known = OPTIONS[transport];
  const faults = Object.keys(listener)
    .filter((name) => !known.includes(name as OptionName))
    .map((name) => {
      const what = name in ALL_OPTIONS ? `is not for the transport ${transport}` : 'does not exist';
      return `the option ${where}.${name} ${what}; there are ${known.join(', ')}`;
    });
  if (transport === 'unix' && !listener.path) faults.push(`${where}.path is missing: the file of the Unix socket`);
  if ((transport === 'tls' || transport === 'wss') && listener.tls === undefined) {
    faults.push(`${where}.tls is missing: ${TLS_OPTIONS.join(', ')}`);
  }
  if (faults.length > 0) throw invalid(faults.join('\n'));
}

function checkMountPoint(mountPoint: string | undefined, where: string): void {
  if (mountPoint === undefined) return;
  const fault = typeof mountPoint === 'string' ? topicNameFault(mountPoint) : 'expected text';
  if (fault !== undefined) throw invalid(`${where}.mountPoint: ${fault}`);
  if (mountPoint.startsWith('$')) throw invalid(`${where}.mountPoint must not begin with $`);
}

function checkPath({ path }: ListenerOptions, where: string, transport: ListenerTransport): void {
  const isPath = path === undefined || path === '*' || path.startsWith('/');
  if (transport !== 'unix' && !isPath) throw invalid(`${where}.path must begin with / or be *, not '${path}'`);
}

function checkTls({ tls, useIdentityAsUserName }: ListenerOptions, where: string): void {
  if (tls === undefined) return;
  for (const name of Object.keys(tls)) {
    if (TLS_OPTIONS.includes(name as keyof TlsServerOptions)) continue;
    throw invalid(`the option ${where}.tls.${name} does not exist; there are ${TLS_OPTIONS.join(', ')}`);
  }
  const hasKeys = tls.preSharedKeys !== undefined;
  // Node opens with a certificate without a key, and lets nobody in.
  const isList = Array.isArray(tls.certificates) && tls.certificates.every((each) => each?.cert && each.key);
  if (!isList || (tls.certificates.length === 0 && !hasKeys)) {
    throw invalid(`${where}.tls.certificates must be a list with at least one { cert, key }`);
  }
  if (hasKeys && !(tls.preSharedKeys instanceof Map)) throw invalid(`${where}.tls.preSharedKeys must be a Map`);
  const { alpnProtocols = [] } = tls;
  if (!Array.isArray(alpnProtocols) || !alpnProtocols.every((each) => typeof each === 'string' && each !== '')) {
    throw invalid(`${where}.tls.alpnProtocols must be a list of texts`);
  }
  const { clientCertificates = 'none', minVersion = 'TLSv1.2', maxVersion = 'TLSv1.3' } = tls;
  expectOneOf(`${where}.tls.clientCertificates`, clientCertificates, CLIENT_CERTIFICATES);
  expectOneOf(`${where}.tls.minVersion`, minVersion, TLS_VERSIONS);
  expectOneOf(`${where}.tls.maxVersion`, maxVersion, TLS_VERSIONS);
  if (minVersion > maxVersion) {
    throw invalid(`${where}.tls.minVersion must not be above maxVersion ${maxVersion}, ${minVersion} is`);
  }
  if (hasKeys && minVersion === 'TLSv1.3') {
    throw invalid(`${where}.tls.minVersion must be TLSv1.2 with pre-shared keys, which TLS 1.3 does not have here`);
  }
  if (useIdentityAsUserName === undefined) return;
  expectOneOf(`${where}.useIdentityAsUserName`, useIdentityAsUserName, IDENTITY_NAMES);
  if (clientCertificates === 'none' && !hasKeys) {
    throw invalid(`${where}.useIdentityAsUserName needs tls.clientCertificates to be request or require`);
  }
}

const ALL_OPTIONS: Readonly<Record<string, true>> = Object.fromEntries(
  Object.values(OPTIONS).flatMap((names) => names.map((name) => [name, true])),
);

function expectOneOf(name: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  throw invalid(`${name} must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}, not '${String(value)}'`);
}

function expectInteger(name: string, value: unknown, minimum: number, maximum: number): void {
  if (value === undefined) return;
  if (Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum) return;
  throw invalid(`${name} must be ${minimum} to ${maximum}, not ${String(value)}`);
}

function invalid(message: string): UsageError {
  return new UsageError('invalid-listener', message);
}
