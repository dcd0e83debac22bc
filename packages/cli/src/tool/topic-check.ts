const LONGEST_TOPIC = 65_535;

/** Whether a text may stand in MQTT at all: no control characters, nothing that is no character. */
export function isProperText(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const isControl = code <= 0x1f || (code >= 0x7f && code <= 0x9f);
    const isNoCharacter = (code & 0xfffe) === 0xfffe || (code >= 0xfdd0 && code <= 0xfdef) || isSurrogate(code);
    if (isControl || isNoCharacter) return false;
  }
  return true;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** Whether messages may be published to it; the empty one is for a Topic Alias. */
export function isTopicName(topic: string): boolean {
  return Buffer.byteLength(topic) <= LONGEST_TOPIC && !/[+#]/.test(topic);
}

/** Whether its wildcards stand where they may: `+` is a whole level, `#` the last one. */
export function isTopicFilter(filter: string): boolean {
  if (Buffer.byteLength(filter) > LONGEST_TOPIC) return false;
  const levels = filter.split('/');
  return levels.every(
    (level, at) => !/[+#]/.test(level) || level === '+' || (level === '#' && at === levels.length - 1),
  );
}

/** Whether a Topic Name is matched by a Topic Filter (section 4.7). */
export function matchesFilter(filter: string, topicName: string): boolean {
  const filterLevels = filter.split('/');
  const levels = topicName.split('/');
  if (topicName.startsWith('$') && /^[+#]/.test(filter)) return false; // [MQTT-4.7.2-1]
  for (const [at, level] of filterLevels.entries()) {
    if (level === '#') return true;
    if (at >= levels.length || (level !== '+' && level !== levels[at])) return false;
  }
  return levels.length === filterLevels.length;
}
