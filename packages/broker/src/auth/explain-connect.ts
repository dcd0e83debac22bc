import { describeReasonCode, ReasonCode } from '@busbar/codec';
import type { Identity } from '../authorization/identity.ts';
import type { Credentials } from './authenticator.ts';
import { AuthenticatorChain, type ChainOptions } from './authenticator-chain.ts';

/** Why a client may connect or not. */
export interface ConnectExplanation {
  readonly isAllowed: boolean;
  readonly reasonCode: ReasonCode;
  /** Who decided, where there is one with file and line. */
  readonly by: string;
  /** Who the client is then, for the rules. */
  readonly identity: Identity;
  /** In a line, for people. */
  readonly text: string;
}

/** Says whether a client with these credentials may connect, and who decides. */
export async function explainConnect(chain: ChainOptions, credentials: Credentials): Promise<ConnectExplanation> {
  const { clientIdentifier, userName } = credentials;
  const verdict = await new AuthenticatorChain(chain).ask(credentials);
  const { by } = verdict;
  if (verdict.kind === 'deny') {
    const { reasonCode = ReasonCode.notAuthorized, message } = verdict;
    const text = `refused by ${by}: ${message}, ${describeReasonCode(reasonCode)}`;
    return { isAllowed: false, reasonCode, by, identity: { clientIdentifier, userName }, text };
  }
  const { validUntil: _, ...grant } = verdict.grant ?? {};
  const identity = { clientIdentifier, userName, ...grant };
  const who = identity.userName === undefined ? 'as an anonymous client' : `as ${identity.userName}`;
  return { isAllowed: true, reasonCode: ReasonCode.success, by, identity, text: `allowed by ${by} ${who}` };
}
