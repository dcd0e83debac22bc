import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ReasonCode, UsageError } from '@busbar/codec';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { claimsOf, type Permissions } from '../authorization/identity.ts';
import { TokenBucket } from '../clock/token-bucket.ts';
import type { Authenticator, ChainAnswer, Credentials, Grant } from './authenticator.ts';
import { reasonOf, webServiceOf } from './web-service.ts';

const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ...['HS256', 'HS384', 'HS512'],
];

/** How tokens are checked (RFC 7519), and what of them counts. */
export interface TokenOptions {
  /** The only signatures that count, such as `['RS256']`. `none` is never among them. */
  readonly algorithms: readonly string[];
  /** The keys: one of these four. A URL is asked again when a token names a key that is not known, once a second at the most. */
  readonly jwksUrl?: string | undefined;
  readonly jwksFile?: string | undefined;
  /** A public key in PEM. */
  readonly publicKey?: string | undefined;
  /** The shared secret of HS256, HS384 or HS512; at least 32 bytes. */
  readonly secret?: string | undefined;
  /** What `iss` must be. Default: not looked at. */
  readonly issuer?: string | readonly string[] | undefined;
  /** What `aud` must be, or hold. Default: not looked at. */
  readonly audience?: string | readonly string[] | undefined;
  /** Where the token stands. Default: `password`. */
  readonly tokenIn?: 'password' | 'userName' | undefined;
  /** The claim that is the user name. Default: `sub`. */
  readonly userNameClaim?: string | undefined;
  /** A claim that must be the Client Identifier. Default: any will do. */
  readonly clientIdentifierClaim?: string | undefined;
  /** A claim with the client's groups. Default: `groups`. */
  readonly groupsClaim?: string | undefined;
  /** Claims with the Topic Filters that the client may publish and subscribe to. Default: `publish` and `subscribe`. */
  readonly publishClaim?: string | undefined;
  readonly subscribeClaim?: string | undefined;
  /** Seconds by which clocks may differ. Default: 30. */
  readonly clockToleranceSeconds?: number | undefined;
  /** Milliseconds that a key set's server has to answer. Default: 5,000. */
  readonly timeoutMs?: number | undefined;
}

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** A token is read before anybody is known: larger ones are not. */
const LARGEST_TOKEN = 16 * 1024;

/**
 * Knows clients by a JSON Web Token, signed with one of the algorithms that are listed and by nobody else's choice. What is no
 * token is left to the next authenticator. The connection ends when the token expires.
 *
 * @throws {UsageError} `invalid-authenticator`: no key, several keys, or algorithms that do not fit the key.
 * @example jsonWebToken({ algorithms: ['ES256'], jwksUrl: 'https://id.plant/jwks', audience: 'mqtt' })
 */
export function jsonWebToken(options: TokenOptions): Authenticator {
  const { algorithms, tokenIn = 'password', clockToleranceSeconds = 30, issuer, audience } = options;
  checkAlgorithms(options);
  const key = keyOf(options);
  const expected = {
    algorithms: [...algorithms],
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['exp'],
    ...(issuer === undefined ? {} : { issuer: listed(issuer) }),
    ...(audience === undefined ? {} : { audience: listed(audience) }),
  };
  return {
    name: 'token',
    authenticate(credentials) {
      const token = tokenOf(credentials, tokenIn);
      if (token === undefined) return { kind: 'next' };
      return verify(token, key, expected).then(
        (payload) => answerOf(payload, credentials, options),
        (error: unknown) => refusalOf(error),
      );
    },
  };
}

