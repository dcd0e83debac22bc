import { utf8ByteLength } from '@busbar/codec';

/** What a peer may make of a Topic Name or Topic Filter beyond the rules of the standard. */
export interface TopicLimits {
  /** Most levels (parts between `/`), at least 1. */
  readonly maxLevels: number;
}

/** Most levels of a Topic Name or Topic Filter unless told otherwise. */
export const DEFAULT_MAX_TOPIC_LEVELS = 128;

/** The limits used where none are given: 128 levels. */
export const DEFAULT_TOPIC_LIMITS: TopicLimits = { maxLevels: DEFAULT_MAX_TOPIC_LEVELS };

/** The limits of the standard alone, which knows none for levels. */
export const STANDARD_TOPIC_LIMITS: TopicLimits = { maxLevels: Number.POSITIVE_INFINITY };

const MAX_UTF8_BYTES = 65_535;
/** In Unicode mode a surrogate is one that has no other beside it. */
const UNSENDABLE = /[\0\p{Surrogate}]/u;

/**
 * Tells whether a string is a Topic Name by the rules of the standard, however many levels it has (section 4.7).
 *
 * @example isValidTopicName('plant/line 1/temperature') // true
 * @example isValidTopicName('plant/+/temperature') // false
 */
export function isValidTopicName(name: string): boolean {
  return topicNameFault(name, STANDARD_TOPIC_LIMITS) === undefined;
}

/**
 * Says in one line what was expected of a Topic Name and what came, `undefined` when nothing is wrong (section 4.7).
 * The line never quotes the name, so it may be logged and sent as a Reason String.
 *
 * @param limits Default: at most 128 levels.
 * @example topicNameFault('plant/#') // 'Topic Name: expected no wildcard character, came # at character 7'
 */
export function topicNameFault(name: string, limits: TopicLimits = DEFAULT_TOPIC_LIMITS): string | undefined {
  const fault = topicTextFault('Topic Name', name, limits);
  if (fault !== undefined) return fault;

  const wildcard = name.search(/[+#]/); // [MQTT-4.7.0-1] [MQTT311-4.7.1-1]
  if (wildcard === -1) return undefined;
  return `Topic Name: expected no wildcard character, came ${name[wildcard]} at character ${wildcard + 1}`;
}

/** Counts the levels of a Topic Name or Topic Filter: `a` has one, `/` has two (both empty). */
export function countTopicLevels(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}

/**
 * Checks what Topic Names and Topic Filters have in common: length, characters and number of levels (section 4.7.3).
 *
 * @param noun What the text is, as the start of the line that is returned.
 */
export function topicTextFault(noun: string, text: string, limits: TopicLimits): string | undefined {
  if (typeof text !== 'string') return `${noun}: expected a text, came ${typeof text}`;
  if (text.length === 0) return `${noun}: expected at least one character, came none`; // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]

  const at = text.search(UNSENDABLE);
  if (at !== -1) {
    const isNull = text[at] === '\0'; // [MQTT-4.7.3-2] [MQTT311-4.7.3-2]
    const [expected, came] = isNull ? ['no U+0000', 'one'] : ['well-formed Unicode', 'a lone surrogate']; // [MQTT-1.5.4-1] [MQTT311-1.5.3-1]
    return `${noun}: expected ${expected}, came ${came} at character ${at + 1}`;
  }

  const byteLength = utf8ByteLength(text);
  if (byteLength > MAX_UTF8_BYTES) return `${noun}: expected at most ${MAX_UTF8_BYTES} bytes, came ${byteLength}`; // [MQTT-4.7.3-3] [MQTT311-4.7.3-3]
  const levels = countTopicLevels(text);
  if (levels > limits.maxLevels) return `${noun}: expected at most ${limits.maxLevels} levels, came ${levels}`;
  return undefined;
}
