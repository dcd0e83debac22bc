import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { ReasonCode } from '@busbar/codec';
import type { AuthenticationExchange, AuthenticationMethod, AuthenticationStep } from './enhanced-authentication.ts';

/** What a server keeps of a password (RFC 5802, section 3): enough to recognise the client, not enough to be it. */
export interface ScramCredential {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** Looks up what is kept of a user; undefined for an unknown one. */
export type ScramLookup = (userName: string) => ScramCredential | undefined | Promise<ScramCredential | undefined>;

/** Iterations for new credentials: OWASP's figure for PBKDF2 with SHA-256. */
const ITERATIONS = 600_000;
const KEY_LENGTH = 32;
const NONCE_LENGTH = 18;
const METHOD = 'SCRAM-SHA-256';
/** Characters of a name that the log shows. */
const LONGEST_NAME = 128;

/**
 * Makes what a server keeps of a password. Takes about a tenth of a second: call it when a user is made, not when one connects.
 *
 * @example const users = new Map([['filler', makeScramCredential('secret')]])
 */
export function makeScramCredential(
  password: string,
  salt: Uint8Array = randomBytes(16),
  iterations: number = ITERATIONS,
): ScramCredential {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, KEY_LENGTH, 'sha256');
  const storedKey = sha256(hmac(salted, 'Client Key'));
  return { salt, iterations, storedKey, serverKey: hmac(salted, 'Server Key') };
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) as a method of enhanced authentication: the password never crosses the wire, and the
 * client knows that the server knows it.
 *
 *     client-first  n,,n=user,r=nonce        --> server-first  r=nonce+ours,s=salt,i=iterations
 *     client-final  c=biws,r=both,p=proof    --> server-final  v=signature
 *
 * An unknown user is asked for a proof like any other, so that names cannot be tried out.
 */
export function scramSha256(lookup: ScramLookup, makeNonce: () => string = randomNonce): AuthenticationMethod {
  const decoySecret = randomBytes(KEY_LENGTH);
  return {
    name: METHOD,
    begin: () => new ScramExchange(lookup, makeNonce, decoySecret),
  };
}

function randomNonce(): string {
  return randomBytes(NONCE_LENGTH).toString('base64');
}

class ScramExchange implements AuthenticationExchange {
  readonly #lookup: ScramLookup;
  readonly #makeNonce: () => string;
  readonly #decoySecret: Uint8Array;
  #offer: Offer | undefined = undefined;

  constructor(lookup: ScramLookup, makeNonce: () => string, decoySecret: Uint8Array) {
    this.#lookup = lookup;
    this.#makeNonce = makeNonce;
    this.#decoySecret = decoySecret;
  }

  next(data: Uint8Array | undefined): AuthenticationStep | Promise<AuthenticationStep> {
    const text = Buffer.from(data ?? []).toString('utf8');
    return this.#offer === undefined ? this.#handleFirst(text) : this.#handleFinal(this.#offer, text);
  }

  async #handleFirst(text: string): Promise<AuthenticationStep> {
    // With y the client could bind the channel, and takes it that we cannot, which is so.
    const match = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([^,]+))$/.exec(text);
    const [, header, actsAs, bare, name, clientNonce] = match ?? [];
    if (header === undefined || bare === undefined || name === undefined || clientNonce === undefined) {
      return refuse(ReasonCode.protocolError, "expected SCRAM's client-first message without channel binding");
    }
    if (/=(?!2C|3D)/.test(name)) {
      return refuse(ReasonCode.protocolError, 'expected =2C or =3D for what begins with = in the user name');
    }
    if (actsAs !== undefined && actsAs !== name) {
      return refuse(ReasonCode.notAuthorized, 'one user may not act as another');
    }
    const userName = name.replaceAll('=2C', ',').replaceAll('=3D', '=');
    const known = await this.#lookup(userName);
    const credential = known ?? this.#decoy(userName);
    const nonce = clientNonce + this.#makeNonce();
    const salt = Buffer.from(credential.salt).toString('base64');
    const serverFirst = `r=${nonce},s=${salt},i=${credential.iterations}`;
    const binding = Buffer.from(header).toString('base64');
    const isKnown = known !== undefined;
    this.#offer = { userName, isKnown, credential, nonce, binding, clientFirstBare: bare, serverFirst };
    return { kind: 'continue', data: Buffer.from(serverFirst) };
  }

  #handleFinal(offer: Offer, text: string): AuthenticationStep {
    const match = /^(c=([A-Za-z0-9+/=]+),r=([^,]+)),p=([A-Za-z0-9+/=]+)$/.exec(text);
    const [, withoutProof, binding, nonce, proof] = match ?? [];
    if (withoutProof === undefined || proof === undefined || nonce !== offer.nonce) {
      return refuse(ReasonCode.protocolError, "expected SCRAM's client-final message with the nonce of this exchange");
    }
    // Somebody between may have changed what the client began with (RFC 5802, section 6).
    if (binding !== offer.binding) {
      return refuse(ReasonCode.protocolError, 'the channel binding is not that of the first message');
    }
    const authMessage = `${offer.clientFirstBare},${offer.serverFirst},${withoutProof}`;
    const { storedKey, serverKey } = offer.credential;
    if (!offer.isKnown || !isProof(Buffer.from(proof, 'base64'), storedKey, authMessage)) {
      const reason = `user name or password is wrong, the user is ${shown(offer.userName)}`;
      const by = { name: METHOD, reason };
      return { ...refuse(ReasonCode.notAuthorized, 'user name or password is wrong'), by };
    }
    const signature = hmac(serverKey, authMessage).toString('base64');
    return { kind: 'accept', data: Buffer.from(`v=${signature}`), userName: offer.userName };
  }

  /** What an unknown user is asked with: always the same for the same name. */
  #decoy(userName: string): ScramCredential {
    const salt = hmac(this.#decoySecret, userName).subarray(0, 16);
    const nothing = new Uint8Array(KEY_LENGTH);
    return { salt, iterations: ITERATIONS, storedKey: nothing, serverKey: nothing };
  }
}

interface Offer {
  readonly userName: string;
  readonly isKnown: boolean;
  readonly credential: ScramCredential;
  readonly nonce: string;
  /** The beginning of the first message, which the last one repeats. */
  readonly binding: string;
  readonly clientFirstBare: string;
  readonly serverFirst: string;
}

function shown(userName: string): string {
  return JSON.stringify(userName.length <= LONGEST_NAME ? userName : `${userName.slice(0, LONGEST_NAME)}...`);
}

function refuse(reasonCode: ReasonCode, message: string): Extract<AuthenticationStep, { kind: 'refuse' }> {
  return { kind: 'refuse', reasonCode, message };
}

/** ClientKey = proof xor HMAC(StoredKey, AuthMessage), and its hash must be the StoredKey. */
function isProof(proof: Uint8Array, storedKey: Uint8Array, authMessage: string): boolean {
  if (proof.length !== KEY_LENGTH) return false;
  const signature = hmac(storedKey, authMessage);
  const clientKey = proof.map((byte, index) => byte ^ (signature[index] ?? 0));
  return timingSafeEqual(sha256(clientKey), storedKey);
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
