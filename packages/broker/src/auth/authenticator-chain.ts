import { ReasonCode } from '@busbar/codec';
import type { Authenticator, ChainAnswer, Credentials } from './authenticator.ts';

/** The answer of a whole chain, and who gave it. */
export type ChainVerdict = Exclude<ChainAnswer, { kind: 'next' }> & { readonly by: string };

/** Who may come in through a listener. */
export interface ChainOptions {
  /** Asked in this order; the first that says yes or no decides. */
  readonly authenticators: readonly Authenticator[];
  /** Whether a client that gives no user name and no password may come in without being asked who it is. */
  readonly allowAnonymous: boolean;
}

const ANONYMOUS = 'allowAnonymous';

/**
 * Asks one authenticator after the other. A client that nobody knows is refused; so is one without a name and a password, unless
 * the chain allows anonymous clients.
 */
export class AuthenticatorChain {
  readonly #authenticators: readonly Authenticator[];
  readonly #allowAnonymous: boolean;

  constructor({ authenticators, allowAnonymous }: ChainOptions) {
    this.#authenticators = authenticators;
    this.#allowAnonymous = allowAnonymous;
  }

  ask(credentials: Credentials): ChainVerdict | Promise<ChainVerdict> {
    return this.#askFrom(0, credentials);
  }

  #askFrom(start: number, credentials: Credentials): ChainVerdict | Promise<ChainVerdict> {
    for (let at = start; at < this.#authenticators.length; at++) {
      const authenticator = this.#authenticators[at] as Authenticator;
      const answer = authenticator.authenticate(credentials);
      if (answer instanceof Promise) {
        return answer.then((late) => verdictOf(late, authenticator) ?? this.#askFrom(at + 1, credentials));
      }
      const verdict = verdictOf(answer, authenticator);
      if (verdict !== undefined) return verdict;
    }
    return this.#conclude(credentials);
  }

  #conclude({ userName, password }: Credentials): ChainVerdict {
    const isAnonymous = userName === undefined && password === undefined;
    // Without anybody to ask, a name proves nothing and changes nothing.
    if (this.#allowAnonymous && (isAnonymous || this.#authenticators.length === 0))
      return { kind: 'allow', by: ANONYMOUS };
    const message = isAnonymous ? 'clients without a user name may not connect' : 'nobody knows this client';
    return { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message, by: ANONYMOUS };
  }
}

function verdictOf(answer: ChainAnswer, { name }: Authenticator): ChainVerdict | undefined {
  return answer.kind === 'next' ? undefined : { ...answer, by: answer.by ?? name };
}
