import type { Explanation } from '@busbar/protocol';
import type { SubscriptionRefused } from '../session/session-table.ts';
import type { Store } from '../store/store.ts';

/** Refused Topic Filters that are told one by one. */
const MOST_FILTERS = 16;
/** Characters of a Topic Filter that is repeated to the client. */
const LONGEST_FILTER = 256;

/** What a client is told of refused subscriptions: why the first one was, and each with its Topic Filter. */
export function explainRefusals(refusals: readonly SubscriptionRefused[]): Explanation {
  const [first] = refusals;
  if (first === undefined) return {};
  const told = refusals.slice(0, MOST_FILTERS).filter(({ topicFilter }) => topicFilter.length <= LONGEST_FILTER);
  return {
    reasonString: first.message,
    userProperties: told.map(({ topicFilter, message }) => ['refused', `${topicFilter}: ${message}`]),
  };
}

/** What a client is told with CONNACK: what an acknowledgement of this broker is worth to it. */
export function explainDurability({ durability }: Store, listener: Store['durability']): Explanation {
  return { userProperties: [['durability', durability === 'disk' ? listener : 'memory']] };
}
