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
  if (text.length === 0) return `${noun}: expected at least one character, came none`; // [MQTT-4.7.3-1] [MQTT311-4.7.3-1]

  let byteLength = 0;
  let levels = 1;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return `${noun}: expected no U+0000, came one at character ${i + 1}`; // [MQTT-4.7.3-2] [MQTT311-4.7.3-2]
    if (unit === SOLIDUS) levels++;
    if (!isSurrogate(unit)) byteLength += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    else if (isPair(unit, text.charCodeAt(i + 1))) {
      byteLength += 4;
      i++;
    } else return `${noun}: expected well-formed Unicode, came a lone surrogate at character ${i + 1}`; // [MQTT-1.5.4-1] [MQTT311-1.5.3-1]
  }

  if (byteLength > MAX_UTF8_BYTES) return `${noun}: expected at most ${MAX_UTF8_BYTES} bytes, came ${byteLength}`; // [MQTT-4.7.3-3] [MQTT311-4.7.3-3]
  if (levels > limits.maxLevels) return `${noun}: expected at most ${limits.maxLevels} levels, came ${levels}`;
  return undefined;
}

const SOLIDUS = 0x2f;

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** `second` is `NaN` behind the last character. */
function isPair(first: number, second: number): boolean {
  return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff;
}
