import { ReasonCode } from '@busbar/codec';
import { isSharedSubscription, subscriptionFilterFault } from '@busbar/protocol';
import type { Capabilities } from '../config/capabilities.ts';
import type { BrokerLimits } from '../config/limits.ts';
import type { StoredSubscription } from '../store/store.ts';

/** Why a subscription is refused. */
export interface SubscriptionRefusal {
  readonly reasonCode: ReasonCode;
  readonly message: string;
}

/** What stands against a subscription beside those that its session has; undefined when nothing does (section 3.9.3). */
export function refusalOf(
  { topicFilter, subscriptionIdentifier }: StoredSubscription,
  present: ReadonlyMap<string, StoredSubscription>,
  { limits, capabilities }: { limits: BrokerLimits; capabilities: Capabilities },
): SubscriptionRefusal | undefined {
  if (isSharedSubscription(topicFilter) && !capabilities.sharedSubscriptionAvailable) {
    return { reasonCode: ReasonCode.sharedSubscriptionsNotSupported, message: 'there are no Shared Subscriptions' };
  }
  const fault = subscriptionFilterFault(topicFilter, { maxLevels: limits.maximumTopicLevels });
  if (fault !== undefined) return { reasonCode: ReasonCode.topicFilterInvalid, message: fault };
  if (/[+#]/.test(topicFilter) && !capabilities.wildcardSubscriptionAvailable) {
    return { reasonCode: ReasonCode.wildcardSubscriptionsNotSupported, message: 'there are no wildcards' };
  }
  if (subscriptionIdentifier !== undefined && !capabilities.subscriptionIdentifiersAvailable) {
    const message = 'there are no Subscription Identifiers';
    return { reasonCode: ReasonCode.subscriptionIdentifiersNotSupported, message };
  }
  if (present.size < limits.maximumSubscriptions || present.has(topicFilter)) return undefined;
  const message = `a session has at most ${limits.maximumSubscriptions} subscriptions`;
  return { reasonCode: ReasonCode.quotaExceeded, message };
}
