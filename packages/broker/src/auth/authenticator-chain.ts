import { ReasonCode } from '@busbar/codec';
import type { Authenticator, ChainAnswer, Credentials } from './authenticator.ts';
import { readChainAnswer } from './chain-answer.ts';

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
  #options: ChainOptions;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  get options(): ChainOptions {
    return this.#options;
  }

  /** From now on others are asked; logins that are under way end with whom they began. */
  replace(options: ChainOptions): void {
    this.#options = options;
  }

  ask(credentials: Credentials): ChainVerdict | Promise<ChainVerdict> {
    return askFrom(this.#options, 0, credentials);
  }

  /** Whether somebody is known by name: undefined when nobody of the chain can tell without his password. */
  knows(userName: string): boolean | undefined {
    let isMissing = false;
    for (const authenticator of this.#options.authenticators) {
      const answer = authenticator.knows?.(userName);
      if (answer === true) return true;
      if (answer === undefined) return undefined;
      isMissing = true;
    }
    return isMissing ? false : undefined;
  }
}

function askFrom(options: ChainOptions, start: number, credentials: Credentials): ChainVerdict | Promise<ChainVerdict> {
  const { authenticators } = options;
  for (let at = start; at < authenticators.length; at++) {
    const authenticator = authenticators[at] as Authenticator;
    const answer = authenticator.authenticate(credentials);
    if (answer instanceof Promise) {
      return answer.then((late) => verdictOf(late, authenticator) ?? askFrom(options, at + 1, credentials));
    }
    const verdict = verdictOf(answer, authenticator);
    if (verdict !== undefined) return verdict;
  }
  return conclude(options, credentials);
}

function conclude({ authenticators, allowAnonymous }: ChainOptions, { userName, password }: Credentials): ChainVerdict {
  const isAnonymous = userName === undefined && password === undefined;
  // Without anybody to ask, a name proves nothing and changes nothing.
  if (allowAnonymous && (isAnonymous || authenticators.length === 0)) return { kind: 'allow', by: ANONYMOUS };
  const message = isAnonymous ? 'clients without a user name may not connect' : 'nobody knows this client';
  return { kind: 'deny', reasonCode: ReasonCode.notAuthorized, message, by: ANONYMOUS };
}

function verdictOf(said: ChainAnswer, { name }: Authenticator): ChainVerdict | undefined {
  const answer = readChainAnswer(said);
  return answer.kind === 'next' ? undefined : { ...answer, by: answer.by ?? name };
}
