import { FIRST_FAILURE, isReasonCodeOf, PacketType, ReasonCode } from '@busbar/codec';
import { topicNameFault } from '@busbar/protocol';
import type { ChainAnswer, Grant } from './authenticator.ts';
import { userNameFault } from './user-name.ts';

/**
 * Reads what an authenticator says, which may be a program without types: what means nothing must let nobody in, and least of
 * all as somebody else than was meant.
 *
 * @throws {TypeError} It is no answer, or one that CONNACK or the broker cannot do with.
 */
export function readChainAnswer(said: ChainAnswer): ChainAnswer {
  const kind: unknown = said?.kind;
  if (kind === 'next') return said;
  if (said?.kind === 'allow') {
    checkGrant(said.grant ?? {});
    const { userName } = said.grant ?? {};
    const fault = userName === undefined ? undefined : userNameFault(userName);
    if (fault === undefined) return said;
    const { by } = said;
    return {
      kind: 'deny',
      reasonCode: ReasonCode.notAuthorized,
      message: `the user name cannot be used: ${fault}`,
      by,
    };
  }
  if (said?.kind !== 'deny') {
    throw new TypeError(`expected an answer of the kind allow, deny or next, ${String(kind)} came`);
  }
  const { reasonCode } = said;
  if (reasonCode !== undefined) expectRefusal(reasonCode);
  return said;
}

/** Reads what the function `authenticate` says. @throws {TypeError} It is neither 0 nor a Reason Code that refuses in CONNACK. */
export function readVerdict(said: ReasonCode): ChainAnswer {
  if (said === ReasonCode.success) return { kind: 'allow' };
  expectRefusal(said);
  return { kind: 'deny', reasonCode: said, message: 'authenticate said no' };
}

function expectRefusal(reasonCode: ReasonCode): void {
  if (reasonCode >= FIRST_FAILURE && isReasonCodeOf(PacketType.connack, reasonCode)) return;
  throw new TypeError(`expected a Reason Code that refuses a client in CONNACK, ${String(reasonCode)} came`);
}

function checkGrant({ userName, groups, mountPoint }: Grant): void {
  if (userName !== undefined && typeof userName !== 'string') throw unusable('userName', 'a text', userName);
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === 'string');
  if (groups !== undefined && !isList) throw unusable('groups', 'a list of texts', groups);
  if (mountPoint === undefined || mountPoint === '') return;
  const fault = topicNameFault(mountPoint);
  if (fault !== undefined) throw new TypeError(`the mountPoint of a grant: ${fault}`);
}

function unusable(name: string, expected: string, came: unknown): TypeError {
  return new TypeError(`expected ${expected} as the ${name} of a grant, ${String(came)} came`);
}
