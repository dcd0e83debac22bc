import { topicFilterFault } from './topic-filter.ts';
import { DEFAULT_TOPIC_LIMITS, STANDARD_TOPIC_LIMITS, type TopicLimits, topicTextFault } from './topic-name.ts';

/** The two parts of `$share/{ShareName}/{filter}` (section 4.8.2). */
export interface SharedSubscriptionParts {
  readonly shareName: string;
  /** The Topic Filter that Topic Names are matched against. */
  readonly topicFilter: string;
}

const PREFIX = '$share/';
const SHARED = /^\$share\/([^+#/]+)\/(.+)$/s;

/** Tells whether a filter of a SUBSCRIBE or UNSUBSCRIBE packet claims to be a Shared Subscription, well-formed or not. */
export function isSharedSubscription(filter: string): boolean {
  return filter.startsWith(PREFIX);
}

/**
 * Takes `$share/{ShareName}/{filter}` apart, `undefined` for anything else, also for a faulty one (section 4.8.2).
 *
 * @example parseSharedSubscription('$share/pumps/plant/+') // { shareName: 'pumps', topicFilter: 'plant/+' }
 * @example parseSharedSubscription('plant/+') // undefined
 */
export function parseSharedSubscription(filter: string): SharedSubscriptionParts | undefined {
  const [, shareName, topicFilter] = SHARED.exec(filter) ?? [];
  return shareName && topicFilter ? { shareName, topicFilter } : undefined;
}

/**
 * Says in one line what was expected of a Shared Subscription's filter and what came, `undefined` when nothing is wrong
 * or when the filter does not start with `$share/` (section 4.8.2). The line never quotes the filter.
 *
 * @param limits Hold for the filter behind the ShareName. Default: at most 128 levels.
 * @example sharedSubscriptionFault('$share//plant/+') // 'Shared Subscription: expected a ShareName, came none'
 */
export function sharedSubscriptionFault(
  filter: string,
  limits: TopicLimits = DEFAULT_TOPIC_LIMITS,
): string | undefined {
  if (!isSharedSubscription(filter)) return undefined;
  const textFault = topicTextFault('Shared Subscription', filter, STANDARD_TOPIC_LIMITS);
  if (textFault !== undefined) return textFault;

  const [shareName = ''] = filter.slice(PREFIX.length).split('/', 1);
  const topicFilter = filter.slice(PREFIX.length + shareName.length + 1);
  if (shareName === '') return 'Shared Subscription: expected a ShareName, came none'; // [MQTT-4.8.2-1]
  const wildcard = shareName.search(/[+#]/);
  if (wildcard !== -1) {
    return `Shared Subscription: expected no wildcard character in the ShareName, came ${shareName[wildcard]}`; // [MQTT-4.8.2-2]
  }
  if (topicFilter === '') {
    return 'Shared Subscription: expected a Topic Filter behind the ShareName, came none'; // [MQTT-4.8.2-2]
  }
  return topicFilterFault(topicFilter, limits);
}

/**
 * Says what is wrong with a filter as it stands in a SUBSCRIBE packet, shared or not; `undefined` when nothing is.
 *
 * @param limits Default: at most 128 levels.
 */
export function subscriptionFilterFault(
  filter: string,
  limits: TopicLimits = DEFAULT_TOPIC_LIMITS,
): string | undefined {
  const isShared = typeof filter === 'string' && isSharedSubscription(filter);
  return isShared ? sharedSubscriptionFault(filter, limits) : topicFilterFault(filter, limits);
}
