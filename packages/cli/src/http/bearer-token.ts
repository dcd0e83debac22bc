import { createHash, timingSafeEqual } from 'node:crypto';

/** Knows a token by its hash, and compares in a time that says nothing of it. */
export class BearerToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** @param authorization The header of a request. */
  isIn(authorization: string | undefined): boolean {
    const [, shown = ''] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? [];
    // The comparison is made in any case: whether a header came is no secret, but how far it was right is.
    return timingSafeEqual(digestOf(shown), this.#digest) && shown !== '';
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
