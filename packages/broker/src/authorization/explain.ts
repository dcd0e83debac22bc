import { describeReasonCode, ReasonCode } from '@busbar/codec';
import { subscriptionFilterFault, topicNameFault } from '@busbar/protocol';
import { Authorization, type AuthorizationOptions } from './authorization.ts';
import type { Identity } from './identity.ts';
import { isReservedTopic } from './reserved-topic.ts';
import { describeVerdict, type RuleSource, type Verdict } from './rule.ts';

/** Why something is allowed or not. */
export interface Explanation {
  readonly isAllowed: boolean;
  /** What a 5.0 client is told. */
  readonly reasonCode: ReasonCode;
  /** The rule that decided, with its file and line; undefined where none did. */
  readonly rule: RuleSource | undefined;
  /** In a line, for people. */
  readonly text: string;
}

/** Rules, or what they are made of. */
export type Rules = Authorization | AuthorizationOptions | undefined;

/**
 * Says whether a client may publish to a topic, and which rule decides.
 *
 * @throws {UsageError} `invalid-rule`: the rules cannot be understood.
 * @example explainPublish({ aclFile: 'acl' }, { clientIdentifier: 'c', userName: 'filler' }, 'plant/x').text
 */
export function explainPublish(rules: Rules, identity: Identity, topicName: string): Explanation {
  const fault = topicNameFault(topicName);
  if (fault !== undefined) return refused(ReasonCode.topicNameInvalid, fault);
  if (isReservedTopic(topicName)) {
    return refused(ReasonCode.notAuthorized, 'only the broker publishes below $SYS');
  }
  const authorization = authorizationOf(rules);
  return explanationOf(authorization, authorization.rightsOf(identity)?.publish(topicName));
}

/**
 * Says whether a client may subscribe to a filter, and which rule decides. What comes then is decided for each topic:
 * see {@link explainReceive}.
 *
 * @throws {UsageError} `invalid-rule`: the rules cannot be understood.
 */
export function explainSubscribe(rules: Rules, identity: Identity, topicFilter: string): Explanation {
  const fault = subscriptionFilterFault(topicFilter);
  if (fault !== undefined) return refused(ReasonCode.topicFilterInvalid, fault);
  const authorization = authorizationOf(rules);
  return explanationOf(authorization, authorization.rightsOf(identity)?.subscribe(topicFilter));
}

/** Says whether a message of a topic reaches a client that has subscribed to it, and which rule decides. */
export function explainReceive(rules: Rules, identity: Identity, topicName: string): Explanation {
  const fault = topicNameFault(topicName);
  if (fault !== undefined) return refused(ReasonCode.topicNameInvalid, fault);
  const authorization = authorizationOf(rules);
  return explanationOf(authorization, authorization.rightsOf(identity)?.receive(topicName));
}

function authorizationOf(rules: Rules): Authorization {
  return rules instanceof Authorization ? rules : new Authorization(rules);
}

function explanationOf(authorization: Authorization, verdict: Verdict | undefined): Explanation {
  if (verdict === undefined) {
    return { isAllowed: true, reasonCode: ReasonCode.success, rule: undefined, text: 'allowed: there are no rules' };
  }
  const rule = verdict.rule?.source;
  if (verdict.isAllowed) {
    return { isAllowed: true, reasonCode: ReasonCode.success, rule, text: `allowed by ${describeVerdict(verdict)}` };
  }
  const { reasonCode } = authorization.denialOf(verdict);
  const by = rule === undefined ? describeVerdict(verdict) : `by ${describeVerdict(verdict)}`;
  const text = `denied ${rule === undefined ? `because ${by}` : by}: ${describeReasonCode(reasonCode)}`;
  return { isAllowed: false, reasonCode, rule, text };
}

function refused(reasonCode: ReasonCode, message: string): Explanation {
  return {
    isAllowed: false,
    reasonCode,
    rule: undefined,
    text: `refused: ${message}, ${describeReasonCode(reasonCode)}`,
  };
}
