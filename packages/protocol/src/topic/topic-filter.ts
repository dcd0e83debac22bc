import { DEFAULT_TOPIC_LIMITS, STANDARD_TOPIC_LIMITS, type TopicLimits, topicTextFault } from './topic-name.ts';

/**
 * Tells whether a string is a Topic Filter by the rules of the standard, however many levels it has (section 4.7).
 * The filter of a Shared Subscription is only looked at as text; see `sharedSubscriptionFault`.
 *
 * @example isValidTopicFilter('plant/+/temperature/#') // true
 * @example isValidTopicFilter('plant/line+/#/a') // false
 */
export function isValidTopicFilter(filter: string): boolean {
  return topicFilterFault(filter, STANDARD_TOPIC_LIMITS) === undefined;
}

/**
 * Says in one line what was expected of a Topic Filter and what came, `undefined` when nothing is wrong (section 4.7).
 * The line never quotes the filter.
 *
 * @param limits Default: at most 128 levels.
 * @example topicFilterFault('a+/b') // 'Topic Filter: expected + to occupy an entire level, came with others at character 2'
 */
export function topicFilterFault(filter: string, limits: TopicLimits = DEFAULT_TOPIC_LIMITS): string | undefined {
  return topicTextFault('Topic Filter', filter, limits) ?? wildcardFault(filter);
}

function wildcardFault(filter: string): string | undefined {
  const last = filter.length - 1;
  for (let at = 0; at <= last; at++) {
    const character = filter[at];
    if (character !== '+' && character !== '#') continue;

    const isEntireLevel = (at === 0 || filter[at - 1] === '/') && (at === last || filter[at + 1] === '/');
    const place = `at character ${at + 1}`;
    if (!isEntireLevel)
      return `Topic Filter: expected ${character} to occupy an entire level, came with others ${place}`; // [MQTT-4.7.1-2] [MQTT311-4.7.1-3]
    if (character === '#' && at !== last) return `Topic Filter: expected # as the last character, came ${place}`; // [MQTT-4.7.1-1] [MQTT311-4.7.1-2]
  }
  return undefined;
}

/** Tells whether a valid Topic Filter contains a wildcard character (section 4.7.1). */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/**
 * Tells whether a valid Topic Filter matches a valid Topic Name, level by level and character by character (section 4.7).
 * It is the reference: the trees answer the same question for many filters or names at once, and are tested against it.
 * A Shared Subscription is matched by its inner filter; see `parseSharedSubscription`.
 *
 * @example matchesTopicFilter('sport/tennis/+', 'sport/tennis/player1') // true
 * @example matchesTopicFilter('sport/#', 'sport') // true
 * @example matchesTopicFilter('+/monitor/Clients', '$SYS/monitor/Clients') // false
 */
export function matchesTopicFilter(filter: string, topicName: string): boolean {
  const filterLevels = filter.split('/');
  const topicLevels = topicName.split('/');
  const startsWithWildcard = filterLevels[0] === '+' || filterLevels[0] === '#';
  if (startsWithWildcard && topicName.startsWith('$')) return false; // [MQTT-4.7.2-1] [MQTT311-4.7.2-1]

  for (const [depth, level] of filterLevels.entries()) {
    if (level === '#') return true; // the parent level too, section 4.7.1.2
    if (depth === topicLevels.length) return false;
    if (level !== '+' && level !== topicLevels[depth]) return false; // [MQTT-4.7.3-4] [MQTT311-4.7.3-4]
  }
  return filterLevels.length === topicLevels.length;
}