/** A token that does not say which key it was signed with is tried with each that may be it: while keys change there are two. */
async function verify(token: string, key: JWTVerifyGetKey, expected: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, expected)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const candidate of error) {
      try {
        return (await jwtVerify(token, candidate, expected)).payload;
      } catch (fault) {
        if (!(fault instanceof errors.JWSSignatureVerificationFailed)) throw fault;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function tokenOf({ userName, password }: Credentials, place: 'password' | 'userName'): string | undefined {
  const text = place === 'userName' ? userName : password && Buffer.from(password).toString('latin1');
  return text !== undefined && text.length <= LARGEST_TOKEN && TOKEN.test(text) ? text : undefined;
}

function answerOf(payload: JWTPayload, { clientIdentifier }: Credentials, options: TokenOptions): ChainAnswer {
  const { userNameClaim = 'sub', clientIdentifierClaim, clockToleranceSeconds = 30 } = options;
  const { groupsClaim = 'groups', publishClaim = 'publish', subscribeClaim = 'subscribe' } = options;
  const userName = payload[userNameClaim];
  if (typeof userName !== 'string' || userName === '') return denied(`the token has no text as claim ${userNameClaim}`);
  if (clientIdentifierClaim !== undefined) {
    const claimed = payload[clientIdentifierClaim];
    // An empty one would be any that the broker makes.
    if (typeof claimed !== 'string' || claimed === '')
      return denied(`the token has no text as claim ${clientIdentifierClaim}`);
    if (claimed !== clientIdentifier)
      return denied(`the Client Identifier is not the token's claim ${clientIdentifierClaim}`);
  }
  const groups = textsOf(payload[groupsClaim]);
  const permissions: Permissions = {
    publish: textsOf(payload[publishClaim]),
    subscribe: textsOf(payload[subscribeClaim]),
  };
  const grantsTopics = permissions.publish !== undefined || permissions.subscribe !== undefined;
  const grant: Grant = {
    userName,
    claims: claimsOf(payload),
    ...(groups === undefined ? {} : { groups }),
    ...(grantsTopics ? { permissions } : {}),
    ...(payload.exp === undefined ? {} : { validUntil: endOf(payload.exp, clockToleranceSeconds) }),
  };
  return { kind: 'allow', grant };
}

/** A token that counts only because clocks may differ does so as long as they may: its connection would end where it began. */
function endOf(exp: number, clockToleranceSeconds: number): number {
  const end = exp * 1000;
  return end > Date.now() ? end : end + clockToleranceSeconds * 1000;
}

function textsOf(claim: unknown): string[] | undefined {
  if (typeof claim === 'string') return [claim];
  return Array.isArray(claim) ? claim.filter((each) => typeof each === 'string') : undefined;
}

/** What is wrong with the token is the client's fault; that the keys cannot be had is ours, and then nobody comes in. */
function refusalOf(error: unknown): ChainAnswer {
  const isAboutToken = error instanceof errors.JOSEError && error.code !== errors.JOSEError.code;
  const isOurs = !isAboutToken || error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  const reason = reasonOf(error);
  if (!isOurs) return denied(`the token does not hold: ${reason}`);
  return { kind: 'deny', reasonCode: ReasonCode.serverUnavailable, message: `the keys cannot be had: ${reason}` };
}

function denied(message: string): ChainAnswer {
  return { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message };
}

function checkAlgorithms({ algorithms, secret }: TokenOptions): void {
  if (algorithms.length === 0) throw invalid(`algorithms: expected some of ${ALGORITHMS.join(', ')}`);
  for (const algorithm of algorithms) {
    if (!ALGORITHMS.includes(algorithm))
      throw invalid(`algorithms: expected ${ALGORITHMS.join(', ')}, ${algorithm} came`);
    // A public key taken for a shared secret would let everybody sign.
    if (algorithm.startsWith('HS') !== (secret !== undefined)) {
      throw invalid(`algorithms: ${algorithm} ${secret === undefined ? 'needs a secret' : 'needs a public key'}`);
    }
  }
}

function keyOf({ jwksUrl, jwksFile, publicKey, secret, timeoutMs = 5000 }: TokenOptions): JWTVerifyGetKey {
  const given = [jwksUrl, jwksFile, publicKey, secret].filter((key) => key !== undefined);
  if (given.length !== 1) throw invalid('expected one of jwksUrl, jwksFile, publicKey and secret');
  if (jwksUrl !== undefined) {
    const { url, headers } = webServiceOf(urlOf(jwksUrl));
    return readAgain(createRemoteJWKSet(url, { timeoutDuration: timeoutMs, headers }));
  }
  if (jwksFile !== undefined) return readKeySet(jwksFile);
  if (secret !== undefined) {
    const bytes = Buffer.from(secret);
    if (bytes.length < 32) throw invalid(`secret: expected at least 32 bytes, ${bytes.length} came`);
    return async () => bytes;
  }
  try {
    const key = createPublicKey(publicKey ?? '');
    return async () => key;
  } catch (error) {
    throw invalid(`publicKey: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * jose asks a server again after half a minute at the soonest. A key that was exchanged meanwhile counts at once, too: once a
 * second a token may name one that is not known.
 */
function readAgain(keys: ReturnType<typeof createRemoteJWKSet>): JWTVerifyGetKey {
  const reloads = new TokenBucket(performance.now());
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey && keys.coolingDown;
      if (!isUnknown || !reloads.tryTake(1, 1, performance.now())) throw error;
      await keys.reload();
      return await keys(header, token);
    }
  };
}

function readKeySet(file: string): JWTVerifyGetKey {
  let find: ReturnType<typeof createLocalJWKSet>;
  try {
    find = createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw invalid(`jwksFile: ${file} is no key set: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Keys of kinds that are not known are passed over (RFC 7517, section 5), and with nothing else nobody would come in.
  if (!find.jwks().keys.some(isPublicKey)) throw invalid(`jwksFile: ${file} has no public key that can be used`);
  return find;
}

function isPublicKey(key: JWK): boolean {
  try {
    createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw invalid(`jwksUrl: expected an http or https URL, '${text}' came`);
}

function listed(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}

function invalid(message: string): UsageError {
  return new UsageError('invalid-authenticator', `token: ${message}`);
}
