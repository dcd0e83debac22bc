import { ReasonCode } from '@busbar/codec';
import { countTopicLevels, isSharedSubscription, subscriptionFilterFault } from '@busbar/protocol';
import type { Authorization } from '../authorization/authorization.ts';
import type { Rights } from '../authorization/rights.ts';
import { describeVerdict } from '../authorization/rule.ts';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { ReachedLimit } from '../observe/limit-watch.ts';
import type { SessionSubscriptions } from '../store/session-subscriptions.ts';
import type { StoredSubscription } from '../store/store.ts';

/** Why a subscription is refused. */
export interface SubscriptionRefusal {
  readonly reasonCode: ReasonCode;
  /** For the client. */
  readonly message: string;
  /** The rule that denies it, for the log. */
  readonly rule?: string;
  /** The limit that it is over. */
  readonly limit?: ReachedLimit;
}

/** What refusals depend on besides the session. */
export interface RefusalSurroundings {
  readonly limits: BrokerLimits;
  readonly capabilities: Capabilities;
  readonly authorization: Authorization;
}

/** What stands against a subscription beside those that its session has; undefined when nothing does (section 3.9.3). */
export function refusalOf(
  { topicFilter, subscriptionIdentifier }: StoredSubscription,
  present: SessionSubscriptions,
  { limits, capabilities, authorization }: RefusalSurroundings,
  rights: Rights | undefined,
): SubscriptionRefusal | undefined {
  if (isSharedSubscription(topicFilter) && !capabilities.sharedSubscriptionAvailable) {
    return { reasonCode: ReasonCode.sharedSubscriptionsNotSupported, message: 'there are no Shared Subscriptions' };
  }
  const fault = subscriptionFilterFault(topicFilter, { maxLevels: limits.maximumTopicLevels });
  if (fault !== undefined) {
    const limit =
      countTopicLevels(topicFilter) > limits.maximumTopicLevels ? { limit: 'maximumTopicLevels' as const } : {};
    return { reasonCode: ReasonCode.topicFilterInvalid, message: fault, ...limit };
  }
  if (Buffer.byteLength(topicFilter) > limits.maximumTopicLength) {
    const message = `Topic Filter: expected at most ${limits.maximumTopicLength} bytes`;
    return { reasonCode: ReasonCode.topicFilterInvalid, message, limit: 'maximumTopicLength' };
  }
  if (/[+#]/.test(topicFilter) && !capabilities.wildcardSubscriptionAvailable) {
    return { reasonCode: ReasonCode.wildcardSubscriptionsNotSupported, message: 'there are no wildcards' };
  }
  if (subscriptionIdentifier !== undefined && !capabilities.subscriptionIdentifiersAvailable) {
    const message = 'there are no Subscription Identifiers';
    return { reasonCode: ReasonCode.subscriptionIdentifiersNotSupported, message };
  }
  const verdict = rights?.subscribe(topicFilter);
  if (verdict?.isAllowed === false) {
    const { reasonCode, reason = 'the client may not subscribe to it' } = authorization.denialOf(verdict);
    return { reasonCode, message: reason, rule: describeVerdict(verdict) }; // [MQTT-3.9.3-2]
  }
  if (present.size < limits.maximumSubscriptions || present.has(topicFilter)) return undefined;
  const message = `a session has at most ${limits.maximumSubscriptions} subscriptions`;
  return { reasonCode: ReasonCode.quotaExceeded, message, limit: 'maximumSubscriptions' };
}
