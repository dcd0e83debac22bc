import type { ByteTransport, PeerCertificate } from '@busbar/transport';
import type { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { userNameFault } from '../auth/user-name.ts';
import type { Durability } from '../config/durability.ts';
import { type ConnectConditions, NO_CONDITIONS } from './connect-conditions.ts';

/** The part of a client's certificate that becomes its user name. */
export type IdentityName = 'cn' | 'san' | 'subject';

/** What is known of a client before it says anything: from its Network Connection and the listener that it came through. */
export interface Peer {
  /** Numeric address. */
  readonly address: string;
  /** What it showed of itself with TLS, verified or not. */
  readonly certificate: PeerCertificate | undefined;
  /** The user name that its certificate gives; undefined where it is the client's to say. */
  readonly userName: string | undefined;
  /** What acknowledgements are worth that it is given, where no rule says it and the store promises as much. */
  readonly durability: Durability;
  /** Why it may not come in, whatever it says. */
  readonly fault: string | undefined;
  /** The name of its listener. */
  readonly listener: string | undefined;
  /** What is put before its topics, unless an authenticator says otherwise. */
  readonly mountPoint: string | undefined;
  /** What its listener asks of a CONNECT. */
  readonly conditions: ConnectConditions;
  /** Who is asked about it. */
  readonly chain: AuthenticatorChain;
}

/** What a listener says of its clients. */
export interface PeerListener extends ConnectConditions {
  readonly useIdentityAsUserName?: IdentityName | undefined;
  readonly durability?: Durability | undefined;
  readonly mountPoint?: string | undefined;
  readonly name?: string | undefined;
}

const NAMES: Readonly<Record<IdentityName, (certificate: PeerCertificate) => string | undefined>> = {
  cn: ({ commonName }) => commonName,
  san: ({ subjectAltNames }) => subjectAltNames.find(({ type }) => type !== 'other')?.value,
  subject: ({ subject }) => subject,
};

const DESCRIPTIONS: Readonly<Record<IdentityName, string>> = {
  cn: 'Common Name',
  san: 'Subject Alternative Name',
  subject: 'subject',
};

/** Only a certificate that is verified gives a name: anybody can write another one. */
export function peerOf(
  { remote, tls }: ByteTransport,
  chain: AuthenticatorChain,
  listener: PeerListener = NO_CONDITIONS,
): Peer {
  const { useIdentityAsUserName: identity, durability = 'disk', mountPoint, name } = listener;
  const certificate = tls?.peerCertificate;
  const isIdentified = identity !== undefined && certificate?.isVerified === true;
  const keyIdentity = identity === undefined ? undefined : tls?.preSharedKeyIdentity;
  const shown = isIdentified ? (NAMES[identity](certificate) ?? '') : keyIdentity;
  const what = isIdentified ? `${DESCRIPTIONS[identity]} in the client certificate` : 'identity of a pre-shared key';
  const fault = shown === undefined ? undefined : faultOf(shown, what);
  const userName = fault === undefined ? shown : undefined;
  const conditions = listener;
  const of = { durability, fault, mountPoint, listener: name, conditions, chain };
  return { address: remote.address, certificate, userName, ...of };
}

function faultOf(shown: string, what: string): string | undefined {
  if (shown === '') return `expected a ${what}, it has none`;
  const fault = userNameFault(shown);
  return fault === undefined ? undefined : `the ${what} cannot be a user name: ${fault}`;
}
