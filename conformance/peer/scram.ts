import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** Who authenticates in the scenarios. A broker without this user refuses it, and the scenarios cannot be played on it. */
export const SCRAM_USER = { name: 'conformance', password: 'correct horse battery staple' } as const;

/** The client's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), on its own legs. */
export class ScramClient {
  static readonly method = 'SCRAM-SHA-256';
  readonly #password: string;
  readonly #bare: string;

  /** @param password Right or wrong. */
  constructor(password: string = SCRAM_USER.password) {
    this.#password = password;
    this.#bare = `n=${SCRAM_USER.name},r=${randomBytes(12).toString('hex')}`;
  }

  /** client-first. */
  first(): Uint8Array {
    return Buffer.from(`n,,${this.#bare}`);
  }

  /** client-final, the answer to server-first. */
  final(serverFirst: Uint8Array): Uint8Array {
    const text = Buffer.from(serverFirst).toString();
    const [, nonce = '', salt = '', iterations = '1'] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(text) ?? [];
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    const storedKey = createHash('sha256').update(clientKey).digest();
    const withoutProof = `c=biws,r=${nonce}`;
    const signature = createHmac('sha256', storedKey).update(`${this.#bare},${text},${withoutProof}`).digest();
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] ?? 0));
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }
}
