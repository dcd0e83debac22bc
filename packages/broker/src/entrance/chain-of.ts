import type { Authenticate, Authenticator } from '../auth/authenticator.ts';
import type { AuthenticatorChain, ChainOptions } from '../auth/authenticator-chain.ts';
import { readVerdict } from '../auth/chain-answer.ts';
import type { ListenerOptions } from './listener-options.ts';

/** Who may come in, as the broker's options say it. */
export interface AuthenticationOptions {
  /**
   * Asked in their order until one knows the client: {@link passwordFile}, {@link jsonWebToken}, {@link httpHook},
   * {@link clientCertificate}, or one's own. Listeners may have others. Default: none.
   */
  readonly authenticators?: readonly Authenticator[] | undefined;
  /** The last one to be asked, as a function. Default: none. */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Whether clients that give neither user name nor password may come in; without anybody to ask, everybody may. Default: true
   * as long as there is nobody to ask and the broker listens on loopback addresses only.
   */
  readonly allowAnonymous?: boolean | undefined;
}

/** The chain that listeners without one of their own have. */
export function chainOptionsOf(
  { authenticators = [], authenticate, allowAnonymous }: AuthenticationOptions,
  listeners: readonly ListenerOptions[],
): ChainOptions {
  const all = authenticate === undefined ? authenticators : [...authenticators, byFunction(authenticate)];
  const isOpen = all.length === 0 && listeners.every(isLoopback);
  return { authenticators: all, allowAnonymous: allowAnonymous ?? isOpen };
}

/** The chain of one listener; undefined when it has the broker's. */
export function ownChainOf(
  { authenticators, allowAnonymous }: Pick<ListenerOptions, 'authenticators' | 'allowAnonymous'>,
  common: ChainOptions,
): ChainOptions | undefined {
  if (authenticators === undefined && allowAnonymous === undefined) return undefined;
  return {
    authenticators: authenticators ?? common.authenticators,
    allowAnonymous: allowAnonymous ?? (authenticators === undefined && common.allowAnonymous),
  };
}

/** Everybody who may be asked, by the broker's chain or a listener's. */
export function authenticatorsOf(
  { options }: AuthenticatorChain,
  listeners: readonly ListenerOptions[],
): Set<Authenticator> {
  return new Set([...options.authenticators, ...listeners.flatMap(({ authenticators = [] }) => authenticators)]);
}

function byFunction(authenticate: Authenticate): Authenticator {
  return {
    name: 'authenticate',
    authenticate(credentials) {
      const verdict = authenticate(credentials);
      return verdict instanceof Promise ? verdict.then(readVerdict) : readVerdict(verdict);
    },
  };
}

/** Whether only programs on this machine reach a listener. */
export function isLoopback({ transport, host = 'localhost' }: ListenerOptions): boolean {
  return transport === 'unix' || host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
