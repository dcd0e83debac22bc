import type { AuthenticationExchange, AuthenticationMethod } from './authentication-method.ts';

/** Who authenticates, and how much work the server may ask for. */
export interface ScramOptions {
  readonly userName: string;
  /** The password, or what gives it each time it is needed. */
  readonly password: string | (() => string | Promise<string>);
  /** Fewer iterations than these are refused: they would make the password easy to guess; default 4,096 (RFC 7677). */
  readonly leastIterations?: number;
  /** More are refused: they would keep this machine busy; default 10,000,000. */
  readonly mostIterations?: number;
  /** A text without commas that is never the same; default 24 random characters. */
  readonly makeNonce?: () => string;
}

const HASH = 'SHA-256';
const HMAC = { name: 'HMAC', hash: HASH };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677) over AUTH: the password never crosses the wire, and the client knows that the server
 * knows it. Needs Web Crypto: Node has it, browsers have it on pages that came over HTTPS or from localhost.
 *
 * @example const client = await connect(url, { authentication: scramSha256({ userName: 'filler', password: 'secret' }) });
 */
export function scramSha256(options: ScramOptions): AuthenticationMethod {
  return { name: 'SCRAM-SHA-256', begin: () => new ScramExchange(options) };
}

/**
 *     client-first  n,,n=user,r=nonce        --> server-first  r=nonce+theirs,s=salt,i=iterations
 *     client-final  c=biws,r=both,p=proof    --> server-final  v=signature
 */
class ScramExchange implements AuthenticationExchange {
  readonly #options: ScramOptions;
  readonly #nonce: string;
  readonly #firstBare: string;
  #signature: string | undefined;

  constructor(options: ScramOptions) {
    this.#options = options;
    this.#nonce = options.makeNonce?.() ?? randomNonce();
    const name = options.userName.normalize('NFKC').replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#firstBare = `n=${name},r=${this.#nonce}`;
  }

  first(): Uint8Array {
    return encoder.encode(`n,,${this.#firstBare}`);
  }

  async next(data: Uint8Array | undefined): Promise<Uint8Array> {
    if (this.#signature !== undefined) throw new Error('the server asks for more than SCRAM knows');
    if (globalThis.crypto?.subtle === undefined) {
      throw new Error('there is no Web Crypto: browsers have it on pages from HTTPS or localhost only');
    }
    const serverFirst = decoder.decode(data);
    const [, nonce = '', salt = '', count] = /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d+)$/.exec(serverFirst) ?? [];
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw new Error("expected SCRAM's server-first message with both nonces");
    }
    const iterations = this.#expectIterations(Number(count));
    const { password } = this.#options;
    const secret = typeof password === 'string' ? password : await password();
    const salted = await saltedPassword(secret, bytesOf(salt), iterations);
    const clientKey = await hmac(salted, 'Client Key');
    const storedKey = new Uint8Array(await crypto.subtle.digest(HASH, clientKey));
    const withoutProof = `c=biws,r=${nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const mask = await hmac(storedKey, authMessage);
    const proof = clientKey.map((byte, index) => byte ^ (mask[index] ?? 0));
    this.#signature = base64Of(await hmac(await hmac(salted, 'Server Key'), authMessage));
    return encoder.encode(`${withoutProof},p=${base64Of(proof)}`);
  }

  /** A server that does not know the password cannot know this signature. */
  finish(data: Uint8Array | undefined): void {
    if (this.#signature === undefined || decoder.decode(data) !== `v=${this.#signature}`) {
      throw new Error('the server has not shown that it knows the password');
    }
  }

  #expectIterations(count: number): number {
    const { leastIterations = 4_096, mostIterations = 10_000_000 } = this.#options;
    if (count >= leastIterations && count <= mostIterations) return count;
    throw new Error(`the server asks for ${count} iterations, ${leastIterations} to ${mostIterations} are allowed`);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

async function saltedPassword(password: string, salt: Bytes, iterations: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', encoder.encode(password.normalize('NFKC')), 'PBKDF2', false, [
    'deriveBits',
  ]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: HASH, salt, iterations }, key, 256));
}

async function hmac(secret: Bytes, text: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, HMAC, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)));
}

function randomNonce(): string {
  return base64Of(crypto.getRandomValues(new Uint8Array(18)));
}

function base64Of(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function bytesOf(base64: string): Bytes {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
